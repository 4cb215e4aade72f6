"""What the watcher decides in one round (pure): what to start again, and what to say.

It gets what the cluster should be and what its nodes say, with its memory of the rounds before,
and answers with jobs to make and a new memory. Whoever is silent is left alone: nothing is known of
its guests, and starting them elsewhere is for people to decide.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from ganeti_backend import objects
from ganeti_backend.disk_templates import TEMPLATES

MAX_TRIES = 5
FORGET_AFTER = 8 * 3600.0  # So long after the last try an instance is worth trying again.
SILENT_ROUNDS = 2  # A node that misses one answer may just be restarting its daemon.
MARK = "ganeti:watcher:unreachable"  # The tag of a node that does not answer.
STOPPED_BY_ITSELF = "shutdown"
BY_USER = "user"
OpInput = dict[str, Any]


@dataclass(frozen=True)
class Tries:
    """How often an instance was started again since it last ran."""

    count: int
    last: float

    @property
    def exhausted(self) -> bool:
        return self.count >= MAX_TRIES


@dataclass(frozen=True)
class Silence:
    """Since when a node does not answer, and for how many rounds."""

    since: float
    rounds: int


@dataclass(frozen=True)
class Memory:
    tries: Mapping[str, Tries] = field(default_factory=dict)
    silent: Mapping[str, Silence] = field(default_factory=dict)
    boots: Mapping[str, str] = field(default_factory=dict)  # The nodes' boot ids.
    disks_checked: float = 0.0
    disk_jobs: tuple[int, ...] = ()  # Verifications of disks whose results are to be looked at.

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        return cls(
            tries={name: Tries(**item) for name, item in data.get("tries", {}).items()},
            silent={name: Silence(**item) for name, item in data.get("silent", {}).items()},
            boots=dict(data.get("boots", {})),
            disks_checked=float(data.get("disks_checked", 0.0)),
            disk_jobs=tuple(data.get("disk_jobs", ())),
        )

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


@dataclass(frozen=True)
class View:
    """One moment of the cluster. `busy` are the names that unfinished jobs are about."""

    now: float
    nodes: Sequence[objects.Node]
    instances: Sequence[objects.Instance]
    infos: Mapping[str, Mapping[str, Any] | None]
    running: Mapping[str, Mapping[str, Mapping[str, Any]] | None]
    busy: Collection[str | None]
    user_may_stop: Callable[[objects.Instance], bool]

    def answers(self, node: str) -> bool:
        return self.running.get(node) is not None

    def state(self, node: str, instance: str) -> str | None:
        info = (self.running.get(node) or {}).get(instance)
        return None if info is None else str(info.get("state"))

    def runs_on(self, instance: str) -> list[str]:
        live = (None, STOPPED_BY_ITSELF)
        return [node for node in self.running if self.state(node, instance) not in live]


@dataclass(frozen=True)
class Decision:
    """Jobs of one opcode each, with why; sentences for people; what to remember."""

    jobs: Sequence[tuple[str, OpInput]]
    notes: Sequence[str]
    memory: Memory


@dataclass
class _Round:
    """Gathers the parts of a decision."""

    view: View
    before: Memory
    jobs: list[tuple[str, OpInput]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    tries: dict[str, Tries] = field(default_factory=dict)
    acted: set[str] = field(default_factory=set)

    def act(self, instance: str, why: str, op: OpInput) -> None:
        self.acted.add(instance)
        self.jobs.append((why, op))


def decide(view: View, memory: Memory) -> Decision:
    """What to do now."""
    this = _Round(view, memory)
    silent = dict(_silence(this))
    for instance in view.instances:
        _instance(this, instance)
    boots = _boots(this)
    after = dataclasses.replace(memory, tries=this.tries, silent=silent, boots=boots)
    return Decision(this.jobs, this.notes, after)


# Instances.


def _instance(this: _Round, instance: objects.Instance) -> None:
    view, name = this.view, instance.name
    known = this.before.tries.get(name)
    if instance.admin_state != objects.ADMIN_UP:
        return
    if not view.answers(instance.primary_node):
        _keep(this, name, known)
        return
    where = view.runs_on(name)
    if instance.primary_node in where:
        if known is not None:
            this.notes.append(f"instance {name} runs again")
    elif where or instance.arriving_at:
        _keep(this, name, known)
        this.notes.append(f"instance {name} runs on {', '.join(where) or 'another node'}")
    elif name in view.busy:
        _keep(this, name, known)
    else:
        _down(this, instance, known)


def _keep(this: _Round, name: str, known: Tries | None) -> None:
    if known is not None:
        this.tries[name] = known


def _down(this: _Round, instance: objects.Instance, known: Tries | None) -> None:
    """It should run, its node says that it does not, and nobody is busy with it."""
    view, name = this.view, instance.name
    by_itself = view.state(instance.primary_node, name) == STOPPED_BY_ITSELF
    if by_itself and view.user_may_stop(instance):
        op = {
            "OP_ID": "OP_INSTANCE_SHUTDOWN",
            "instance_name": name,
            "admin_state_source": BY_USER,
        }
        this.act(name, f"instance {name} was stopped by its user: noted", op)
        return
    if known is None or view.now - known.last > FORGET_AFTER:
        known = Tries(0, view.now)
    if known.exhausted:
        this.tries[name] = known
        text = f"instance {name} does not stay up: left alone after {known.count} restarts"
        this.notes.append(text)
        return
    this.tries[name] = Tries(known.count + 1, view.now)
    text = f"starting instance {name} again (try {known.count + 1} of {MAX_TRIES})"
    this.act(name, text, {"OP_ID": "OP_INSTANCE_STARTUP", "instance_name": name})


# Nodes.


def _silence(this: _Round) -> Iterator[tuple[str, Silence]]:
    """Nodes that do not answer; from the second round on they carry a tag."""
    view = this.view
    for node in view.nodes:
        marked = MARK in node.tags
        tags = {"kind": "node", "name": node.name, "tags": [MARK]}
        if node.offline or view.answers(node.name):
            if marked and node.name not in view.busy:
                text = f"node {node.name} answers again"
                this.jobs.append((text, {"OP_ID": "OP_TAGS_DEL", **tags}))
            continue
        before = this.before.silent.get(node.name, Silence(view.now, 0))
        now = Silence(before.since, before.rounds + 1)
        yield node.name, now
        seconds = int(view.now - now.since)
        this.notes.append(f"node {node.name} does not answer, for {seconds} seconds by now")
        if now.rounds >= SILENT_ROUNDS and not marked and node.name not in view.busy:
            text = f"node {node.name} is marked as unreachable"
            this.jobs.append((text, {"OP_ID": "OP_TAGS_SET", **tags}))


def _boots(this: _Round) -> dict[str, str]:
    """The nodes' boot ids; disks on nodes that were restarted are made usable again."""
    view, before = this.view, this.before.boots
    said = {
        node: str(info["bootid"]) for node, info in view.infos.items() if info and "bootid" in info
    }
    restarted = {node for node, boot in said.items() if node in before and before[node] != boot}
    for instance in view.instances:
        if restarted & set(instance.nodes) and _wants_disks(this, instance):
            this.jobs.append(activation(instance.name, "one of its nodes was restarted"))
    alive = {node.name for node in view.nodes}
    return {node: boot for node, boot in {**before, **said}.items() if node in alive}


def _wants_disks(this: _Round, instance: objects.Instance) -> bool:
    template = TEMPLATES.get(instance.disk_template)
    return (
        instance.admin_state == objects.ADMIN_UP
        and template is not None
        and template.assembled
        and this.view.answers(instance.primary_node)
        and instance.name not in this.view.busy
        and instance.name not in this.acted
    )


def activation(instance: str, why: str) -> tuple[str, OpInput]:
    """The job that makes an instance's disks usable."""
    op = {"OP_ID": "OP_INSTANCE_ACTIVATE_DISKS", "instance_name": instance}
    return f"activating the disks of instance {instance}: {why}", op


# Disks.


def verifications(
    view: View, groups: Sequence[str], checked: float, every: float
) -> list[tuple[str, OpInput]]:
    """Now and then the disks of all groups are verified, if there are any that can break."""
    if view.now - checked < every or not any(item.disks for item in view.instances):
        return []
    return [
        (f"verifying the disks of group {name}", {"OP_ID": "OP_GROUP_VERIFY_DISKS",
                                                  "group_name": name})
        for name in groups
    ]  # fmt: skip


def repairs(results: Sequence[Any], busy: Collection[str | None]) -> Decision:
    """What the results of such verifications ask for."""
    jobs: dict[str, tuple[str, OpInput]] = {}
    notes: list[str] = []
    for silent, inactive, missing in results:
        notes += [f"the disks of node {node} cannot be verified: {silent[node]}" for node in silent]
        for name in inactive:
            if name not in busy:
                jobs[name] = activation(name, "they are degraded")
        for name, places in missing.items():
            lost = ", ".join(f"{path} on {node}" for node, path in places)
            notes.append(f"disks of instance {name} are missing: {lost}")
    return Decision(list(jobs.values()), notes, Memory())
