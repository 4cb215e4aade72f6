"""The commands about jobs and locks against a whole master."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ganeti_backend import installation, opcodes
from ganeti_backend.cli import gnt_cluster, gnt_debug, gnt_job
from ganeti_backend.cli.program import Program
from ganeti_backend.cli.running import main
from ganeti_backend.daemons import command_socket
from ganeti_backend.queue.jobs import JobStatus
from tests.unit.ganeti_backend.core.conftest import Gate, Lab

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Command]:
    path = lab.settings.command_socket
    installation.write(lab.settings.data_dir / "cluster.json", lab.settings)
    running = command_socket.serve(lab.master, path)
    monkeypatch.setenv("GANETI_COMMAND_SOCKET", str(path))

    def run(program: Program, *arguments: str) -> tuple[int, str, str]:
        code = main(program, arguments)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    yield run
    running.stop()


def test_the_trial_of_the_queue_finds_it_well(command: Command) -> None:
    code, out, _err = command(gnt_debug.PROGRAM, "test-jobqueue")
    assert (code, out.splitlines()[-1]) == (0, "All is well."), out
    assert out.count(": ok\n") == 5


def test_who_holds_and_who_waits_is_shown(
    command: Command, lab: Lab, gate: Callable[..., Gate]
) -> None:
    held = gate("test_delay")
    hold = opcodes.OpTestDelay(on_master=False, on_nodes=["node1.local"])
    first = lab.master.submit([hold])
    assert held.reached.wait(10)
    second = lab.master.submit([hold])
    lab.wait(second, lambda job: job.status == JobStatus.WAITING)
    shown = command(gnt_debug.PROGRAM, "locks", "--no-headers", "--separator", "|")[1]
    assert shown == f"node/node1.local|exclusive|job-{first}|exclusive, job-{second}\n"
    held.opened.set()
    lab.wait(second)
    assert command(gnt_debug.PROGRAM, "locks", "--no-headers")[1] == ""


def test_jobs_in_the_archive_are_found(command: Command, lab: Lab) -> None:
    for _ in range(3):
        lab.run(opcodes.OpTestDelay())
    assert command(gnt_job.PROGRAM, "autoarchive", "all")[1] == (
        "Archived 3 jobs, 0 unchecked left\n"
    )
    assert command(gnt_job.PROGRAM, "list", "--no-headers")[1] == ""
    out = command(gnt_job.PROGRAM, "list", "--no-headers", "--archived", "-o", "id,archived")[1]
    assert out == "1 Y\n2 Y\n3 Y\n"
    assert lab.master.archive_older_than(-1.0, timeout=-1.0) == [0, 0]
    lab.run(opcodes.OpTestDelay())
    assert lab.master.archive_older_than(-1.0, timeout=-1.0) == [0, 1]


def test_a_backup_by_command_and_back(command: Command, lab: Lab, tmp_path: Path) -> None:
    lab.run(opcodes.OpInstanceCreate(instance_name="vm1"))
    saved = tmp_path / "saved"
    code, out, _err = command(gnt_cluster.PROGRAM, "backup", str(saved))
    assert code == 0, out
    code, _out, err = command(gnt_cluster.PROGRAM, "restore", "-f", str(saved))
    assert code == 1
    assert "another master daemon" in err
    lab.crash()
    code, out, _err = command(gnt_cluster.PROGRAM, "restore", "-f", str(saved))
    assert code == 0
    assert "Restored" in out
    lab.start()
    assert lab.master.config.instance("vm1") is not None


def test_failover_by_command_wants_a_node(
    command: Command, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GANETI_NODE", raising=False)
    assert command(gnt_cluster.PROGRAM, "master-failover")[0] == 1
    code, _out, err = command(gnt_cluster.PROGRAM, "master-failover", "--node", "node2.local")
    assert code == 1
    assert "another master daemon" in err
