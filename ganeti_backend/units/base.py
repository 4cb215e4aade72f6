"""What a logical unit is: declare locks, check prerequisites, describe itself to hooks, execute.

A unit lives for one run of one opcode. It changes nothing before `execute`, undoes what it did when
it fails, and must be able to run again after a crash of the master.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar

from ganeti_backend import errors, objects, opcodes
from ganeti_backend.allocator import Allocator
from ganeti_backend.certificates.certificate_keeper import CertificateKeeper
from ganeti_backend.configuration.config import Config, Receipt
from ganeti_backend.locks import Level, Mode
from ganeti_backend.node_rpc.calls import Nodes
from ganeti_backend.node_rpc.live import LiveReader
from ganeti_backend.node_rpc.places import Places
from ganeti_backend.queue.jobs import Job

AnyOp = TypeVar("AnyOp", bound=opcodes.OpCode)
EXCLUSIVE = Mode.EXCLUSIVE
SHARED = Mode.SHARED
NO_HOOKS: tuple[list[str], list[str]] = ([], [])


@dataclass(frozen=True)
class Reach:
    """All that units may touch: the configuration, the nodes, what keeps them from overbooking.

    Jobs are submitted through `child_jobs`, which does so once.
    """

    config: Config
    nodes: Nodes
    live: LiveReader
    allocator: Allocator
    data_dir: str
    stop: threading.Event
    places: Places
    certificates: CertificateKeeper
    submit: Callable[[Sequence[Sequence[opcodes.OpCode]]], list[int]]
    jobs: Callable[[], Sequence[Job]]


@dataclass(frozen=True)
class JobHandle:
    """The unit's job: where its messages go, and whether this opcode was begun before."""

    job_id: int
    op_index: int
    log: Callable[[str], None]
    again: bool = False
    canceled: threading.Event | None = None
    granted: Callable[[Level], frozenset[str]] = lambda _level: frozenset()
    tell: Callable[[str, Any], None] = lambda _kind, _entry: None  # Log entries for programs.
    told: threading.Event = field(default_factory=threading.Event)

    @property
    def owner(self) -> str:
        return f"job-{self.job_id}"

    def check_canceled(self) -> None:
        """JobCanceled if the job was asked to stop; once, so that undoing is not stopped as well.

        For the places where a unit waits for something long; it must be `interruptible` there.
        """
        asked = self.canceled is not None and self.canceled.is_set()
        if asked and not self.told.is_set():
            self.told.set()
            raise errors.JobCanceled("Job canceled by request")

    def receipt(self, result: Any) -> Receipt:
        return Receipt(self.job_id, self.op_index, result)


class Unit(Generic[AnyOp]):
    """Base of all units. Subclasses state their hooks and object type beside the class's name."""

    HOOKS_PATH: ClassVar[str | None] = None
    OBJECT_TYPE: ClassVar[str] = ""
    UPDATES_CONFIG: ClassVar[bool] = False  # The config-update hook runs afterwards.
    RERUN: ClassVar[bool] = True  # May run again after it was cut short.

    interruptible = False  # Right now it would notice at once that it should stop.

    def __init__(self, op: AnyOp, reach: Reach, job: JobHandle) -> None:
        self.op = op
        self.reach = reach
        self.config = reach.config
        self.job = job

    def locks(self, level: Level) -> Mapping[str, Mode]:
        """What it needs at this level; those of the levels before are held by now."""
        return {}

    def check_prerequisites(self) -> None:
        """OpPrereqError if it cannot work; may promise itself addresses and room, nothing else."""

    def hook_nodes(self) -> tuple[Sequence[str], Sequence[str]]:
        """Where the pre and the post hooks run."""
        return NO_HOOKS

    def hook_environment(self) -> dict[str, str]:
        """Its variables without prefix; asked before and after the execution."""
        return {}

    def execute(self) -> Any:
        """Do it and return the opcode's result."""
        raise NotImplementedError

    def abandon(self) -> None:
        """It was cut short and will not run again: take back what no record in the config names."""

    def resumed(self) -> bool:
        """A crash came between its last change and the job's end: can post hooks still run?"""
        return False

    def finish(self) -> None:
        """Called in any case at the end: give back what was only promised."""
        self.config.release_promises(self.job.owner)
        self.reach.allocator.release(self.job.owner)

    # Shared by the subclasses.

    def call(self, node: str, call: Any, **arguments: Any) -> Any:
        return self.reach.nodes.call(node, call, **arguments)

    def info(self, text: str) -> None:
        self.job.log(f" - INFO: {text}")

    def warn(self, text: str) -> None:
        self.job.log(f" - WARNING: {text}")


def find_node(config: Config, name: str) -> objects.Node:
    node = config.node(name)
    if node is None:
        raise errors.OpPrereqError(f"Node '{name}' not known", errors.ECODE_NOENT)
    return node


def online_node(config: Config, name: str) -> objects.Node:
    node = find_node(config, name)
    if node.offline:
        raise errors.OpPrereqError(f"Can't use offline node {name}", errors.ECODE_STATE)
    return node


def find_instance(config: Config, name: str) -> objects.Instance:
    instance = config.instance(name)
    if instance is None:
        raise errors.OpPrereqError(f"Instance '{name}' not known", errors.ECODE_NOENT)
    return instance


def find_network(config: Config, name: str) -> objects.Network:
    network = config.network(name)
    if network is None:
        raise errors.OpPrereqError(f"Network '{name}' not found", errors.ECODE_NOENT)
    return network


def find_group(config: Config, name: str) -> objects.NodeGroup:
    group = config.group(name)
    if group is None:
        raise errors.OpPrereqError(f"Node group '{name}' not found", errors.ECODE_NOENT)
    return group
