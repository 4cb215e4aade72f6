"""What the cluster is: objects in memory, every change on disk before anyone is told it happened.

Reads give frozen snapshots and take no lock that a writer holds for long. A change costs one
journal line and a shared fsync, however many instances there are. Beside the objects it keeps what
a crash must not lose: *pending* creations, to be cleaned up, and *receipts*, the results of opcodes
whose job is not yet final.
"""

from __future__ import annotations

import threading
import time
import uuid as uuids
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

from ganeti_backend import errors, objects
from ganeti_backend.addresses import Addresses
from ganeti_backend.journal import Change, Journal

COMPACT_AFTER = 2000  # Journal lines; with many objects the journal may grow to twice their number.
AnyThing = TypeVar("AnyThing", bound=objects.Thing)


@dataclass(frozen=True)
class Pending:
    """A creation under way: what to remove if it never ends. Disks are as node calls have them."""

    name: str
    node: str
    disks: list[dict[str, Any]]
    job_id: int


@dataclass(frozen=True)
class Debris:
    """Disks that a job makes or takes away: on these nodes, unless `instance` has them there.

    Written down before the first is touched, so that a crash leaves nothing that nobody knows.
    """

    key: str
    instance: str  # its uuid
    disks: list[dict[str, Any]]
    nodes: list[str]
    job_id: int


@dataclass(frozen=True)
class Receipt:
    """The result of an opcode whose effect is in the configuration, kept until its job is final."""

    job_id: int
    op_index: int
    result: Any


@dataclass
class Usage:
    """What the instances of one node were promised, in MiB."""

    memory: int = 0
    disk: int = 0
    instances: int = 0


def kept(records: Mapping[str, Pending | Debris], keys: Iterable[str]) -> list[dict[str, Any]]:
    """The records that stand under these keys by now."""
    return [asdict(records[key]) for key in keys if key in records]


def new_uuid() -> str:
    return str(uuids.uuid4())


class Config:
    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._mutex = threading.RLock()
        self._objects: dict[str, dict[str, objects.Thing]] = {kind: {} for kind in objects.KINDS}
        self._names: dict[str, dict[str, str]] = {kind: {} for kind in objects.KINDS}
        self._usage: dict[str, Usage] = {}
        self._pending: dict[str, Pending] = {}
        self._debris: dict[str, Debris] = {}
        self._receipts: dict[tuple[int, int], Receipt] = {}
        self._sequence = 0
        self.addresses = Addresses()
        self._journal = Journal(folder, self._snapshot)

    # Starting.

    def load(self) -> bool:
        """Read the files; False if there is no cluster in them yet."""
        snapshot = self._journal.load_snapshot()
        if snapshot is not None:
            self._apply(snapshot)
            self._sequence = snapshot["n"]
        for change in self._journal.changes():
            if change["n"] > self._sequence:
                self._apply(change)
                self._sequence = change["n"]
        self._journal.opened()
        return bool(self._objects["cluster"])

    def close(self) -> None:
        self._journal.close()

    # Reading.

    def cluster(self) -> objects.Cluster:
        found = next(iter(self._objects["cluster"].values()), None)
        if found is None:
            raise errors.ConfigurationError("The cluster is not initialised")
        return cast(objects.Cluster, found)

    def instances(self) -> list[objects.Instance]:
        return self._all(objects.Instance)

    def nodes(self) -> list[objects.Node]:
        return self._all(objects.Node)

    def groups(self) -> list[objects.NodeGroup]:
        return self._all(objects.NodeGroup)

    def networks(self) -> list[objects.Network]:
        return self._all(objects.Network)

    def instance(self, name: str) -> objects.Instance | None:
        """By name or uuid, as all of these."""
        return self._one(objects.Instance, name)

    def node(self, name: str) -> objects.Node | None:
        return self._one(objects.Node, name)

    def group(self, name: str) -> objects.NodeGroup | None:
        return self._one(objects.NodeGroup, name)

    def network(self, name: str) -> objects.Network | None:
        return self._one(objects.Network, name)

    def usage(self, node: str) -> Usage:
        """The sums over the node's instances, kept up to date so that asking costs nothing."""
        with self._mutex:
            return Usage(**asdict(self._usage.get(node, Usage())))

    def pending(self) -> list[Pending]:
        return list(self._pending.values())

    def pending_of(self, name: str) -> Pending | None:
        return self._pending.get(name)

    def debris(self) -> list[Debris]:
        return list(self._debris.values())

    def receipt(self, job_id: int, op_index: int) -> Receipt | None:
        return self._receipts.get((job_id, op_index))

    def pool(self, network: objects.Network) -> dict[str, Any]:
        """The pool as Ganeti shows it: counts, map, and the two kinds of reservations as bits."""
        with self._mutex:
            pool = self.addresses.pools[network.uuid]
            return {
                "free_count": pool.free_count(),
                "reserved_count": len(pool.flags) - pool.free_count(),
                "map": pool.map(),
                "reservations": pool.bits(1),
                "ext_reservations": pool.bits(2),
            }

    def _all(self, cls: type[AnyThing]) -> list[AnyThing]:
        return cast("list[AnyThing]", list(self._objects[cls.KIND].values()))

    def _one(self, cls: type[AnyThing], name: str) -> AnyThing | None:
        known = self._objects[cls.KIND]
        found = known.get(self._names[cls.KIND].get(name, name))
        return cast("AnyThing | None", found)

    # Promising addresses to jobs.

    def promise_ip(
        self, owner: str, network: objects.Network, ip: str | None = None, check: bool = True
    ) -> str:
        with self._mutex:
            return self.addresses.promise_ip(owner, network, ip, check)

    def promise_mac(self, owner: str, prefix: str, mac: str | None = None) -> str:
        with self._mutex:
            return self.addresses.promise_mac(owner, prefix, mac)

    def release_promises(self, owner: str) -> None:
        with self._mutex:
            self.addresses.release(owner)

    # Writing.

    def now(self) -> float:
        return self._clock()

    def commit(
        self,
        put: Sequence[objects.Thing] = (),
        delete: Sequence[objects.Thing] = (),
        *,
        pending: Pending | Debris | None = None,
        settled: str | Debris | None = None,
        receipt: Receipt | None = None,
    ) -> None:
        """Change everything named in one step; on return it is on disk. On failure nothing changed.

        `pending` starts a record of what is half done and `settled` ends it, a creation's by the
        instance's name; `receipt` ties the change to the opcode that made it.
        """
        change: Change = {"n": 0}
        if put:
            change["put"] = [[thing.KIND, thing.to_dict()] for thing in put]
        if delete:
            change["delete"] = [[thing.KIND, thing.uuid] for thing in delete]
        if pending is not None:
            kind = "debris" if isinstance(pending, Debris) else "pending"
            change[kind] = [asdict(pending)]
        if isinstance(settled, Debris):
            change["cleared"] = [settled.key]
        elif settled is not None:
            change["settled"] = [settled]
        if receipt is not None:
            change["receipts"] = [asdict(receipt)]
        self._commit(change)

    def forget_receipts(self, job_ids: Iterable[int]) -> None:
        """Drop the receipts of final jobs. Memory only: one found again at a start is harmless."""
        done = set(job_ids)
        with self._mutex:
            for key in [key for key in self._receipts if key[0] in done]:
                del self._receipts[key]

    def _commit(self, change: Change) -> None:
        with self._mutex:
            self._check_unique(change)
            inverse = self._inverse(change)
            self._sequence += 1
            change["n"] = self._sequence
            self._apply(change)
            wait = self._journal.append(change)
        try:
            wait()
        except OSError as error:
            with self._mutex:
                self._apply(inverse)
            text = f"Cannot write the configuration: {error.strerror or error}"
            raise errors.ConfigurationError(text) from error
        if self._journal.lines > max(COMPACT_AFTER, 2 * len(self._objects["instance"])):
            self._journal.compact()

    def _check_unique(self, change: Change) -> None:
        for kind, data in change.get("put", ()):
            owner = self._names[kind].get(data["name"])
            if owner is not None and owner != data["uuid"]:
                text = f"{kind} {data['name']} already exists"
                raise errors.OpPrereqError(text, errors.ECODE_EXISTS)

    def _inverse(self, change: Change) -> Change:
        put, delete = [], []
        puts = [(kind, data["uuid"]) for kind, data in change.get("put", ())]
        for kind, uuid in [*puts, *change.get("delete", ())]:
            before = self._objects[kind].get(uuid)
            if before is None:
                delete.append([kind, uuid])
            else:
                put.append([kind, before.to_dict()])
        names = [item["name"] for item in change.get("pending", ())]
        keys = [item["key"] for item in change.get("debris", ())]
        return {
            "put": put,
            "delete": delete,
            "pending": kept(self._pending, [*names, *change.get("settled", ())]),
            "settled": names,
            "debris": kept(self._debris, [*keys, *change.get("cleared", ())]),
            "cleared": keys,
            "unreceipted": [
                (item["job_id"], item["op_index"]) for item in change.get("receipts", ())
            ],
        }

    # Applying a change to memory; used by loading, committing and undoing alike.

    def _apply(self, change: Change) -> None:
        for kind, uuid in change.get("delete", ()):
            self._remove(kind, uuid)
        for kind, data in change.get("put", ()):
            self._put(objects.KINDS[kind].from_dict(data))
        for name in change.get("settled", ()):
            self._pending.pop(name, None)
        for item in change.get("pending", ()):
            self._pending[item["name"]] = Pending(**item)
        for key in change.get("cleared", ()):
            self._debris.pop(key, None)
        for item in change.get("debris", ()):
            self._debris[item["key"]] = Debris(**item)
        for key in change.get("unreceipted", ()):
            self._receipts.pop(tuple(key), None)
        for item in change.get("receipts", ()):
            receipt = Receipt(**item)
            self._receipts[receipt.job_id, receipt.op_index] = receipt

    def _put(self, thing: objects.Thing) -> None:
        old = self._objects[thing.KIND].get(thing.uuid)
        if old is not None:
            self._unindex(old)
        # The object stands before its name does and a kept name is never taken away, so that a
        # reader, who takes no lock, finds the old or the new object and never none.
        self._objects[thing.KIND][thing.uuid] = thing
        self._names[thing.KIND][str(thing.name)] = thing.uuid
        if old is not None and old.name != thing.name:
            self._names[thing.KIND].pop(str(old.name), None)
        self._index(thing)

    def _remove(self, kind: str, uuid: str) -> None:
        old = self._objects[kind].pop(uuid, None)
        if old is not None:
            self._names[kind].pop(str(old.name), None)
            self._unindex(old)

    def _index(self, thing: objects.Thing) -> None:
        if isinstance(thing, objects.Instance):
            self._count(thing, 1)
            for nic in thing.nics:
                self.addresses.add_nic(nic)
        elif isinstance(thing, objects.Network):
            nics = (n for i in self.instances() for n in i.nics if n.network == thing.uuid)
            self.addresses.add_network(thing, nics)

    def _unindex(self, thing: objects.Thing) -> None:
        if isinstance(thing, objects.Instance):
            self._count(thing, -1)
            for nic in thing.nics:
                self.addresses.remove_nic(nic)
        elif isinstance(thing, objects.Network):
            self.addresses.remove_network(thing.uuid)

    def _count(self, instance: objects.Instance, sign: int) -> None:
        usage = self._usage.setdefault(instance.primary_node, Usage())
        filled = self.cluster().fill_beparams(instance.beparams)
        usage.memory += sign * int(filled["maxmem"])
        usage.disk += sign * sum(disk.size for disk in instance.disks)
        usage.instances += sign

    def _snapshot(self) -> dict[str, Any]:
        with self._mutex:
            everything = [
                [kind, thing.to_dict()]
                for kind in ("cluster", "nodegroup", "node", "network", "instance")
                for thing in self._objects[kind].values()
            ]
            return {
                "n": self._sequence,
                "put": everything,
                "pending": [asdict(item) for item in self._pending.values()],
                "debris": [asdict(item) for item in self._debris.values()],
                "receipts": [asdict(item) for item in self._receipts.values()],
            }
