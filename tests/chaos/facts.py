"""What a cloud says of itself when all is over: rows of the database, instances and jobs.

Only shapes; `facts_reader.py` fills them, `audit.py` judges them.
"""

from dataclasses import dataclass, field
from typing import Any

FINAL_JOBS = ("success", "error", "canceled")


@dataclass(frozen=True)
class Card:
    """A network card, by the backend's names."""

    name: str
    mac: str
    ip: str | None
    network: str | None


@dataclass(frozen=True)
class ServerRow:
    """A server of the database."""

    id: int
    uuid: str
    project: str
    state: str
    task: str | None
    placed: bool
    metadata: dict[str, str]
    vcpus: int
    ram: int
    cards: tuple[Card, ...] = ()
    disks: tuple[str, ...] = ()


@dataclass(frozen=True)
class IntentRow:
    """An intent, with the job that the database knows."""

    uuid: str
    server: int
    project: str
    action: str
    state: str
    job: int | None
    cause: str
    request_id: str
    key: str | None


@dataclass(frozen=True)
class ActivityRow:
    """What the log of a server says."""

    server: int
    job: int | None
    action: str
    actor: str


@dataclass(frozen=True)
class CommissionRow:
    """A change of a project's quota."""

    project: str
    server: int | None
    provisions: dict[str, int]
    state: str


@dataclass(frozen=True)
class AddressRow:
    """An address in use and the server of its port."""

    subnet: int
    address: str
    server: int | None


@dataclass(frozen=True)
class VolumeRow:
    """A volume of the block storage API, and to how many servers it is said to be attached."""

    id: int
    uuid: str
    status: str
    server: int | None
    attachments: int = 0


@dataclass(frozen=True)
class InstanceRow:
    """An instance as the cluster reports it."""

    name: str
    server: int | None
    running: bool | None
    cards: tuple[Card, ...] = ()
    disks: tuple[str, ...] = ()  # those that are called as ours are


@dataclass(frozen=True)
class JobRow:
    """One opcode of a job about an instance."""

    id: int
    status: str
    operation: str
    instance: str | None
    server: int | None
    intent: str | None
    actor: str
    error: str = ""


@dataclass
class Facts:
    """All of it at one moment."""

    servers: list[ServerRow] = field(default_factory=list)
    intents: list[IntentRow] = field(default_factory=list)
    activities: list[ActivityRow] = field(default_factory=list)
    commissions: list[CommissionRow] = field(default_factory=list)
    usage: dict[str, dict[str, int]] = field(default_factory=dict)  # project → resource → used
    addresses: list[AddressRow] = field(default_factory=list)
    volumes: list[VolumeRow] = field(default_factory=list)
    instances: list[InstanceRow] = field(default_factory=list)
    jobs: list[JobRow] = field(default_factory=list)
    dead_letters: list[str] = field(default_factory=list)
    backlog: dict[str, int] = field(default_factory=dict)


def from_json(told: dict[str, Any]) -> Facts:
    """The facts that a reader printed."""
    return Facts(
        servers=[ServerRow(**_with_parts(row)) for row in told["servers"]],
        intents=[IntentRow(**row) for row in told["intents"]],
        activities=[ActivityRow(**row) for row in told["activities"]],
        commissions=[CommissionRow(**row) for row in told["commissions"]],
        usage=told["usage"],
        addresses=[AddressRow(**row) for row in told["addresses"]],
        volumes=[VolumeRow(**row) for row in told["volumes"]],
        instances=[InstanceRow(**_with_parts(row)) for row in told["instances"]],
        jobs=[JobRow(**row) for row in told["jobs"]],
        dead_letters=list(told["dead_letters"]),
        backlog=dict(told["backlog"]),
    )


def _with_parts(row: dict[str, Any]) -> dict[str, Any]:
    cards = tuple(Card(**card) for card in row["cards"])
    return row | {"cards": cards, "disks": tuple(row["disks"])}
