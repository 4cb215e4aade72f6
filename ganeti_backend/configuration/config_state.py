"""The cluster's objects in memory with their indexes, and how a change gets in and out again.

Knows nothing of files or threads: `config.py` guards it with a lock and writes the changes. A
change that is not on disk yet is remembered with what it replaced, so that one that cannot be
written leaves no trace, in memory or in a snapshot, whatever came after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, cast

from ganeti_backend import objects
from ganeti_backend.configuration.addresses import Addresses
from ganeti_backend.journal import Change

ORDER = ("cluster", "nodegroup", "node", "network", "instance")  # Indexes need the earlier ones.
Key = tuple[
    str, ...
]  # ("instance", uuid), ("pending", name), ("debris", key), ("receipt", job, op)


@dataclass(frozen=True)
class Pending:
    """A creation under way: what to remove if it never ends. Disks are as node calls have them."""

    name: str
    node: str
    disks: list[dict[str, Any]]
    job_id: int
    mirror: str | None = None  # The node with the other copy of its disks.


@dataclass(frozen=True)
class Debris:
    """Disks that a job makes or takes away: on these nodes, unless `instance` has them there.

    `nics` are those that it plugs into a running guest, or out of it. All is written down before
    the first is touched, so that a crash leaves nothing that nobody knows.
    """

    key: str
    instance: str  # its uuid
    disks: list[dict[str, Any]]
    nodes: list[str]
    job_id: int
    nics: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Receipt:
    """The result of an opcode whose effect is in the configuration, kept until its job is final."""

    job_id: int
    op_index: int
    result: Any


@dataclass
class Usage:
    """What the instances of one node were promised, in MiB.

    `fallen` is the memory of those that have their second copy here, by their primary node: what
    would come here if that node failed.
    """

    memory: int = 0
    disk: int = 0
    instances: int = 0
    vcpus: int = 0
    fallen: dict[str, int] = field(default_factory=dict)


Record = Pending | Debris | Receipt
RECORDS: dict[str, type[Record]] = {"pending": Pending, "debris": Debris, "receipt": Receipt}


def key_of(record: Record) -> Key:
    if isinstance(record, Receipt):
        return ("receipt", str(record.job_id), str(record.op_index))
    if isinstance(record, Debris):
        return ("debris", record.key)
    return ("pending", record.name)


class State:
    def __init__(self) -> None:
        self.objects: dict[str, dict[str, objects.Thing]] = {kind: {} for kind in objects.KINDS}
        self.names: dict[str, dict[str, str]] = {kind: {} for kind in objects.KINDS}
        self.usage: dict[str, Usage] = {}
        self.records: dict[Key, Record] = {}
        self.addresses = Addresses()
        # For each thing that has unwritten changes: their numbers and what stood there before.
        self._unwritten: dict[Key, list[tuple[int, Any]]] = {}

    # Changes.

    def apply(self, change: Change) -> None:
        """A change that is on disk."""
        for key, data in named(change):
            self._set(key, made(key, data))

    def apply_unwritten(self, number: int, values: Iterable[tuple[Key, Any]]) -> None:
        """A change on its way to the disk; `settle` says later how that ended."""
        for key, value in values:
            self._unwritten.setdefault(key, []).append((number, self._get(key)))
            self._set(key, value)

    def settle(self, number: int, keys: Iterable[Key], *, written: bool) -> None:
        for key in keys:
            waiting = self._unwritten[key]
            index = next(i for i, (other, _) in enumerate(waiting) if other == number)
            _, before = waiting.pop(index)
            # Below a later change only its first version counts, written or not.
            if not written and index < len(waiting):
                waiting[index] = (waiting[index][0], before)
            elif not written:
                self._set(key, before)
            if not waiting:
                del self._unwritten[key]

    def written(self) -> list[tuple[Key, Any]]:
        """All there is on disk, in an order that can be applied."""
        found: dict[Key, Any] = {}
        for kind in ORDER:
            found.update({(kind, uuid): thing for uuid, thing in self.objects[kind].items()})
        found.update(self.records)
        for key, waiting in self._unwritten.items():
            found[key] = waiting[0][1]
        order = {kind: number for number, kind in enumerate(ORDER)}
        alive = [(key, value) for key, value in found.items() if value is not None]
        return sorted(alive, key=lambda item: order.get(item[0][0], len(order)))

    def _get(self, key: Key) -> Any:
        table = self.objects.get(key[0])
        return self.records.get(key) if table is None else table.get(key[1])

    def _set(self, key: Key, value: Any) -> None:
        if key[0] not in self.objects:
            if value is None:
                self.records.pop(key, None)
            else:
                self.records[key] = value
        elif value is None:
            self._remove(key[0], key[1])
        else:
            self._put(value)

    # Objects and their indexes.

    def _put(self, thing: objects.Thing) -> None:
        old = self.objects[thing.KIND].get(thing.uuid)
        if old is not None:
            self._unindex(old)
        # The object stands before its name does and a kept name is never taken away, so that a
        # reader, who takes no lock, finds the old or the new object and never none.
        self.objects[thing.KIND][thing.uuid] = thing
        self.names[thing.KIND][str(thing.name)] = thing.uuid
        if old is not None and old.name != thing.name:
            self._drop_name(old)
        self._index(thing)
        if isinstance(thing, objects.Cluster) and thing.beparams != getattr(old, "beparams", None):
            self._count_anew()

    def _remove(self, kind: str, uuid: str) -> None:
        old = self.objects[kind].pop(uuid, None)
        if old is not None:
            self._drop_name(old)
            self._unindex(old)

    def _drop_name(self, thing: objects.Thing) -> None:
        # The name may be another's by now: one that was removed and one that was made at once.
        names = self.names[thing.KIND]
        if names.get(str(thing.name)) == thing.uuid:
            del names[str(thing.name)]

    def _index(self, thing: objects.Thing) -> None:
        if isinstance(thing, objects.Instance):
            self._count(thing, 1)
            for nic in thing.nics:
                self.addresses.add_nic(nic)
        elif isinstance(thing, objects.Network):
            instances = cast("dict[str, objects.Instance]", self.objects["instance"])
            nics = (n for i in instances.values() for n in i.nics if n.network == thing.uuid)
            self.addresses.add_network(thing, nics)

    def _unindex(self, thing: objects.Thing) -> None:
        if isinstance(thing, objects.Instance):
            self._count(thing, -1)
            for nic in thing.nics:
                self.addresses.remove_nic(nic)
        elif isinstance(thing, objects.Network):
            self.addresses.remove_network(thing.uuid)

    def _count_anew(self) -> None:
        """The cluster's defaults are in every sum."""
        self.usage = {}
        for thing in self.objects["instance"].values():
            self._count(cast(objects.Instance, thing), 1)

    def _count(self, instance: objects.Instance, sign: int) -> None:
        cluster = next(iter(self.objects["cluster"].values()), None)
        filled = (
            cast(objects.Cluster, cluster).fill_beparams(instance.beparams)
            if cluster is not None
            else {"maxmem": 0, "vcpus": 0, "auto_balance": False}
        )
        memory, disk = int(filled["maxmem"]), sum(disk.size for disk in instance.disks)
        usage = self.usage.setdefault(instance.primary_node, Usage())
        usage.memory += sign * memory
        usage.disk += sign * disk
        usage.vcpus += sign * int(filled["vcpus"])
        usage.instances += sign
        if instance.secondary_node is not None:
            other = self.usage.setdefault(instance.secondary_node, Usage())
            other.disk += sign * disk
            if filled["auto_balance"]:
                before = other.fallen.get(instance.primary_node, 0)
                # A new dictionary: readers hold copies of the numbers around it.
                other.fallen = {**other.fallen, instance.primary_node: before + sign * memory}


def named(change: Change) -> Iterator[tuple[Key, Any]]:
    """What a change sets, thing by thing, as plain values; None for what it takes away."""
    for kind, uuid in change.get("delete", ()):
        yield (kind, uuid), None
    for kind, data in change.get("put", ()):
        yield (kind, data["uuid"]), data
    for name in change.get("settled", ()):
        yield ("pending", name), None
    for name in change.get("cleared", ()):
        yield ("debris", name), None
    for item in change.get("pending", ()):
        yield ("pending", item["name"]), item
    for item in change.get("debris", ()):
        yield ("debris", item["key"]), item
    for item in change.get("receipts", ()):
        yield ("receipt", str(item["job_id"]), str(item["op_index"])), item


def made(key: Key, data: Any) -> Any:
    """The thing of a plain value."""
    if data is None:
        return None
    kind = objects.KINDS.get(key[0])
    return RECORDS[key[0]](**data) if kind is None else kind.from_dict(data)


def snapshot_of(found: Sequence[tuple[Key, Any]]) -> Change:
    """A change that makes all of this out of nothing."""

    def records(kind: str) -> list[dict[str, Any]]:
        return [asdict(value) for key, value in found if key[0] == kind]

    things = [[key[0], value.to_dict()] for key, value in found if key[0] in objects.KINDS]
    return {
        "put": things,
        "pending": records("pending"),
        "debris": records("debris"),
        "receipts": records("receipt"),
    }
