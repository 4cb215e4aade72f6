"""What asks before it acts, and how it ends where nobody agrees; each code as the real one's.

The codes are those of a real Ganeti 3.0.2 whose commands were run without a terminal.
"""

import io

import pytest
from fake_master import INSTANCE, NODE

from ganeti_backend.cli import programs
from ganeti_backend.queue.jobs import JobStatus

OTHER = "vm2.gntlab.test"
REFUSED = [
    (1, f"gnt-instance remove {INSTANCE}"),
    (1, f"gnt-instance reinstall {INSTANCE}"),
    (1, f"gnt-instance reinstall -f {INSTANCE} {OTHER}"),
    (1, f"gnt-instance failover {INSTANCE}"),
    (1, f"gnt-instance migrate {INSTANCE}"),
    (1, f"gnt-instance move -n {NODE} {INSTANCE}"),
    (1, f"gnt-instance startup {INSTANCE} {OTHER}"),
    (1, f"gnt-instance shutdown {INSTANCE} {OTHER}"),
    (1, f"gnt-instance reboot {INSTANCE} {OTHER}"),
    (1, "gnt-instance shutdown --all"),
    (1, f"gnt-instance shutdown --primary {NODE}"),
    (1, "gnt-instance reboot --tags owner:demo"),
    (13, f"gnt-node migrate {NODE}"),
    (13, f"gnt-node evacuate {NODE}"),
    (2, f"gnt-node failover {NODE}"),
    (2, f"gnt-node powercycle {NODE}"),
    (1, f"gnt-node power off {NODE}"),
    (1, "gnt-cluster rename other.gntlab.test"),
    (1, "gnt-cluster destroy"),
    (13, "gnt-job cancel --queued"),
    (13, "gnt-job change-priority --priority=high --queued"),
]  # fmt: skip
UNASKED = [
    f"gnt-instance startup {INSTANCE}",
    f"gnt-instance shutdown {INSTANCE}",
    f"gnt-instance reboot --dry-run {INSTANCE} {OTHER}",
    "gnt-instance reboot --force-multiple --all",
    f"gnt-instance remove --dry-run {INSTANCE}",
    "gnt-network remove net1",
]  # fmt: skip


def run(command, line):
    program, *words = line.split()
    return command(programs.load(program), *words)


@pytest.fixture
def nobody(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO())


@pytest.mark.parametrize(("code", "line"), REFUSED, ids=str)
def test_nothing_is_done_unless_somebody_agrees(command, master, nobody, code, line):
    if "gnt-job" in line:
        master.finish_at_once = False
        run(command, f"gnt-instance shutdown --submit {INSTANCE}")
    before = len(master.job_ids())
    ended, _out, err = run(command, line)
    assert (ended, len(master.job_ids())) == (code, before)
    assert "confirm" in err or "--yes-do-it" in err


@pytest.mark.parametrize("line", UNASKED)
def test_nothing_is_asked_where_little_can_go_wrong(command, master, nobody, line):
    before = len(master.job_ids())
    assert run(command, line)[0] == 0
    assert len(master.job_ids()) > before


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (("--all",), True),
        (("--primary", NODE.partition(".")[0]), True),
        (("--node", NODE), True),
        (("--secondary", NODE), False),
        (("--tags", "owner:demo", "other"), True),
        (("--tags", "nosuch"), False),
        (("--node-tags", "nosuch"), False),
        (("--pri-node-tags", "nosuch"), False),
    ],
)
def test_which_instances_are_meant(command, master, options, found):
    words = ("gnt-instance", "reboot", "--force-multiple", *options)
    code, _out, err = command(programs.load(words[0]), *words[1:])
    assert (code == 0, "Selection filter does not match any instances" in err) == (found, not found)


def test_choosing_in_two_ways_is_refused(command):
    assert run(command, f"gnt-instance reboot --all {INSTANCE}")[0] == 1
    assert run(command, "gnt-instance reboot")[0] == 1
    assert run(command, f"gnt-instance reboot --all --primary {NODE}")[0] == 2


def test_offline_nodes_can_be_ignored(command, master):
    assert run(command, f"gnt-instance shutdown --ignore-offline {INSTANCE}")[0] == 0
    assert master.job(master.job_ids()[-1]).status is JobStatus.SUCCESS
