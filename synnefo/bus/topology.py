"""Names on the bus: exchanges, routing keys, queues, and which key leads to which queue."""

from __future__ import annotations

from dataclasses import dataclass

from synnefo.core import messages

EXCHANGE = "ganeti"
DEAD_LETTER_EXCHANGE = "ganeti-dl"
CLUSTER_KEY = "ganeti.event.cluster"
# Signs of life, also those that event daemons of existing clusters answer a check of theirs with.
# They go behind the events of their cluster in the same queue, so that one that is handled proves
# that all before it was.
HEARTBEAT_KEY = "eventd.heartbeat"
REDELIVERIES = 3
# A consumer that is killed takes the blame for whatever it held, mostly for nothing: only what
# many of them died over is put aside.
DEATHS = 20


@dataclass(frozen=True, slots=True)
class Topology:
    """The queues of one frontend; its instances' prefix keeps it apart from others on the bus."""

    prefix: str

    @property
    def bindings(self) -> dict[str, str]:
        """Each queue with the routing key that leads to it."""
        kinds = ("op", "network", "progress", "net")
        keys = {f"{self.prefix}-events-{kind}": self.key(kind) for kind in kinds}
        return keys | {f"{self.prefix}-events-cluster": CLUSTER_KEY}

    @property
    def all_bindings(self) -> tuple[tuple[str, str], ...]:
        """All pairs of queue and routing key: the events' queue also gets the signs of life."""
        return (*self.bindings.items(), (f"{self.prefix}-events-op", HEARTBEAT_KEY))

    @property
    def queues(self) -> tuple[str, ...]:
        """All queues a dispatcher consumes."""
        return tuple(self.bindings)

    def key(self, kind: str) -> str:
        """The routing key of one kind of event of this frontend."""
        return f"ganeti.{self.prefix}.event.{kind}"

    def queues_for(self, routing_key: str) -> tuple[str, ...]:
        """Where a routing key leads; nowhere for those of another frontend."""
        return tuple(queue for queue, key in self.all_bindings if key == routing_key)

    def key_for(self, message: messages.AnyMessage) -> str:
        """The routing key that a message is published with."""
        match message:
            case messages.OpStatus():
                return self.key("op")
            case messages.NetworkStatus():
                return self.key("network")
            case messages.ImageProgress():
                return self.key("progress")
            case messages.NetStatus():
                return self.key("net")
            case messages.ClusterStatus():
                return CLUSTER_KEY
            case messages.Heartbeat():
                return HEARTBEAT_KEY


def dead_letter_queue(queue: str) -> str:
    """Where the messages that could not be handled wait for somebody to decide."""
    return f"{queue}-dl"
