"""What the rules need from outside: a cluster, a bus, a doorbell, a clock.

Protocols, the values that cross them and the errors they raise. No code that does anything:
adapters live in `rapi`, `bus` and `doorbell`, and `wiring.py` alone chooses among them. Cluster
values use the backend's words.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

# --- values of the cluster port ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DiskSpec:
    """A disk to be made; the size is in MiB.

    An extension: `fill` is a file of the images' folder whose bytes it gets, and `keep_as` the one
    that it is saved as before it goes.
    """

    name: str
    size: int
    fill: str | None = None
    fill_format: str = "raw"
    keep_as: str | None = None


@dataclass(frozen=True, slots=True)
class NicSpec:
    """A network card to be made; no address or MAC means that the cluster chooses."""

    name: str
    network: str | None = None
    ip: str | None = None
    mac: str | None = None


@dataclass(frozen=True, slots=True)
class InstanceSpec:
    """An instance to be made; memory is in MiB."""

    name: str
    vcpus: int
    memory: int
    disk_template: str
    os: str
    disks: tuple[DiskSpec, ...] = ()
    nics: tuple[NicSpec, ...] = ()
    osparams: Mapping[str, str] = field(default_factory=dict)
    hvparams: Mapping[str, Any] = field(default_factory=dict)
    hypervisor: str | None = None
    tags: tuple[str, ...] = ()
    start: bool = True
    node: str | None = None  # without one the cluster chooses
    second_node: str | None = None  # of disks on two nodes, where the first one is chosen


@dataclass(frozen=True, slots=True)
class InstanceChange:
    """What to change of an instance; what is absent stays as it is.

    Cards and disks go by name; those that are to get one, by their uuid.
    """

    vcpus: int | None = None
    memory: int | None = None
    add_nics: tuple[NicSpec, ...] = ()
    remove_nics: tuple[str, ...] = ()
    add_disks: tuple[DiskSpec, ...] = ()
    add_first_disk: DiskSpec | None = None  # before all others
    remove_disks: tuple[str, ...] = ()
    name_nics: Mapping[str, NicSpec] = field(default_factory=dict)
    name_disks: Mapping[str, str] = field(default_factory=dict)
    hvparams: Mapping[str, Any] = field(default_factory=dict)
    osparams: Mapping[str, str] = field(default_factory=dict)
    hotplug: bool = True


@dataclass(frozen=True, slots=True)
class NetworkSpec:
    """A network to be made in the cluster; `cidr` and `cidr6` are in slash notation."""

    name: str
    cidr: str
    gateway: str | None = None
    cidr6: str | None = None
    gateway6: str | None = None
    mac_prefix: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NicReport:
    """A network card as the cluster knows it."""

    name: str | None
    uuid: str
    mac: str
    ip: str | None
    network: str | None
    mode: str | None = None
    link: str | None = None


@dataclass(frozen=True, slots=True)
class DiskReport:
    """A disk as the cluster knows it; the size is in MiB."""

    name: str | None
    uuid: str
    size: int


@dataclass(frozen=True, slots=True)
class InstanceReport:
    """An instance as the cluster knows it.

    `status` is Ganeti's: running, ADMIN_down, ERROR_down, ERROR_up, ERROR_nodedown,
    ERROR_nodeoffline, …; our backend also says paused and suspended. `running` is what the
    hypervisor says, or None where its node could not be asked.
    """

    name: str
    uuid: str
    status: str
    admin_state: str
    running: bool | None
    memory: int
    vcpus: int
    pnode: str
    disk_template: str
    nics: tuple[NicReport, ...] = ()
    disks: tuple[DiskReport, ...] = ()
    hypervisor: str = ""
    os: str = ""
    tags: tuple[str, ...] = ()
    created: float = 0.0
    serial: int = 0


@dataclass(frozen=True, slots=True)
class NodeReport:
    """A node and its capacity in MiB; None where the node could not be asked."""

    name: str
    offline: bool
    drained: bool
    vm_capable: bool
    memory_total: int | None
    memory_free: int | None
    disk_total: int | None
    disk_free: int | None
    cpus: int | None
    instances: int = 0
    address: str = ""
    master: bool = False


@dataclass(frozen=True, slots=True)
class NetworkReport:
    """A network as the cluster knows it; `groups` are the node groups it is connected to.

    `external` are the addresses that are kept from instances.
    """

    name: str
    uuid: str
    cidr: str
    gateway: str | None
    mac_prefix: str | None
    free: int
    reserved: int
    groups: tuple[str, ...] = ()
    instances: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    external: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OpReport:
    """One opcode of a job: `input` holds its parameters, `log` its entries (serial, time, kind,
    text).
    """

    opcode: str
    status: str
    input: Mapping[str, Any] = field(default_factory=dict)
    result: Any = None
    log: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class JobReport:
    """A job as the cluster knows it, finished and archived ones included."""

    id: int
    status: str
    ops: tuple[OpReport, ...]
    received: tuple[int, int] | None = None
    started: tuple[int, int] | None = None
    ended: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class ClusterInfo:
    """The cluster itself."""

    name: str
    master: str
    version: str
    default_hypervisor: str
    enabled_hypervisors: tuple[str, ...]
    enabled_disk_templates: tuple[str, ...]
    tags: tuple[str, ...] = ()
    nic_mode: str = "bridged"  # How cards are connected unless somebody says otherwise.
    nic_link: str = ""
    features: tuple[str, ...] = ()  # What it announces beyond Ganeti's own abilities.


@dataclass(frozen=True, slots=True)
class ConsoleReport:
    """How to reach a console: `vnc` has host and port, `msg` has only a message."""

    kind: str
    host: str | None = None
    port: int | None = None
    message: str = ""


# --- errors of the cluster port -------------------------------------------------------------------


class ClusterError(Exception):
    """The cluster did not do what was asked."""


class ClusterUnreachable(ClusterError):  # noqa: N818  # The name says what happened.
    """No usable answer came: try again later.

    `perhaps_done` is true when the request may have been accepted all the same (a timeout after
    sending, a broken connection, a server error): look the job up by its reason before sending it
    again. `silent` is true when nobody said that the request was given up, so that it may still be
    accepted later on.
    """

    def __init__(self, message: str, *, perhaps_done: bool = False, silent: bool = False) -> None:
        super().__init__(message)
        self.perhaps_done = perhaps_done or silent
        self.silent = silent


class ClusterUntrusted(ClusterUnreachable):
    """Whoever answers did not prove to be the cluster; nothing was told to it."""


class ClusterRefused(ClusterError):  # noqa: N818  # The name says what happened.
    """The cluster said no, and would say so again: `code` is the HTTP status, `message` its
    explanation.
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class NotFound(ClusterRefused):
    """The cluster has no such object."""

    def __init__(self, message: str) -> None:
        super().__init__(404, message)


class ClusterDenied(ClusterRefused):
    """The cluster does not accept our credentials."""


class ClusterBusy(ClusterRefused):
    """The cluster takes no jobs just now (queue drained or full): try again later."""


class Cluster(Protocol):
    """One cluster. Every `submit_…` returns the id of a durable job that carries `reason` in its
    reason trail.

    Raises ClusterUnreachable, or ClusterRefused and its subclasses.
    """

    def info(self) -> ClusterInfo:
        """Who the cluster is and what it can do."""

    def submit_create(self, spec: InstanceSpec, reason: str) -> int:
        """Make an instance."""

    def submit_remove(self, name: str, reason: str) -> int:
        """Remove an instance with its disks."""

    def submit_startup(self, name: str, reason: str) -> int:
        """Start an instance."""

    def submit_shutdown(self, name: str, reason: str, timeout: int | None = None) -> int:
        """Stop an instance; after `timeout` seconds by force."""

    def submit_reboot(
        self, name: str, reason: str, kind: Literal["soft", "hard", "full"] = "hard"
    ) -> int:
        """Restart an instance."""

    def submit_set_params(self, name: str, change: InstanceChange, reason: str) -> int:
        """Change an instance's size, cards or disks."""

    def submit_hold(
        self, name: str, what: Literal["pause", "unpause", "suspend", "resume"], reason: str
    ) -> int:
        """Let an instance stand still in memory or saved to disk, or go on. An extension."""

    def submit_reinstall(self, name: str, os: str, osparams: Mapping[str, str], reason: str) -> int:
        """Stop an instance and install its first disk anew; it stays stopped."""

    def submit_grow_disk(self, name: str, disk: int, size: int, reason: str) -> int:
        """Let the disk of this index have so many MiB."""

    def submit_save_disk(
        self, name: str, disk: str, file: str, reason: str, *, sums: bool = True
    ) -> int:
        """Write a disk, by its name or index, to a file of the images' folder. An extension.

        The file is there, complete and on the platter, or not at all; a running instance stands
        still while its disk is copied. With `sums` the result has `size`, `checksum` and
        `os_hash_value`.
        """

    def submit_migrate(self, name: str, live: bool, node: str | None, reason: str) -> int:
        """Take an instance with a mirrored disk to another node without stopping it."""

    def submit_failover(self, name: str, node: str | None, reason: str) -> int:
        """Let an instance with a mirrored disk run on another node, stopped in between."""

    def submit_move(self, name: str, node: str, reason: str) -> int:
        """Copy an instance's disks to another node and let it run there. An extension."""

    def submit_rename(self, name: str, new_name: str, reason: str) -> int:
        """Give an instance that is stopped another name."""

    def submit_node_role(self, name: str, role: str, reason: str) -> int:
        """Make a node `regular`, `drained` or `offline`."""

    def submit_cluster_tag(self, tag: str, reason: str) -> int:
        """Put a tag on the cluster itself."""

    def submit_network_add(self, spec: NetworkSpec, reason: str) -> int:
        """Make a network."""

    def submit_network_connect(
        self, name: str, group: str, mode: str, link: str, reason: str, after: int | None = None
    ) -> int:
        """Connect a network to a node group, after the job `after` if one is given."""

    def submit_network_disconnect(self, name: str, group: str, reason: str) -> int:
        """Disconnect a network from a node group."""

    def submit_network_remove(self, name: str, reason: str) -> int:
        """Remove a network."""

    def instances(self) -> list[InstanceReport]:
        """All instances, in one request."""

    def instance(self, name: str) -> InstanceReport:
        """One instance; NotFound if there is none."""

    def nodes(self) -> list[NodeReport]:
        """All nodes with their capacity, in one request."""

    def groups(self) -> list[str]:
        """The names of the node groups."""

    def networks(self) -> list[NetworkReport]:
        """All networks, in one request."""

    def job(self, job_id: int) -> JobReport:
        """One job, also an archived one; NotFound if there is none."""

    def find_job_by_reason(self, text: str, since_job: int) -> int | None:
        """The first job after `since_job` with `text` in its reason trail, or None when certainly
        none has it.
        """

    def latest_job(self) -> int:
        """The highest job id in the queue, or 0: the `since_job` of a coming submission."""

    def operating_systems(self) -> list[str]:
        """The names of the OS definitions that all nodes have."""

    def check_rights(self) -> None:
        """ClusterDenied unless we may submit jobs; does nothing else."""

    def console(self, name: str) -> ConsoleReport:
        """How to reach an instance's console."""

    def console_output(self, name: str, length: int | None = None) -> str:
        """The last `length` lines that an instance wrote to its console; "" where the backend keeps
        none.
        """

    def cancel(self, job_id: int) -> bool:
        """Take a job that has not begun out of the queue; whether that worked."""

    def close(self) -> None:
        """Give the connections back."""


# --- the bus --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message on its way to a handler; `attempt` counts from 1."""

    queue: str
    routing_key: str
    body: bytes
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that could not be handled, kept with its reason until somebody decides.

    `since` is when it was given up, in seconds since 1970, where that is known.
    """

    id: str
    queue: str
    routing_key: str
    body: bytes
    reason: str
    since: float | None = None


class BusUnavailable(Exception):  # noqa: N818  # The name says what happened.
    """The bus cannot be reached or written to: rely on nothing of the call, repeat it."""


class Reject(Exception):  # noqa: N818  # The name says what happened.
    """Raised by a handler: the message can never be handled; dead-letter it with this reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Postpone(Exception):  # noqa: N818  # The name says what to do.
    """Raised by a handler: not now (a database is away); ask again shortly and count no attempt."""


class Bus(Protocol):
    """Durable queues bound to routing keys, as `bus/topology.py` lays them out.

    At least once; in order per queue while one consumer works and nothing is redelivered.
    """

    def publish(self, routing_key: str, messages: Sequence[bytes]) -> None:
        """Durable in order when it returns; BusUnavailable else. A key that no queue is bound to is
        dropped.
        """

    def consume(
        self,
        queues: Sequence[str],
        handler: Callable[[Delivery], None],
        stop: threading.Event,
        together: Callable[[Sequence[Delivery]], None] | None = None,
    ) -> None:
        """Hand each message to `handler`, in this thread, until `stop` is set; reconnects by
        itself.

        A return acknowledges, Reject makes a dead letter, any other exception a redelivery, and a
        dead letter after the third. `together`, if given, is handed all that wait: its return
        acknowledges them all, and if it raises, each goes to `handler`. `wake` ends the waiting
        after `stop` was set.
        """

    def wake(self) -> None:
        """Make the consumers of this object look at their `stop` now."""

    def dead_letters(self) -> list[DeadLetter]:
        """What could not be handled, oldest first."""

    def requeue(self, *letter_ids: str) -> None:
        """Give dead letters to their queues again; KeyError names those that there are not, when
        all others are done.
        """

    def drop(self, *letter_ids: str) -> None:
        """Forget dead letters; KeyError as for `requeue`."""

    def backlog(self) -> dict[str, int]:
        """How many messages wait in each queue."""

    def dead_backlog(self) -> dict[str, int]:
        """How many dead letters there are of each queue, without reading them."""

    def close(self) -> None:
        """Give connections back."""


# --- doorbell and clock ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ring:
    """Somebody rang: look at `topic` now."""

    topic: str
    payload: dict[str, Any]


class Listening(Protocol):
    """An open ear for some topics."""

    def get(self, timeout: float) -> Ring | None:
        """The next ring, or None after `timeout` seconds; the caller then looks again anyway."""

    def close(self) -> None:
        """Stop listening; a `get` under way returns None."""


class Doorbell(Protocol):
    """Wakes other processes at once. Lossy by contract: who listens also looks every five seconds
    by himself.
    """

    def ring(self, topic: str, payload: dict[str, Any]) -> None:
        """Tell all listeners; never raises into the caller."""

    def listen(self, topics: Sequence[str]) -> Listening:
        """Hear the rings of these topics from now on."""


class Clock(Protocol):
    """The time, so that tests can hold it still."""

    def now(self) -> datetime:
        """The time of day in UTC, with its zone."""

    def monotonic(self) -> float:
        """Seconds for measuring durations."""
