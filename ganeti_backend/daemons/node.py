"""The node daemon: settings, drivers, the server of node calls.

`python -m ganeti_backend.daemons.node` serves the node named by GANETI_NODE until SIGTERM, and
leaves its guests running. With `--stop-guests SECONDS` it serves nothing: it powers the guests off
and ends.
"""

import argparse
import fcntl
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from ganeti_backend import settings as settings_file
from ganeti_backend.errors import ConfigurationError, GenericError
from ganeti_backend.node import console_files
from ganeti_backend.node.node_handlers import NodeHandlers
from ganeti_backend.settings import NodeSettings, Settings
from ganeti_backend.telemetry import logs
from ganeti_backend.telemetry.metrics import open_port

log = logging.getLogger("ganeti_backend.node")

EXIT_TROUBLE = 1
STOPPERS = 16


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the daemon; the exit code."""
    parser = argparse.ArgumentParser(prog="ganeti_backend.daemons.node", description=__doc__)
    parser.add_argument("--stop-guests", type=float, metavar="SECONDS")
    given = parser.parse_args(arguments)
    logs.configure(os.environ.get("GANETI_LOG"))
    signal.signal(signal.SIGTERM, _leave)
    try:
        settings, node = _load()
        with _only_one(node):
            if given.stop_guests is not None:
                stop_guests(settings, node, given.stop_guests)
            else:
                serve(settings, node)
    except GenericError as error:
        log.error("%s", error.message)
        return EXIT_TROUBLE
    return 0


def serve(settings: Settings, node: NodeSettings) -> None:
    """Answer calls until SIGTERM."""
    from ganeti_backend.node_rpc import server

    handlers = NodeHandlers(settings, node)
    threading.Thread(
        target=console_files.keep_short,
        args=(handlers.hypervisor.place.consoles, handlers.stop),
        name="consoles",
        daemon=True,
    ).start()
    open_port(os.environ.get("GANETI_METRICS_PORT"))
    try:
        served = server.NodeServer(handlers.table(), node, settings.tls)
        handlers.certificates.use(served.context)
        log.info("node %s serves on %s:%d", node.name, node.address, served.port)
        served.serve()
    finally:
        handlers.close()
        log.info("node %s stopped", node.name)


def stop_guests(settings: Settings, node: NodeSettings, timeout: float) -> None:
    """Power all guests off, each within the timeout."""
    handlers = NodeHandlers(settings, node)
    running = [n for n, g in handlers.instances_info().items() if g["state"] != "shutdown"]
    with ThreadPoolExecutor(STOPPERS) as threads:
        for _ in threads.map(lambda n: handlers.instance_shutdown(n, timeout, False), running):
            pass
    log.info("node %s: %d guests stopped", node.name, len(running))
    handlers.close()


def _load() -> tuple[Settings, NodeSettings]:
    missing = [name for name in ("GANETI_CONFIG", "GANETI_NODE") if not os.environ.get(name)]
    if missing:
        raise ConfigurationError(f"set {' and '.join(missing)}")
    settings, name = settings_file.load(os.environ["GANETI_CONFIG"]), os.environ["GANETI_NODE"]
    try:
        node = settings.node(name)
    except KeyError as error:
        raise ConfigurationError(f"the settings have no node {name}") from error
    for folder in node.folders:
        folder.mkdir(mode=settings_file.FOLDER_MODE, parents=True, exist_ok=True)
    return settings, node


@contextmanager
def _only_one(node: NodeSettings) -> Iterator[None]:
    """Hold the node's folder; two daemons would each believe the guests to be theirs."""
    with (node.dir / "node.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConfigurationError(f"another daemon of node {node.name} is running") from error
        yield


def _leave(_signal: int, _frame: object) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    try:
        code = main()
    except SystemExit as stopped:
        code = int(stopped.code or 0)
    logging.shutdown()
    sys.stdout.flush()
    # Threads that wait for a guest must not keep the daemon; guests, disks and tasks bear a kill.
    os._exit(code)
