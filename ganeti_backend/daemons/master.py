"""The master daemon: settings, queue and processor, RAPI, command socket, until SIGTERM.

`python -m ganeti_backend.daemons.master` with GANETI_CONFIG naming the settings file.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import threading
from contextlib import ExitStack

from ganeti_backend import errors, settings
from ganeti_backend.certificates.certificate_keeper import CertificateKeeper
from ganeti_backend.daemons import command_socket, master_metrics
from ganeti_backend.daemons.watcher import Watcher, period
from ganeti_backend.master.master import Master
from ganeti_backend.node_rpc.node_pool import NodePool
from ganeti_backend.node_rpc.own_machine import OwnMachine
from ganeti_backend.node_rpc.places import Places
from ganeti_backend.rapi import server as rapi
from ganeti_backend.telemetry import logs
from ganeti_backend.telemetry.metrics import open_port

log = logging.getLogger("ganeti.master")

# With many busy threads the interpreter's default of 5 ms makes each hand-over of a lock that slow.
SWITCH_INTERVAL = 0.001
# Jobs make many short-lived objects and no cycles worth a search after every few hundred of them,
# which would walk over thousands of instances and jobs again and again.
GARBAGE_THRESHOLDS = (20_000, 20, 50)


def serve(path: str, stop: threading.Event) -> None:
    """Run the master until `stop`; doors close first, so that nothing is accepted any more."""
    found = settings.load(path)
    with ExitStack() as stack:
        CertificateKeeper(found).finish()
        places = Places(found)
        nodes = NodePool(found, places)
        stack.callback(nodes.close)
        master = Master(found, OwnMachine(nodes, found), places=places)
        master.certificates.tell(nodes.renewed)
        master.start()
        stack.callback(master.stop)
        gc.freeze()  # What was read at the start stays; no search need look at it.
        watcher = Watcher(master, every=period())
        watcher.start()
        stack.callback(watcher.stop)
        socket = command_socket.serve(master, found.command_socket, watcher.methods())
        stack.callback(socket.stop)
        door = rapi.serve(master, found)
        stack.callback(door.stop)
        master.certificates.tell(door.renewed)
        open_port(os.environ.get("GANETI_METRICS_PORT"), *master_metrics.asked(master))
        log.info("serving cluster %s, RAPI on port %d", found.cluster_name, door.port)
        stop.wait()
        log.info("stopping")


def main() -> int:
    logs.configure(os.environ.get("GANETI_LOG"))
    sys.setswitchinterval(SWITCH_INTERVAL)
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    path = os.environ.get("GANETI_CONFIG")
    if not path:
        print("GANETI_CONFIG does not name the cluster's settings file", file=sys.stderr)
        return 2
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        serve(path, stop)
    except (errors.GenericError, OSError) as error:
        print(f"The master cannot run: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
