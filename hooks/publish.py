"""A hook that needs no eventd on its node: tells the bus what the operation made of the instance.

Ganeti waits for its hooks, so this one is quick and never an obstacle: the message goes to a spool
on this node first, from there to the bus, and what the bus does not take in time is left for the
next hook, or for `--flush` of a timer. The exit code is 0 whatever becomes of the message, and what
went wrong is in the output, which Ganeti logs. Only senseless arguments, which no operation gives,
end it with 2, so that whoever installs it sees that.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from hooks.environment import net_status
from synnefo.bus import open_bus
from synnefo.bus.spool import deposit
from synnefo.bus.topology import Topology
from synnefo.core.messages import NetStatus
from synnefo.ports import BusUnavailable, Delivery, Postpone

LONGEST = 5
FLUSH_WITHIN = 3.5


def main(arguments: list[str] | None = None) -> int:
    """Read the environment, publish, give up in time; 0, for no operation may fail over this."""
    # Should anything hang, the kernel ends this process with the message in the spool at best.
    signal.signal(signal.SIGALRM, lambda *_: os._exit(0))
    signal.alarm(LONGEST)
    try:
        run(arguments)
    except (OSError, ValueError, KeyError, BusUnavailable) as error:
        print(f"the event was not published: {error!r}", file=sys.stderr)
    return 0


def run(arguments: list[str] | None) -> None:
    """Publish if this is a post hook of an instance."""
    parser = argparse.ArgumentParser(prog="hooks.publish")
    parser.add_argument("--config", type=Path)
    parser.add_argument("--flush", action="store_true", help="only what waits on this node")
    given = parser.parse_args(arguments)
    if given.flush:
        config = read_config(given.config)
        flush(config["bus"], config.get("prefix", "snf"), Path(config["spool"]))
        return
    now = time.time_ns() // 1000
    message = net_status(os.environ, (now // 1_000_000, now % 1_000_000))
    if message is None:
        return
    config = read_config(given.config)
    own_name = config.get("node")
    if own_name and own_name != os.environ.get("GANETI_MASTER", own_name):
        # The master's hook of the same operation tells it.
        return
    publish(message, config["bus"], config.get("prefix", "snf"), Path(config["spool"]))


def read_config(path: Path | None) -> dict[str, Any]:
    """hooks.json, from the place the installed script names, else from Ganeti's data folder."""
    if path is None:
        path = Path(os.environ["GANETI_DATA_DIR"]) / "hooks.json"
    found = json.loads(path.read_text())
    if not isinstance(found, dict):
        raise ValueError(f"{path} holds no object")
    return found


def publish(message: NetStatus, bus_url: str, prefix: str, folder: Path) -> None:
    """By way of this node's own spool to a broker; straight into a bus that is a spool itself."""
    topology = Topology(prefix)
    key, body = topology.key_for(message), message.encode()
    spool = deposit(folder, topology)
    if bus_url.startswith("spool:"):
        try:
            open_bus(bus_url, prefix).publish(key, [body])
        except BusUnavailable:
            spool.publish(key, [body])
            return
    else:
        spool.publish(key, [body])
    flush(bus_url, prefix, folder)


def flush(bus_url: str, prefix: str, folder: Path) -> None:
    """Move what the spool on this node holds to the bus, as far as time allows."""
    topology = Topology(prefix)
    spool, stop = deposit(folder, topology), threading.Event()
    if spool.is_empty():
        return
    bus = open_bus(bus_url, prefix)
    timer = threading.Timer(FLUSH_WITHIN, stop.set)
    timer.daemon = True
    timer.start()

    def forward(delivery: Delivery) -> None:
        try:
            bus.publish(delivery.routing_key, [delivery.body])
        except BusUnavailable as error:
            stop.set()
            raise Postpone(str(error)) from error
        if sum(spool.backlog().values()) <= 1:
            stop.set()

    spool.consume(topology.queues, forward, stop)
    timer.cancel()
    bus.close()


if __name__ == "__main__":
    sys.exit(main())
