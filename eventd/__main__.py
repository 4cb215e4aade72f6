"""The event daemon's process: configuration from the environment, wiring, signals."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from eventd import metrics
from eventd.heart import EVERY, Heart
from eventd.notes import Notes
from eventd.outlet import Outlet
from eventd.teller import Teller
from eventd.watch import FolderGone
from synnefo.bus import open_bus
from synnefo.bus.spool import deposit
from synnefo.bus.topology import Topology
from synnefo.telemetry import logs
from synnefo.telemetry.metrics import open_port

log = logging.getLogger("eventd")

QUEUE_WITHIN = 60.0
LOOK_EVERY = 0.1


def master_check(setting: str | None, node: str) -> Callable[[], bool]:
    """Whether this node is named in a file like `ssconf_master_node`; without one it is."""
    if not setting:
        return lambda: True
    path = Path(setting)

    def is_master() -> bool:
        try:
            text = path.read_text().strip()
        except OSError as error:
            log.error("cannot tell who is master: %s", error)
            return False
        if text.startswith("{"):
            text = str(json.loads(text).get("master", ""))
        return text == node

    return is_master


def build(environment: Mapping[str, str]) -> tuple[Teller, Outlet]:
    """The parts as the environment asks for them; KeyError names what is missing."""
    topology = Topology(environment.get("SYNNEFO_INSTANCE_PREFIX") or "snf")
    state = Path(environment["EVENTD_STATE"])
    state.mkdir(parents=True, exist_ok=True)
    outlet = Outlet(
        open_bus(environment["SYNNEFO_BUS"], topology.prefix),
        deposit(state / "overflow", topology),
        topology,
    )
    every = float(environment.get("EVENTD_HEARTBEAT_EVERY") or EVERY)
    teller = Teller(
        Path(environment["GANETI_QUEUE_DIR"]),
        state,
        cluster_name(environment),
        outlet,
        master_check(environment.get("GANETI_MASTER_FILE"), node_name(environment)),
        Heart(outlet, lambda: teller.cluster, every),
    )
    return teller, outlet


def build_notes(
    environment: Mapping[str, str], outlet: Outlet, ended: Callable[[], None]
) -> Notes | None:
    """The reader of hooks' notes, unless hooks publish by themselves.

    Where several machines have an eventd, the master's tells of an operation; else the only one
    does, and the notes of all nodes are here.
    """
    folder = environment.get("EVENTD_NOTES")
    if not folder:
        return None
    several = bool(environment.get("GANETI_MASTER_FILE"))
    return Notes(Path(folder), outlet, ended, node_name(environment) if several else None)


def cluster_name(environment: Mapping[str, str]) -> str:
    """As it is told, or as Ganeti writes it down beside its queue."""
    told = environment.get("GANETI_CLUSTER_NAME")
    if told:
        return told
    path = Path(environment["GANETI_QUEUE_DIR"]).parent / "ssconf_cluster_name"
    return path.read_text(encoding="utf-8").strip()


def node_name(environment: Mapping[str, str]) -> str:
    """This machine's name in the cluster."""
    return environment.get("GANETI_NODE") or socket.getfqdn()


def wait_for_queue(folder: Path) -> bool:
    """The master makes the queue folder when it first starts, perhaps a moment after us."""
    pause = threading.Event()
    for _ in range(int(QUEUE_WITHIN / LOOK_EVERY)):
        if folder.is_dir():
            return True
        pause.wait(LOOK_EVERY)
    return False


def main() -> int:
    """Run until SIGTERM."""
    logs.configure(os.environ.get("SYNNEFO_LOG"))
    try:
        if not wait_for_queue(Path(os.environ["GANETI_QUEUE_DIR"])):
            log.error("there is no queue folder %s", os.environ["GANETI_QUEUE_DIR"])
            return 1
        teller, outlet = build(os.environ)
    except KeyError as missing:
        log.error("the environment lacks %s", missing)
        return 2
    notes = build_notes(os.environ, outlet, teller.stop)
    asked = metrics.asked(
        outlet.waiting, teller.is_master, teller.progress, notes.waiting if notes else None
    )
    open_port(os.environ.get("SYNNEFO_METRICS_PORT"), *asked)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: teller.stop())
    return watch(teller, outlet, notes)


def watch(teller: Teller, outlet: Outlet, notes: Notes | None) -> int:
    """Run all parts until the teller is stopped; the exit code."""
    outlet.start()
    if notes is not None:
        notes.start()
    log.info("watching %s", os.environ["GANETI_QUEUE_DIR"])
    try:
        teller.run()
    except FolderGone as gone:
        log.error("%s", gone)
        return 1
    finally:
        if notes is not None:
            notes.stop()
        outlet.stop()
    return 1 if notes is not None and notes.broken else 0


if __name__ == "__main__":
    sys.exit(main())
