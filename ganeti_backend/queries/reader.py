"""Reading the cluster for a client: lists, single objects and queries, the same for every door.

The remote API and the command socket both answer from here, so they cannot disagree.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Protocol

from ganeti_backend.locks import LockInfo
from ganeti_backend.node_rpc.calls import Nodes
from ganeti_backend.os_definitions.os_catalog import usable
from ganeti_backend.queries import (
    cluster,
    filters,
    from_nodes,
    groups,
    instances,
    jobs,
    locks,
    networks,
    nodes,
)
from ganeti_backend.queries.fields import UNAVAILABLE, Status, Table, nice
from ganeti_backend.queries.snapshot import Configuration, LiveData, Snapshot
from ganeti_backend.queue.jobs import Job
from ganeti_backend.settings import Settings

INSTANCE = "instance"
NODE = "node"
GROUP = "group"
NETWORK = "network"
JOB = "job"
LOCK = "lock"
OS = "os"
EXPORT = "export"
CONSOLE = "console"  # The field that asks about every instance by itself.
# Where a node keeps the disks of the template `file`, inside its own folder.
DISK_FOLDER = "disks"
TABLES: dict[str, Table[Any]] = {
    INSTANCE: instances.TABLE,
    NODE: nodes.TABLE,
    GROUP: groups.TABLE,
    NETWORK: networks.TABLE,
    JOB: jobs.TABLE,
    LOCK: locks.TABLE,
    OS: from_nodes.SYSTEMS,
    EXPORT: from_nodes.EXPORTS,
}


class Source(Protocol):
    """The part of the master that reading needs."""

    @property
    def config(self) -> Configuration: ...
    @property
    def settings(self) -> Settings: ...
    @property
    def nodes(self) -> Nodes: ...
    def live(self) -> LiveData: ...
    def job(self, job_id: int) -> Job | None: ...
    def job_ids(self) -> Sequence[int]: ...
    def archived_job_ids(self) -> Sequence[int]: ...
    def held_locks(self) -> Sequence[LockInfo]: ...


class UnknownResourceError(LookupError):
    """There is no table of this name."""


class Reader:
    """Answers of one master."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def snapshot(self, *, live: bool) -> Snapshot:
        """The cluster as it is now; asking the nodes is left out where nobody wants to know."""
        return Snapshot.take(self._source.config, self._source.live() if live else None)

    def info(self) -> dict[str, Any]:
        """The cluster as a whole."""
        settings = self._source.settings
        disks = settings.node(settings.master).dir / DISK_FOLDER
        return cluster.info(self.snapshot(live=False), str(disks))

    def names(self, resource: str) -> list[str]:
        """The names of all objects of a kind."""
        return [item.name for item in self._items(resource, self.snapshot(live=False))]

    def bulk(self, resource: str) -> list[dict[str, Any]]:
        """All objects of a kind with the fields of the bulk list."""
        table = TABLES[resource]
        snapshot = self._snapshot_for(resource, [field.name for field in table.bulk])
        return [table.show(item, snapshot) for item in self._items(resource, snapshot)]

    def one(self, resource: str, name: str) -> dict[str, Any] | None:
        """One object by its name, or None."""
        table = TABLES[resource]
        snapshot = self._snapshot_for(resource, [field.name for field in table.bulk])
        for item in self._items(resource, snapshot):
            if item.name == name:
                return table.show(item, snapshot)
        return None

    def query(self, resource: str, names: Sequence[str], qfilter: Any = None) -> dict[str, Any]:
        """Rows of [status, value] with the definitions of their columns."""
        table = self.table(resource)
        matches = filters.compile_filter(table, qfilter)
        looked_at = {*names, *filters.names_in(qfilter)}
        snapshot = None if resource == JOB else self._snapshot_for(resource, looked_at)
        items = (
            self._jobs(filters.wanted_keys(qfilter, "id"), archived="archived" in looked_at)
            if snapshot is None
            else self._items(resource, snapshot)
        )
        if resource == OS:
            items = from_nodes.offered(list(items), looked_at)
        chosen = [item for item in items if matches(item, snapshot)]
        data = table.query(chosen, snapshot, names)
        if resource == JOB:
            data += self._unknown_jobs(filters.wanted_keys(qfilter, "id"), chosen, names)
        return {"data": data, "fields": table.definitions(names)}

    def _unknown_jobs(
        self, wanted: Sequence[Any] | None, found: Sequence[Job], names: Sequence[str]
    ) -> list[list[list[Any]]]:
        """Ids that were asked for and nobody knows get a row, as in Ganeti, with the id only."""
        known = {job.id for job in found}
        table = TABLES[JOB]
        return [
            [
                [Status.NORMAL.value, number]
                if name == table.key
                else [(UNAVAILABLE if name in table.fields else Status.UNKNOWN).value, None]
                for name in names
            ]
            for number in dict.fromkeys(_numbers(wanted or ()))
            if number not in known
        ]

    def fields(self, resource: str, names: Sequence[str] | None = None) -> dict[str, Any]:
        """The definitions of the fields of a kind."""
        return {"fields": self.table(resource).definitions(names)}

    def table(self, resource: str) -> Table[Any]:
        """The table of a kind; raises UnknownResourceError."""
        if resource not in TABLES:
            raise UnknownResourceError(resource)
        return TABLES[resource]

    def job_bulk(self) -> list[dict[str, Any]]:
        """All live jobs with the fields of the bulk list."""
        return [jobs.TABLE.show(job, None) for job in self._jobs(None, archived=False)]

    def job_one(self, job_id: int) -> dict[str, Any]:
        """One job, live or archived; never an error."""
        return jobs.show_one(self._source.job(job_id), job_id)

    def _snapshot_for(self, resource: str, names: Iterable[str]) -> Snapshot:
        wanted = list(names)
        snapshot = self.snapshot(live=TABLES[resource].needs_live(wanted))
        if resource == INSTANCE and CONSOLE in wanted:
            return replace(snapshot, consoles=from_nodes.consoles(self._source.nodes, snapshot))
        return snapshot

    def systems(self) -> list[str]:
        """The OS definitions that are offered, with their variants."""
        return usable(from_nodes.systems(self._source.config, self._source.nodes))

    def _items(self, resource: str, snapshot: Snapshot) -> list[Any]:
        if resource in (OS, EXPORT):
            ask = from_nodes.systems if resource == OS else from_nodes.exports
            return sorted(
                ask(self._source.config, self._source.nodes), key=lambda item: nice(item.name)
            )
        found: dict[str, Iterable[Any]] = {
            INSTANCE: snapshot.instances.values(),
            NODE: snapshot.nodes.values(),
            GROUP: snapshot.groups.values(),
            NETWORK: snapshot.networks.values(),
        }
        if resource == LOCK:
            return list(self._source.held_locks())
        return sorted(found[resource], key=lambda item: nice(item.name))

    def _jobs(self, wanted: Sequence[Any] | None, *, archived: bool) -> Iterable[Job]:
        """Jobs in the order of their ids. One that is asked for by its id may be archived."""
        ids = self._job_ids(archived) if wanted is None else _numbers(wanted)
        for job_id in ids:
            job = self._source.job(job_id)
            if job is not None and (archived or wanted is not None or not job.archived):
                yield job

    def _job_ids(self, archived: bool) -> list[int]:
        before = self._source.archived_job_ids() if archived else ()
        return sorted({*self._source.job_ids(), *before})


def _numbers(keys: Iterable[Any]) -> list[int]:
    """The ids among what a filter compares ids with; Ganeti's commands write them as texts too."""
    return [
        int(key) for key in keys if type(key) is int or (isinstance(key, str) and key.isdecimal())
    ]
