"""What the cluster is: objects in memory, every change on disk before anyone is told it happened.

Reads give frozen snapshots and take no lock that a writer holds for long. A change costs one
journal line and a shared fsync, however many instances there are. Beside the objects it keeps what
a crash must not lose: *pending* creations, to be cleaned up, and *receipts*, the results of opcodes
whose job is not yet final.
"""

from __future__ import annotations

import dataclasses
import logging
import threading
import time
import uuid as uuids
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar, cast

import orjson

from ganeti_backend import errors, objects
from ganeti_backend.configuration.addresses import Addresses
from ganeti_backend.configuration.config_state import (
    Debris,
    Key,
    Pending,
    Receipt,
    State,
    Usage,
    key_of,
    named,
    snapshot_of,
)
from ganeti_backend.journal import Change, Journal, Snapshot
from ganeti_backend.state_rows import CONFIG, Alone, Replication, Row

__all__ = ["Config", "Debris", "Pending", "Receipt", "Usage", "new_uuid"]

log = logging.getLogger(__name__)

VERSION = 1  # Of what the files hold; a newer one is refused.
COMPACT_AFTER = 2000  # Journal lines; with many objects the journal may grow to twice their number.
NOTHING = Usage()
AnyThing = TypeVar("AnyThing", bound=objects.Thing)


def new_uuid() -> str:
    return str(uuids.uuid4())


class Config:
    def __init__(
        self,
        folder: Path,
        clock: Callable[[], float] = time.time,
        replication: Replication | None = None,
    ) -> None:
        self._clock = clock
        self._mutex = threading.RLock()
        self._state = State()
        self._sequence = 0
        self._written = 0
        self._replication: Replication = replication or Alone()
        self._compacting = threading.Lock()
        self.generation = 0  # Counts the starts of masters on this configuration.
        self._journal = Journal(folder, self._settled)

    # Starting.

    def load(self) -> bool:
        """Read the files; False if there is no cluster in them yet."""
        snapshot = self._journal.load_snapshot()
        if snapshot is not None:
            self._journal.check_version(snapshot.get("version", VERSION), VERSION)
            self._state.apply(snapshot)
            self._sequence = snapshot["n"]
            self.generation = snapshot.get("generation", 0)
        for change in self._journal.changes():
            if change["n"] > self._sequence:
                self._state.apply(change)
                self._sequence = change["n"]
        self._written = self._sequence
        self.generation += 1
        self._journal.opened(self._snapshot())
        return bool(self._state.objects["cluster"])

    def close(self) -> None:
        with self._compacting:
            self._journal.close()

    @property
    def addresses(self) -> Addresses:
        return self._state.addresses

    # Reading.

    def cluster(self) -> objects.Cluster:
        found = next(iter(self._state.objects["cluster"].values()), None)
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
            return dataclasses.replace(self._state.usage.get(node, NOTHING))

    def pending(self) -> list[Pending]:
        return [item for item in self._records() if isinstance(item, Pending)]

    def pending_of(self, name: str) -> Pending | None:
        return cast("Pending | None", self._state.records.get(("pending", name)))

    def debris(self) -> list[Debris]:
        return [item for item in self._records() if isinstance(item, Debris)]

    def receipt(self, job_id: int, op_index: int) -> Receipt | None:
        key = ("receipt", str(job_id), str(op_index))
        return cast("Receipt | None", self._state.records.get(key))

    def _records(self) -> Sequence[Any]:
        return list(self._state.records.copy().values())

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

    def held(self, network: objects.Network, ip: str) -> bool:
        """Whether an instance has the address, or a job was promised it."""
        with self._mutex:
            return self.addresses.held(network, ip)

    def _all(self, cls: type[AnyThing]) -> list[AnyThing]:
        return cast("list[AnyThing]", list(self._state.objects[cls.KIND].values()))

    def _one(self, cls: type[AnyThing], name: str) -> AnyThing | None:
        known = self._state.objects[cls.KIND]
        found = known.get(self._state.names[cls.KIND].get(name, name))
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
        change: Change = {}
        values: list[tuple[Key, Any]] = [((thing.KIND, thing.uuid), None) for thing in delete]
        if delete:
            change["delete"] = [[thing.KIND, thing.uuid] for thing in delete]
        if put:
            change["put"] = [[thing.KIND, thing.to_dict()] for thing in put]
            values += [((thing.KIND, thing.uuid), thing) for thing in put]
        if isinstance(settled, Debris):
            change["cleared"] = [settled.key]
            values.append((key_of(settled), None))
        elif settled is not None:
            change["settled"] = [settled]
            values.append((("pending", settled), None))
        for name, record in (
            ("debris" if isinstance(pending, Debris) else "pending", pending),
            ("receipts", receipt),
        ):
            if record is not None:
                change[name] = [asdict(record)]
                values.append((key_of(record), record))
        self._commit(change, values)

    def keep_receipts(self, job_ids: Iterable[int]) -> None:
        """At the start: only the receipts of jobs that are not over are of any use."""
        alive = {str(job_id) for job_id in job_ids}
        self._drop_receipts(lambda job: job not in alive)

    def forget_receipts(self, job_ids: Iterable[int]) -> None:
        """Drop the receipts of final jobs. Memory only: one found again at a start is dropped."""
        done = {str(job_id) for job_id in job_ids}
        self._drop_receipts(lambda job: job in done)

    def _drop_receipts(self, unwanted: Callable[[str], bool]) -> None:
        with self._mutex:
            receipts = [key for key in self._state.records if key[0] == "receipt"]
            gone = [key for key in receipts if unwanted(key[1])]
            for key in gone:
                del self._state.records[key]
        if gone:
            self._replication.offer([(CONFIG, "/".join(key), None) for key in gone])

    def _commit(self, change: Change, values: Sequence[tuple[Key, Any]]) -> None:
        with self._mutex:
            self._check_unique(change)
            self._sequence += 1
            change["n"] = self._sequence
            wait = self._journal.append(change)
            self._state.apply_unwritten(change["n"], values)
        try:
            wait()
        except OSError as error:
            text = f"Cannot write the configuration: {error.strerror or error}"
            raise errors.ConfigurationError(text) from error
        if self._journal.lines > max(COMPACT_AFTER, 2 * len(self._state.objects["instance"])):
            self._compact_aside()

    def _check_unique(self, change: Change) -> None:
        for kind, data in change.get("put", ()):
            owner = self._state.names[kind].get(data["name"])
            if owner is not None and owner != data["uuid"]:
                text = f"{kind} {data['name']} already exists"
                raise errors.OpPrereqError(text, errors.ECODE_EXISTS)

    def _settled(self, changes: Sequence[Change], written: bool) -> int:
        """The journal wrote these changes or could not; before anybody else is told."""
        with self._mutex:
            # The last first, so that each finds what stood there before it.
            for change in reversed(changes):
                keys = [key for key, _ in named(change)]
                self._state.settle(change["n"], keys, written=written)
            if not written:
                return 0
            self._written = changes[-1]["n"]
        return self._replication.offer([row for change in changes for row in rows_of(change)])

    # Snapshots.

    def _compact_aside(self) -> None:
        """Shorten the journal on a thread of its own: no job waits for thousands of objects."""
        if self._compacting.acquire(blocking=False):
            threading.Thread(target=self._compact, name="config-snapshot", daemon=True).start()

    def _compact(self) -> None:
        try:
            self._journal.compact(self._snapshot)
        except OSError as error:
            log.error("the configuration's journal stays long for now: %s", error)
        finally:
            self._compacting.release()

    def compact(self) -> None:
        """Shorten the journal now."""
        with self._compacting:
            self._journal.compact(self._snapshot)

    def _snapshot(self) -> Snapshot:
        """What is on disk; putting it into words can wait until nobody does."""
        with self._mutex:
            found, number = self._state.written(), self._written

        def snapshot() -> Change:
            head = {"version": VERSION, "generation": self.generation, "n": number}
            return {**head, **snapshot_of(found)}

        return snapshot

    def capture(self) -> Callable[[], list[Row]]:
        """All that is on disk for a copy of it; called while nothing is written."""
        snapshot = self._snapshot()
        number: Row = (CONFIG, "generation", str(self.generation))
        return lambda: [*rows_of(snapshot()), number]

    def exclusively(self, action: Callable[[], None]) -> None:
        """Run something while nothing of the configuration is being written."""
        self._journal.exclusively(action)


def rows_of(change: Change) -> list[Row]:
    """A change as rows of the copy: one for each thing, and the number of the change."""
    rows: list[Row] = [
        (CONFIG, "/".join(key), None if value is None else orjson.dumps(value).decode())
        for key, value in named(change)
    ]
    return [*rows, (CONFIG, "n", str(change["n"]))]
