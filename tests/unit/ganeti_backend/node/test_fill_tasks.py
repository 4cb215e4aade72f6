import json
import threading

import pytest

from ganeti_backend.errors import StorageError
from ganeti_backend.node.fill_tasks import FillTasks

ORDER = {"disk": {"uuid": "d-1"}, "customization": {"keys": ["secret key"]}}


def test_task_reports_and_ends(tmp_path):
    go = threading.Event()

    def fill(order, progress):
        assert order == ORDER
        progress(40)
        assert go.wait(10)

    tasks = FillTasks(tmp_path, fill)
    tasks.start("t", ORDER)
    status = tasks.status("t", wait=10, percent=0)
    assert status == {"state": "running", "percent": 40, "message": ""}
    go.set()
    assert tasks.status("t", wait=10) == {"state": "done", "percent": 100, "message": ""}


def test_asking_with_no_wait_answers_at_once(tmp_path):
    go = threading.Event()
    tasks = FillTasks(tmp_path, lambda order, progress: go.wait(10))
    tasks.start("t", ORDER)
    assert tasks.status("t")["state"] == "running"
    go.set()
    tasks.status("t", wait=10)


@pytest.mark.parametrize(
    ("error", "message"),
    [(StorageError("no room"), "no room"), (OSError(), "OSError()"), (KeyError("k"), "'k'")],
)
def test_failure_is_the_tasks_result(tmp_path, error, message):
    def fill(order, progress):
        progress(10)
        raise error

    tasks = FillTasks(tmp_path, fill)
    tasks.start("t", ORDER)
    expected = {"state": "failed", "percent": 10, "message": message}
    assert tasks.status("t", wait=10) == expected


def test_starting_again_runs_nothing_twice(tmp_path):
    runs = []
    tasks = FillTasks(tmp_path, lambda order, progress: runs.append(1))
    for _ in range(3):
        tasks.start("t", ORDER)
        tasks.status("t", wait=10)
    assert runs == [1]


def test_unfinished_task_goes_on_after_a_restart(tmp_path):
    go = threading.Event()
    killed = FillTasks(tmp_path, lambda order, progress: go.wait(10))
    killed.start("t", ORDER)
    orders = []
    again = FillTasks(tmp_path, lambda order, progress: orders.append(order))
    assert again.status("t", wait=10)["state"] == "done"
    assert orders == [ORDER]
    go.set()
    killed.status("t", wait=10)


def test_ended_task_is_known_after_a_restart_and_keeps_no_secrets(tmp_path):
    tasks = FillTasks(tmp_path, lambda order, progress: None)
    tasks.start("t", ORDER)
    tasks.status("t", wait=10)
    assert "secret" not in (tmp_path / "t.json").read_text()
    assert FillTasks(tmp_path, None).status("t")["state"] == "done"


def test_order_is_for_the_owner_only(tmp_path):
    go = threading.Event()
    tasks = FillTasks(tmp_path, lambda order, progress: go.wait(10))
    tasks.start("t", ORDER)
    assert (tmp_path / "t.json").stat().st_mode & 0o077 == 0
    assert json.loads((tmp_path / "t.json").read_text())["order"] == ORDER
    go.set()
    tasks.status("t", wait=10)


def test_cancel_waits_until_nobody_writes(tmp_path):
    started, writing = threading.Event(), threading.Event()

    def fill(order, progress):
        writing.set()
        started.set()
        try:
            for percent in range(10**9):
                progress(percent % 100)
        finally:
            writing.clear()

    tasks = FillTasks(tmp_path, fill)
    tasks.start("t", ORDER)
    assert started.wait(10)
    tasks.cancel("d-1")
    assert not writing.is_set()
    assert "canceled" in tasks.status("t")["message"]


def test_cancel_of_another_disk_touches_nothing(tmp_path):
    tasks = FillTasks(tmp_path, lambda order, progress: None)
    tasks.start("t", ORDER)
    tasks.cancel("d-2")
    assert tasks.status("t", wait=10)["state"] == "done"


@pytest.mark.parametrize("name", ["../t", "", "a/b"])
def test_task_id_that_is_a_path_is_refused(tmp_path, name):
    with pytest.raises(StorageError, match="no task"):
        FillTasks(tmp_path, None).start(name, ORDER)


def test_only_the_last_ended_tasks_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr("ganeti_backend.node.fill_tasks.KEPT", 2)
    tasks = FillTasks(tmp_path, lambda order, progress: None)
    for number in range(4):
        tasks.start(f"t{number}", ORDER)
        tasks.status(f"t{number}", wait=10)
    assert [tasks.knows(f"t{number}") for number in range(4)] == [False, False, True, True]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["t2.json", "t3.json"]
