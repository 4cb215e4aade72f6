from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ganeti_backend import errors, installation, opcodes, settings
from ganeti_backend.node_rpc import calls
from ganeti_backend.node_rpc.fake_replica import FakeReplica
from ganeti_backend.queue.jobs import JobStatus
from ganeti_backend.replication import backup, failover, sender
from ganeti_backend.replication.replica import Replica
from ganeti_backend.replication.sender import Replicator
from ganeti_backend.state_rows import Rows
from tests.unit.ganeti_backend.core.conftest import Gate, Lab

CANDIDATES = ("node2.local", "node3.local")
CREATE = opcodes.OpInstanceCreate(instance_name="vm1")
DELAY = opcodes.OpTestDelay()


def copies(lab: Lab) -> list[dict[tuple[str, str], str]]:
    return [{(p, n): c for p, n, c in lab.nodes.nodes[x].replica.rows()} for x in CANDIDATES]


def until(condition: Callable[[], bool]) -> None:
    """Look again until it is so; whoever changes it does so on a thread of its own."""
    waiting = threading.Event()
    for _ in range(500):
        if condition():
            return
        waiting.wait(0.02)
    raise AssertionError("it never became so")


@pytest.fixture
def stored(lab: Lab, tmp_path: Path) -> Iterator[Lab]:
    """A cluster whose candidates keep their copies in real files."""
    lab.crash()
    made = [Replica(lab.settings.node(name).dir / "replica") for name in CANDIDATES]
    for name, replica in zip(CANDIDATES, made, strict=True):
        lab.nodes.nodes[name].replica = replica  # type: ignore[assignment]
    lab.start()
    yield lab
    for name, replica in zip(CANDIDATES, made, strict=True):
        lab.nodes.nodes[name].replica = FakeReplica()
        replica.close()


def test_an_acknowledged_job_is_on_every_candidate(lab: Lab, gate: Callable[..., Gate]) -> None:
    held = gate("test_delay")
    delay = opcodes.OpTestDelay(on_master=False, on_nodes=["node1.local"])
    ids = lab.master.submit_many([[delay], [delay]])
    for copy in copies(lab):
        assert {("queue", f"job-{job_id}") for job_id in ids} <= copy.keys()
        assert copy["queue", "serial"] == f"{ids[-1]}\n"
    assert "node1.local" not in lab.master.candidate_states()
    held.opened.set()


def test_a_job_that_ended_is_copied_with_all_it_changed(lab: Lab) -> None:
    lab.succeed(CREATE)
    instance = lab.master.config.instance("vm1")
    for copy in copies(lab):
        assert '"status":"success"' in copy["queue", "job-1"]
        assert ("config", f"instance/{instance.uuid}") in copy
        assert not any(name.startswith("pending/") for _, name in copy)


def test_the_archive_and_the_drain_flag_are_copied(lab: Lab) -> None:
    lab.run(DELAY)
    assert lab.master.archive(1)
    lab.master.set_drained(True)
    for copy in copies(lab):
        assert ("queue", "job-1") not in copy
        assert ("queue", "archive/0/job-1") in copy
        assert copy["queue", "drain"] == ""
    lab.master.set_drained(False)
    assert all(("queue", "drain") not in copy for copy in copies(lab))


def test_a_candidate_that_is_away_is_skipped_with_a_warning_and_catches_up(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sender, "FIRST_REST", 0.02)
    monkeypatch.setattr(sender, "LONGEST_REST", 0.02)
    node = lab.nodes.nodes["node3.local"]
    node.reachable = False
    lab.succeed(DELAY)
    assert "node3.local is away" in caplog.text
    assert lab.master.candidate_states() == {"node2.local": "live", "node3.local": "away"}
    node.replica = FakeReplica()
    lab.succeed(CREATE)
    node.reachable = True
    until(lambda: lab.master.candidate_states()["node3.local"] == "live")
    lab.succeed(DELAY)
    first, second = copies(lab)
    assert first == second
    assert len([name for _, name in second if name.startswith("job-")]) == 3


def test_who_becomes_a_candidate_gets_a_copy_and_who_ceases_gets_no_more(lab: Lab) -> None:
    config = lab.master.config
    node = config.node("node3.local")
    config.commit([node.touched(1.0, master_candidate=False)])
    assert set(lab.master.candidate_states()) == {"node2.local"}
    lab.succeed(DELAY)
    config.commit([node.touched(2.0, master_candidate=True)])
    until(lambda: lab.master.candidate_states().get("node3.local") == "live")
    lab.succeed(DELAY)
    first, second = copies(lab)
    assert first == second


def test_a_candidate_that_lost_its_place_is_given_everything_anew(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "FIRST_REST", 0.02)
    lab.nodes.nodes["node2.local"].replica = FakeReplica()
    lab.succeed(DELAY)
    until(lambda: lab.nodes.nodes["node2.local"].replica.status()["complete"])
    until(lambda: lab.master.candidate_states()["node2.local"] == "live")
    lab.succeed(DELAY)
    first, second = copies(lab)
    assert first == second


def test_a_copy_is_not_closed_under_a_batch(tmp_path: Path) -> None:
    copy = Replica(tmp_path)
    closing = threading.Thread(target=copy.close)
    with copy._mutex:
        closing.start()
        assert copy._state() == {}
    closing.join(10)
    with pytest.raises(sqlite3.ProgrammingError):
        copy.status()


@pytest.mark.parametrize("make", [lambda path: FakeReplica(), Replica])
def test_copies_in_memory_and_on_disk_behave_the_same(
    make: Callable[[Path], Any], tmp_path: Path
) -> None:
    replica = make(tmp_path)

    def send(phase: str, after: int, position: int, rows: Any, epoch: str = "e") -> Any:
        return replica.update(phase, 1, epoch, after, position, rows)

    assert send("changes", 0, 1, []) == {"behind": True}
    assert not replica.status()["complete"]
    send("base-begin", 5, 5, [])
    send("base", 5, 5, [["queue", "job-1", "one"], ["queue", "serial", "1\n"]])
    send("base-end", 5, 5, [])
    assert send("changes", 5, 6, [["queue", "job-2", "two"]]) == {"position": 6}
    assert send("changes", 5, 6, [["queue", "job-2", "two"]]) == {"position": 6}
    assert send("changes", 4, 7, []) == {"behind": True}
    assert send("changes", 6, 7, [], epoch="other") == {"behind": True}
    move = ["queue", "archive/0/job-1", {"from": "job-1"}]
    send("changes", 6, 7, [move, ["queue", "job-2", None], move])
    assert sorted(replica.rows()) == [
        ("queue", "archive/0/job-1", "one"),
        ("queue", "serial", "1\n"),
    ]
    send("base-begin", 9, 9, [])
    send("base-end", 9, 9, [["queue", "serial", "2\n"]])
    assert replica.status() == {"complete": True, "generation": 1, "position": 9, "serial": 2}
    assert ("queue", "archive/0/job-1", "one") in replica.rows()


def test_of_several_states_only_the_last_travels() -> None:
    rows = [
        ("queue", "job-1", "a"),
        ("queue", "job-2", "b"),
        ("queue", "job-1", "c"),
        ("queue", "archive/0/job-1", {"from": "job-1"}),
        ("config", "n", "1"),
        ("config", "n", "2"),
    ]
    assert sender.newest(rows) == [rows[1], rows[2], rows[3], rows[5]]


# Another node becomes the master.


def losing_everything(lab: Lab) -> Path:
    """The master dies, and its disk with it. Answers where the settings file is."""
    path = lab.settings.data_dir / "cluster.json"
    installation.write(path, lab.settings)
    lab.crash()
    shutil.rmtree(lab.settings.queue_dir)
    shutil.rmtree(lab.settings.config_dir)
    return path


def test_a_failover_loses_no_acknowledged_job(stored: Lab, tmp_path: Path) -> None:
    lab = stored
    lab.succeed(CREATE)
    held = Gate(lab, "test_delay")
    delay = opcodes.OpTestDelay(on_master=False, on_nodes=["node1.local"])
    running = lab.master.submit([delay])
    assert held.reached.wait(10)
    waiting = lab.master.submit([delay])
    follower = lab.master.submit([opcodes.OpTestDelay(depends=[[waiting, ["success"]]])])
    config = lab.master.config
    before = {thing.uuid: thing for thing in (*config.instances(), *config.nodes())}
    lab.nodes.on_call = None
    # What nobody waits for comes a little later.
    until(lambda: sorted(copies(lab)[0].items()) == sorted(copies(lab)[1].items()))
    held.opened.set()
    path = losing_everything(lab)
    said: list[str] = []
    failover.take_over(path, "node2.local", lambda _: lab.nodes, said.append)
    lab.settings = settings.load(path)
    assert lab.settings.master == "node2.local"
    lab.start()
    assert lab.master.config.cluster().master == "node2.local"
    assert set(lab.master.candidate_states()) == {"node1.local", "node3.local"}
    assert lab.master.job(1).status == JobStatus.SUCCESS
    assert lab.wait(running).finalized
    assert lab.wait(waiting).finalized
    assert lab.wait(follower).finalized
    config = lab.master.config
    assert {thing.uuid: thing for thing in (*config.instances(), *config.nodes())} == before
    assert lab.master.submit([DELAY]) == follower + 1


def test_a_failover_that_would_lose_something_is_refused(stored: Lab) -> None:
    lab = stored
    path = lab.settings.data_dir / "cluster.json"
    installation.write(path, lab.settings)

    def refused(node: str, match: str) -> None:
        with pytest.raises(errors.GenericError, match=match):
            failover.take_over(path, node, lambda _: lab.nodes, print)

    refused("node2.local", "another master daemon")
    lab.succeed(DELAY)
    lab.crash()
    refused("node1.local", "is the master already")
    refused("nowhere", "not known")
    behind = Replica(lab.settings.node("node3.local").dir / "replica")
    status = behind.status()
    behind.update("base-begin", status["generation"], "old", 0, 0, [])
    behind.update("base-end", status["generation"], "old", 0, 0, [])
    refused("node3.local", "node2.local has a newer copy")
    lab.nodes.fail(calls.REPLICA_STATUS, "no")
    refused("node2.local", "Most nodes do not answer")
    lab.nodes.heal(calls.REPLICA_STATUS)
    assert settings.load(path).master == "node1.local"
    assert (lab.settings.queue_dir / "serial").exists() or lab.settings.queue_dir.exists()
    lab.start()


def test_a_copy_that_is_not_complete_is_no_master(stored: Lab) -> None:
    path = losing_everything(stored)
    (stored.settings.node("node2.local").dir / "replica" / "replica.db").unlink()
    with pytest.raises(errors.ConfigurationError, match="holds no complete copy"):
        failover.take_over(path, "node2.local", lambda _: stored.nodes, print, voting=False)
    stored.start()


# Backups.


def test_a_backup_brings_everything_back(lab: Lab, tmp_path: Path) -> None:
    lab.network()
    lab.succeed(CREATE)
    path = lab.settings.data_dir / "cluster.json"
    installation.write(path, lab.settings)
    saved = tmp_path / "saved"
    backup.write(saved, lab.master.state_rows(), lab.settings, path)
    assert saved.stat().st_mode & 0o777 == 0o600
    with pytest.raises(errors.JobQueueError, match="another master daemon"):
        backup.restore(saved, path)
    before = lab.master.config.instances() + lab.master.config.networks()
    lab.succeed(opcodes.OpInstanceRemove(instance_name="vm1"))
    lab.crash()
    lab.settings.tls.ca.unlink()
    kept = backup.restore(saved, path)
    assert [folder.name for folder in kept] == ["queue.before-1", "config.before-1"]
    assert lab.settings.tls.ca.exists()
    lab.start()
    assert lab.master.config.instances() + lab.master.config.networks() == before
    assert lab.master.job(3).status == JobStatus.SUCCESS
    assert lab.master.job(4) is None


def test_a_cluster_at_rest_can_be_backed_up(lab: Lab) -> None:
    lab.succeed(DELAY)
    running = sorted(row for row in lab.master.state_rows() if row[1] != "generation")
    lab.crash()
    resting = backup.rows_at_rest(lab.settings)
    assert sorted(row for row in resting if row[1] != "generation") == running
    lab.start()


@pytest.mark.parametrize(
    ("damage", "line"), [("cut", "cut off"), ("flip", "line 2: the checksum"), ("other", "line 1")]
)
def test_a_damaged_backup_is_refused_with_the_line(
    lab: Lab, tmp_path: Path, damage: str, line: str
) -> None:
    path = lab.settings.data_dir / "cluster.json"
    installation.write(path, lab.settings)
    saved = tmp_path / "saved"
    backup.write(saved, lab.master.state_rows(), lab.settings, path)
    lines = saved.read_bytes().splitlines(keepends=True)
    if damage == "cut":
        lines = lines[:-2]
    elif damage == "flip":
        lines[1] = lines[1].replace(b"content", b"CONTENT")
    else:
        lines = [b"something else\n"]
    saved.write_bytes(b"".join(lines))
    lab.crash()
    with pytest.raises(errors.ConfigurationError, match=line):
        backup.restore(saved, path)
    lab.start()


def test_one_who_waits_never_gathers_after_rows_nobody_waited_for(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job's own changes are many and unhurried; the next submission must not pay for them."""
    lab.succeed(DELAY)  # The senders' earlier pauses are over when its end has arrived.
    monkeypatch.setattr(sender, "UNHURRIED", 60.0)
    monkeypatch.setattr(sender, "GATHER", 60.0)
    replicator = Replicator(lab.nodes, lambda: CANDIDATES, empty, lambda: 7)
    replicator.start(5.0)
    for _ in range(2):
        for number in range(4 * sender.CROWD):
            position = replicator.offer([("config", f"thing/{number}", "{}")])
        arrived = threading.Thread(target=replicator.wait, args=(position,))
        arrived.start()
        arrived.join(5.0)
        assert not arrived.is_alive()
    replicator.stop()


def empty(begin: Callable[[], None]) -> Rows:
    begin()
    return list
