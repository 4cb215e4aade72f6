import io

import pytest

from ganeti_backend.cli import gnt_debug, gnt_job
from ganeti_backend.opcodes import OpTestDelay
from ganeti_backend.queue.jobs import JobStatus

JOBS, DEBUG = gnt_job.PROGRAM, gnt_debug.PROGRAM


@pytest.fixture
def queued(master):
    """Two jobs that wait: 7 and 8, beside the finished 6."""
    master.finish_at_once = False
    return master.submit_many([[OpTestDelay(duration=1.0)], [OpTestDelay(duration=2.0)]])


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), "6\n7\n8\n"),
        (("--queued",), "7\n8\n"),
        (("--pending",), "7\n8\n"),
        (("--finished",), "6\n"),
        (("--error",), ""),
        (("--running",), ""),
        (("--finished", "-F", "id > 6"), ""),
    ],
)
def test_choosing_what_to_list(command, queued, options, expected):
    assert command(JOBS, "list", "--no-headers", "-o", "id", *options) == (0, expected, "")


def test_archived_jobs_are_listed_when_asked_for(command, master):
    master.archive(6)
    assert command(JOBS, "list", "--no-headers", "-o", "id")[1] == ""
    assert command(JOBS, "list", "--no-headers", "-o", "id", "--archived")[1] == "6\n"
    assert command(JOBS, "list", "--no-headers", "-o", "id,archived", "6")[1] == "6 Y\n"


def test_info_without_ids_is_about_all(command, queued):
    out = command(JOBS, "info")[1]
    assert [line for line in out.splitlines() if "Job ID" in line] == [
        "- Job ID: 6",
        "- Job ID: 7",
        "- Job ID: 8",
    ]


def test_canceling_a_selection_asks_first(command, queued, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO())
    code, out, err = command(JOBS, "cancel", "--queued")
    assert code == 13
    assert "7 queued TEST_DELAY" in out
    assert "Cancel job(s) listed above?" in err
    code, out, _err = command(JOBS, "cancel", "--queued", "--force")
    assert code == 0
    assert "Dequeued job 7\nDequeued job 8\n" in out
    code, _out, err = command(JOBS, "cancel", "--waiting")
    assert (code, "wrong_state" in err, "No jobs with" in err) == (1, True, True)


def test_cancel_passes_kill_on_and_needs_one_way_to_choose(command, master, queued):
    assert command(JOBS, "cancel", "--kill", "7")[0] == 0
    assert master.killed
    assert command(JOBS, "cancel", "7")[0] == 0
    assert not master.killed
    assert command(JOBS, "cancel")[0] == 1
    assert command(JOBS, "cancel", "--pending", "7")[0] == 1
    code, _out, err = command(JOBS, "cancel", "6")
    assert (code, err) == (1, "Job 6 not found in queue\n")


def test_change_priority(command, master, queued):
    code, out, _err = command(JOBS, "change-priority", "--priority", "high", "7")
    assert (code, out) == (0, "Priority of job 7 changed to -10\n")
    assert master.job(7).priority == -10
    assert command(JOBS, "change-priority", "--priority=-20", "--queued", "-f")[0] == 0
    assert master.job(8).priority == -20
    assert command(JOBS, "change-priority", "--priority", "much", "7")[0] == 1
    assert command(JOBS, "change-priority", "7")[0] == 1


def test_delay(command, master):
    code, _out, _err = command(
        DEBUG, "delay", "--no-master", "-n", "node1", "-i", "-l", "-r", "2", "--priority", "low",
        "0.5",
    )  # fmt: skip
    assert code == 0
    op = master.jobs[max(master.jobs)].ops[0].input.to_dict()
    assert (op["duration"], op["on_master"], op["on_nodes"]) == (0.5, False, ["node1"])
    assert (op["interruptible"], op["no_locks"], op["repeat"], op["priority"]) == (
        True, True, 2, 10,
    )  # fmt: skip


def test_submit_job(command, master, tmp_path):
    path = tmp_path / "ops"
    path.write_text('[{"OP_ID": "OP_TEST_DELAY", "duration": 0}]')
    code, out, _err = command(
        DEBUG, "submit-job", "--verbose", "--timing-stats", "--job-repeat", "2", "--op-repeat", "3",
        str(path),
    )  # fmt: skip
    assert code == 0
    assert "Submitted jobs 7, 8" in out
    assert out.split("C:op")[1].split()[0] == "6"
    assert len(master.job(8).ops) == 3
    assert command(DEBUG, "submit-job", "--each", str(path))[0] == 0
    path.write_text("{}")
    code, _out, err = command(DEBUG, "submit-job", str(path))
    assert (code, "does not hold a list of opcodes" in err) == (1, True)


def test_a_failed_job_of_submit_job_is_an_error(command, master, tmp_path):
    path = tmp_path / "ops"
    path.write_text('[{"OP_ID": "OP_TEST_DELAY"}]')
    finished = master.finished
    refused = ["OpPrereqError", ["no", "wrong_input"]]
    master.finished = lambda job: finished(job, JobStatus.ERROR, refused)
    assert command(DEBUG, "submit-job", str(path))[0] == 1


def test_locks(command):
    code, out, _err = command(DEBUG, "locks")
    assert code == 0
    assert [line.split() for line in out.splitlines()] == [
        ["Name", "Mode", "Owner", "Pending"],
        ["instance/vm1", "exclusive", "job-6", "shared,", "job-7"],
    ]
    out = command(DEBUG, "locks", "--no-headers", "--separator", "|", "-o", "name,owner")[1]
    assert out == "instance/vm1|job-6\n"


def test_the_two_doors_answer_the_same_about_jobs(command, rapi, queued):
    answer = rapi.get("/2/query/lock", params={"fields": "name,mode,owner,pending"}).json()
    assert [value for _status, value in answer["data"][0]] == [
        "instance/vm1", "exclusive", ["job-6"], [["shared", ["job-7"]]],
    ]  # fmt: skip
    assert rapi.delete("/2/jobs/7").json() == [True, "Dequeued job 7"]
    assert rapi.delete("/2/jobs/6").json() == [False, "Job 6 not found in queue"]
