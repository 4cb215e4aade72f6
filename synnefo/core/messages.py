"""The messages on the bus: their fields, their bytes, and the order of events.

The historic types and field names are kept, so that daemons of existing clusters are understood;
`version`, `op_index`, `intent`, `actor` and `reason` are ours. Unknown fields are ignored, unknown
versions and types are a BadMessage, which consumers dead-letter. Order comes from (job, opcode,
status rank, log serial), never from a clock.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self
from urllib.parse import quote, unquote

from synnefo.core.server_states import JobStatus

VERSION = 1
STATUS_RANK: dict[str, int] = {
    JobStatus.QUEUED: 0,
    JobStatus.WAITING: 1,
    JobStatus.CANCELING: 2,
    JobStatus.RUNNING: 3,
    JobStatus.CANCELED: 4,
    JobStatus.SUCCESS: 4,
    JobStatus.ERROR: 4,
}
FINAL_STATUSES = frozenset({JobStatus.CANCELED, JobStatus.SUCCESS, JobStatus.ERROR})
PROGRESS_RANK = STATUS_RANK[JobStatus.RUNNING]

Pairs = tuple[dict[str, Any], ...]
Trail = tuple[tuple[str, str, int], ...]
Order = tuple[int, int, int, int]


class BadMessage(ValueError):  # noqa: N818  # The name says what happened.
    """These bytes are no message we know; the text says why."""


# --- where a job comes from -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Origin:
    """Who caused a job, as far as its reason trail tells."""

    intent: str | None = None
    request: str | None = None
    actor: str | None = None

    def text(self) -> str:
        """The reason that is sent along with a job."""
        parts = {"intent": self.intent, "request": self.request, "actor": self.actor}
        return "synnefo:" + ";".join(f"{k}={quote(v, safe='@.-_ ')}" for k, v in parts.items() if v)


_INTENT = re.compile(r"^synnefo:(?P<parts>.*)$")


def origin_of(trail: Iterable[Any]) -> Origin:
    """Read our own entry in a reason trail, else the administrator's tool or text."""
    actor = None
    for entry in trail:
        source, text = str(entry[0]), str(entry[1] or "")
        if match := _INTENT.match(text):
            parts = dict(p.partition("=")[::2] for p in match["parts"].split(";") if "=" in p)
            known = {k: unquote(v) for k, v in parts.items() if k in {"intent", "request", "actor"}}
            return Origin(**known)
        if actor is None and source.startswith("gnt:client:"):
            actor = source.removeprefix("gnt:client:")
    return Origin(actor=actor)


# --- the messages ---------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Message:
    """What all messages share. `event_time` is [seconds, microseconds] and for people only."""

    TYPE: ClassVar[str] = ""
    WIRE: ClassVar[dict[str, str]] = {"job_id": "jobId"}
    NEEDED: ClassVar[tuple[str, ...]] = ()

    event_time: tuple[int, int] = (0, 0)
    cluster: str = ""

    def encode(self) -> bytes:
        """The bytes to publish; absent values are left out."""
        wire = {"type": self.TYPE, "version": VERSION}
        for item in fields(self):
            value = getattr(self, item.name)
            if value is not None:
                wire[self.WIRE.get(item.name, item.name)] = value
        return json.dumps(wire, separators=(",", ":"), ensure_ascii=False).encode()

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Self:
        """Build one from decoded JSON; BadMessage when a field that is needed is absent or of a
        wrong kind.
        """
        values: dict[str, Any] = {}
        for item in fields(cls):
            key = cls.WIRE.get(item.name, item.name)
            if wire.get(key) is not None:
                values[item.name] = _convert(item.name, wire[key])
            elif item.name in cls.NEEDED:
                raise BadMessage(f"{cls.TYPE} lacks the field {key!r}")
        return cls(**values)


@dataclass(frozen=True, kw_only=True)
class JobMessage(Message):
    """What the messages about one opcode of a job share."""

    NEEDED: ClassVar[tuple[str, ...]] = ("job_id", "status", "operation")

    job_id: int
    status: str
    operation: str
    op_index: int = 0
    logmsg: str | None = None
    log_serial: int = 0
    result: Any = None
    job_fields: dict[str, Any] | None = None
    intent: str | None = None
    request: str | None = None
    actor: str | None = None
    reason: Trail = ()

    @property
    def order(self) -> Order:
        """Later events of one resource compare greater."""
        return (self.job_id, self.op_index, STATUS_RANK[self.status], self.log_serial)

    @property
    def final(self) -> bool:
        """Whether the opcode ended."""
        return self.status in FINAL_STATUSES


@dataclass(frozen=True, kw_only=True)
class OpStatus(JobMessage):
    """An opcode on an instance changed its status."""

    TYPE = "ganeti-op-status"
    WIRE = {
        "job_id": "jobId",
        "nics": "instance_nics",
        "disks": "instance_disks",
        "hvparams": "instance_hvparams",
    }
    NEEDED = (*JobMessage.NEEDED, "instance")

    instance: str
    tags: tuple[str, ...] | None = None
    nics: Pairs | None = None
    disks: Pairs | None = None
    hvparams: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class NetworkStatus(JobMessage):
    """An opcode on a network changed its status."""

    TYPE = "ganeti-network-status"
    NEEDED = (*JobMessage.NEEDED, "network")

    network: str


@dataclass(frozen=True, kw_only=True)
class ClusterStatus(JobMessage):
    """An opcode changed the cluster's parameters."""

    TYPE = "ganeti-cluster-status"


@dataclass(frozen=True, kw_only=True)
class ImageProgress(Message):
    """An image is being copied to an instance's disk; `progress` is in percent."""

    TYPE = "image-copy-progress"
    NEEDED = ("instance", "progress")

    instance: str
    progress: float
    position: int = 0
    total: int = 0
    job_id: int = 0
    op_index: int = 0
    log_serial: int = 0

    @property
    def order(self) -> Order:
        """Progress lies between the start and the end of its opcode."""
        return (self.job_id, self.op_index, PROGRESS_RANK, self.log_serial)


@dataclass(frozen=True, kw_only=True)
class NetStatus(Message):
    """A hook saw the cards and disks of an instance after an operation."""

    TYPE = "ganeti-net-status"
    NEEDED = ("instance",)

    instance: str
    nics: Pairs = ()
    disks: Pairs = ()
    memory: int | None = None
    vcpus: int | None = None
    node: str | None = None
    operation: str | None = None
    hook: str | None = None
    job_id: int | None = None
    op_index: int = 0


@dataclass(frozen=True, kw_only=True)
class Heartbeat(Message):
    """The event daemon of a cluster is alive."""

    TYPE = "eventd-heartbeat"
    NEEDED = ("cluster",)

    job_id: int | None = None


AnyMessage = OpStatus | NetworkStatus | ClusterStatus | ImageProgress | NetStatus | Heartbeat
TYPES: dict[str, type[AnyMessage]] = {
    kind.TYPE: kind
    for kind in (OpStatus, NetworkStatus, ClusterStatus, ImageProgress, NetStatus, Heartbeat)
}


def parse(body: bytes) -> AnyMessage:
    """Read a message's bytes; BadMessage says what is wrong with them."""
    try:
        wire = json.loads(body)
    except (ValueError, UnicodeDecodeError) as error:
        raise BadMessage(f"not JSON: {error}") from error
    if not isinstance(wire, dict):
        raise BadMessage("not a JSON object")
    version = wire.get("version", VERSION)
    if version != VERSION:
        raise BadMessage(f"unknown version {version!r}")
    kind = wire.get("type")
    if not isinstance(kind, str) or kind not in TYPES:
        raise BadMessage(f"unknown type {kind!r}")
    return TYPES[kind].from_wire(wire)


# --- reading fields -------------------------------------------------------------------------------


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise TypeError("not a number")
    return int(value)


def _percent(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("not a number")
    return float(value)


def _status(value: Any) -> str:
    if value not in STATUS_RANK:
        raise TypeError(f"unknown status {value!r}")
    return str(value)


def _time(value: Any) -> tuple[int, int]:
    seconds, microseconds = value
    return int(seconds), int(microseconds)


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("not an object")
    return value


def _pairs(value: Any) -> Pairs:
    return tuple(_mapping(item) for item in value)


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(_text(item) for item in value)


def _trail(value: Any) -> Trail:
    return tuple((_text(source), str(text or ""), int(when)) for source, text, when in value)


_CONVERTERS: dict[str, Any] = {
    "event_time": _time,
    "status": _status,
    "reason": _trail,
    "nics": _pairs,
    "disks": _pairs,
    "tags": _texts,
    "progress": _percent,
    "job_fields": _mapping,
    "hvparams": _mapping,
    "result": lambda value: value,
} | dict.fromkeys(
    ("job_id", "op_index", "log_serial", "position", "total", "memory", "vcpus"), _number
)


def _convert(name: str, value: Any) -> Any:
    try:
        return _CONVERTERS.get(name, _text)(value)
    except (TypeError, ValueError) as error:
        raise BadMessage(f"field {name!r}: {error}") from error
