"""The port Bus: RabbitMQ, a durable spool on disk, or memory. `open_bus` chooses by URL."""

from __future__ import annotations

from pathlib import Path

from synnefo.bus.topology import Topology
from synnefo.ports import Bus


def open_bus(url: str, prefix: str) -> Bus:
    """The bus at `spool:/abs/dir` or `amqp://user:password@host:port/[,amqp://…]`.

    The adapters are imported here, one at a time: a hook on a spool never loads pika.
    """
    topology = Topology(prefix)
    scheme, _, rest = url.partition(":")
    if scheme == "spool":
        from synnefo.bus.spool import SpoolBus

        return SpoolBus(Path(rest), topology)
    if scheme in {"amqp", "amqps"}:
        from synnefo.bus.amqp import AmqpBus

        return AmqpBus(url, topology)
    raise ValueError(f"not a bus: {scheme}:… (expected spool:/dir or amqp://…)")
