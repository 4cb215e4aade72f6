"""Making a queue and a configuration of rows: of a candidate's copy, or of a backup.

`take_over` moves the master's role to a node with that node's copy, for `gnt-cluster
master-failover`; `backup.py` uses the rest. What stood there before is moved aside, never deleted.
"""

from __future__ import annotations

import dataclasses
import logging
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import orjson

from ganeti_backend import durable, errors, installation, settings
from ganeti_backend.configuration.config import VERSION
from ganeti_backend.journal import SNAPSHOT, encode_line
from ganeti_backend.node_rpc import calls
from ganeti_backend.node_rpc.calls import Nodes
from ganeti_backend.objects import KINDS
from ganeti_backend.queue.job_files import JOB_FILE, take_lock
from ganeti_backend.queue.job_files import VERSION as QUEUE_VERSION
from ganeti_backend.replication import master_files
from ganeti_backend.replication.replica import Replica
from ganeti_backend.settings import Settings
from ganeti_backend.state_rows import CONFIG, QUEUE

log = logging.getLogger(__name__)

StoredRow = tuple[str, str, str]
Say = Callable[[str], None]
Connect = Callable[[Settings], Nodes]
REPLICA_FOLDER = "replica"
RECORDS = {"pending": "pending", "debris": "debris", "receipt": "receipts"}


def take_over(path: Path, node: str, connect: Connect, say: Say, *, voting: bool = True) -> None:
    """Make this node the master with its own copy; the settings file at `path` then says so.

    It is the cluster's, or that of the node's bundle, which becomes the master's folder then.

    GenericError where that would lose something: the old master still runs, the copy is incomplete,
    or (unless `voting` is off) another candidate has a newer one or most do not answer.
    """
    found = settings.load(path)
    if node == found.master:
        raise errors.OpPrereqError(f"Node {node} is the master already", errors.ECODE_INVAL)
    place = known(found, node)
    lock = master_is_gone(found)
    try:
        replica = Replica(place.dir / REPLICA_FOLDER)
        try:
            rows = replica.rows()
            found = master_files.with_all_nodes(found, rows)
            if voting:
                voters = master_files.voters(found, rows)
                check_votes(found, node, replica.status(), connect(found), voters)
        finally:
            replica.close()
        aside = restore(found, rows)
        master_files.restore(found, rows)
        say(f"What the old master left here was kept in {', '.join(map(str, aside)) or 'nothing'}")
        changed = dataclasses.replace(found, master=node)
        installation.write(path, changed)
    finally:
        release(lock)
    jobs = sum(1 for part, name, _ in rows if part == QUEUE and JOB_FILE.fullmatch(name))
    say(f"{node} is the master now, with {jobs} live jobs. Start its master daemon")


def known(found: Settings, node: str) -> settings.NodeSettings:
    try:
        return found.node(node)
    except KeyError:
        raise errors.OpPrereqError(f"Node '{node}' not known", errors.ECODE_NOENT) from None


def master_is_gone(found: Settings) -> int:
    """The queue's lock, as a descriptor to close; JobQueueError if a master holds it."""
    found.queue_dir.mkdir(parents=True, exist_ok=True)
    return take_lock(found.queue_dir)


def release(lock: int) -> None:
    os.close(lock)


def check_votes(
    found: Settings, node: str, own: dict[str, Any], nodes: Nodes, voters: Sequence[str]
) -> None:
    """Compare with the copies of the others; each that answers has a vote."""
    mine = (own["generation"], own["position"])
    others = [other for other in voters if other not in (node, found.master)]
    silent = []
    for other in others:
        try:
            said = nodes.call(other, calls.REPLICA_STATUS)
        except errors.NodeError as error:
            log.warning("%s", error.message)
            silent.append(other)
            continue
        if said["complete"] and (said["generation"], said["position"]) > mine:
            text = f"Node {other} has a newer copy: make it the master, or give --no-voting"
            raise errors.OpPrereqError(text, errors.ECODE_STATE)
    if len(silent) * 2 > len(others):
        text = f"Most nodes do not answer ({', '.join(silent)}): give --no-voting if they are gone"
        raise errors.OpPrereqError(text, errors.ECODE_ENVIRON)


def restore(found: Settings, rows: Sequence[StoredRow]) -> list[Path]:
    """Make queue and configuration of the rows; answers where the old ones were put."""
    # Everything is made beside the old folders first: what is wrong with the rows changes nothing.
    made = [
        (found.queue_dir, make_queue(beside(found.queue_dir, "new"), rows)),
        (found.config_dir, make_config(beside(found.config_dir, "new"), rows)),
    ]
    aside = []
    for folder, fresh in made:
        if folder.exists():
            old = beside(folder, "before")
            folder.rename(old)
            aside.append(old)
        fresh.rename(folder)
        durable.sync_folder(folder.parent)
    return aside


def beside(folder: Path, word: str) -> Path:
    """A name next to the folder that is not taken."""
    for number in range(1, 10_000):
        name = folder.with_name(f"{folder.name}.{word}-{number}")
        if not name.exists():
            return name
    raise errors.ConfigurationError(f"There are too many old folders beside {folder}")


def make_queue(folder: Path, rows: Iterable[StoredRow]) -> Path:
    (folder / "archive").mkdir(parents=True)
    durable.write_new(folder / "version", b"%d\n" % QUEUE_VERSION)
    folders = {folder, folder / "archive"}
    for part, name, content in rows:
        if part != QUEUE:
            continue
        path = folder / checked(name)
        path.parent.mkdir(exist_ok=True)
        folders.add(path.parent)
        durable.write_new(path, content.encode())
    for made in sorted(folders, reverse=True):
        durable.sync_folder(made)
    return folder


def checked(name: str) -> Path:
    """A file name of the queue; what else could be in a file from elsewhere is refused."""
    parts = name.split("/")
    job = JOB_FILE.fullmatch(parts[-1]) is not None
    archived = len(parts) == 3 and parts[0] == "archive" and parts[1].isdigit() and job
    if archived or (len(parts) == 1 and (job or name in ("serial", "drain"))):
        return Path(*parts)
    raise errors.ConfigurationError(f"'{name}' is no file of a job queue")


def make_config(folder: Path, rows: Iterable[StoredRow]) -> Path:
    folder.mkdir(parents=True)
    snapshot: dict[str, Any] = {"version": VERSION, "n": 0, "put": []}
    snapshot.update({name: [] for name in RECORDS.values()})
    for part, name, content in rows:
        if part != CONFIG:
            continue
        kind, _, _ = name.partition("/")
        value = orjson.loads(content)
        if kind in KINDS:
            snapshot["put"].append([kind, value])
        elif kind in RECORDS:
            snapshot[RECORDS[kind]].append(value)
        else:
            snapshot[kind] = value
    order = {"cluster": 0, "nodegroup": 1, "node": 2, "network": 3, "instance": 4}
    snapshot["put"].sort(key=lambda item: order.get(item[0], 9))
    if not any(kind == "cluster" for kind, _ in snapshot["put"]):
        raise errors.ConfigurationError("There is no cluster in this copy")
    durable.replace(folder / SNAPSHOT, encode_line(snapshot))
    return folder
