"""Scripts running in the background, by task id; the master follows them as it follows copies.

Orders may hold secrets, so none is written down: a task does not survive the node daemon. What does
survive are the processes, which the next daemon ends before anybody orders their work again.
"""

import logging
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ganeti_backend.errors import GenericError, StorageError
from ganeti_backend.storage.base import identifier

log = logging.getLogger(__name__)

WORKERS = 16
KEPT = 500
RUNNING, DONE, FAILED = "running", "done", "failed"
START_TIME = 19  # Place of a process's start in /proc/PID/stat, after its name.


class ScriptTask:
    """One task: which disks it uses and how far it is."""

    def __init__(self, tasks: "ScriptTasks", task_id: str, disks: Iterable[str]) -> None:
        self.disks = frozenset(disks)
        self.status: dict[str, Any] = {"state": RUNNING, "percent": 0, "message": ""}
        self.canceled = False
        self._tasks = tasks
        self._id = task_id

    def progress(self, percent: int) -> None:
        """Say how far it is; raises if nobody wants it any more."""
        self.look()
        if percent != self.status["percent"]:
            self._tasks.set(self, {**self.status, "percent": min(percent, 100)})

    def look(self) -> None:
        """Raises if nobody wants it any more."""
        if self.canceled:
            raise StorageError("canceled")

    def started(self, process: "subprocess.Popen[bytes]") -> None:
        """Write down who is to be ended should this daemon die."""
        self._tasks.note(self._id, process.pid)


Work = Callable[[ScriptTask], None]


class ScriptTasks:
    """All tasks of a node since its daemon started."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._changed = threading.Condition()
        self._tasks: dict[str, ScriptTask] = {}
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="script")
        for path in folder.glob("*.pid"):
            _end_left_behind(path)

    def start(self, task_id: str, disks: Iterable[str], work: Work) -> None:
        """Begin a task, or leave one of this id as it is."""
        identifier(task_id, "task")
        with self._changed:
            if task_id in self._tasks:
                return
            task = self._tasks[task_id] = ScriptTask(self, task_id, disks)
            for old in list(self._tasks)[:-KEPT]:
                if self._tasks[old].status["state"] != RUNNING:
                    del self._tasks[old]
        self._workers.submit(self._work, task_id, task, work)

    def knows(self, task_id: str) -> bool:
        return task_id in self._tasks

    def status(self, task_id: str, wait: float = 0, percent: int | None = None) -> dict[str, Any]:
        """How far a task is; waits for an end or for another percentage than the given one."""
        with self._changed:
            task = self._tasks.get(task_id)
            if task is None:
                raise StorageError(f"there is no task {task_id}")
            self._changed.wait_for(
                lambda: (
                    task.status["state"] != RUNNING
                    or (percent is not None and task.status["percent"] != percent)
                ),
                wait,
            )
            return dict(task.status)

    def cancel(self, disk: object, timeout: float = 30) -> None:
        """End the tasks that use this disk, and wait until they do so no more."""
        with self._changed:
            using = [task for task in self._tasks.values() if disk in task.disks]
            for task in using:
                task.canceled = True
            ended = self._changed.wait_for(
                lambda: all(task.status["state"] != RUNNING for task in using), timeout
            )
        if not ended:
            raise StorageError(f"a script still uses disk {disk}")

    def cancel_task(self, task_id: str) -> None:
        """End one task; it may have ended, or be forgotten, already."""
        with self._changed:
            task = self._tasks.get(task_id)
            if task is not None:
                task.canceled = True
                self._changed.wait_for(lambda: task.status["state"] != RUNNING, 30)

    def set(self, task: ScriptTask, status: dict[str, Any]) -> None:
        with self._changed:
            task.status = status
            self._changed.notify_all()

    def note(self, task_id: str, pid: int) -> None:
        self._file(task_id).write_text(f"{pid} {_started_at(pid)}\n")

    def _work(self, task_id: str, task: ScriptTask, work: Work) -> None:
        try:
            task.look()
            work(task)
            end = {"state": DONE, "percent": 100, "message": ""}
        except Exception as error:  # Whatever fails is the task's result.
            expected = isinstance(error, GenericError)
            text = error.message if isinstance(error, GenericError) else str(error) or repr(error)
            log.warning("task %s failed: %s", task_id, text, exc_info=not expected)
            end = {**task.status, "state": FAILED, "message": text}
        self._file(task_id).unlink(missing_ok=True)
        self.set(task, end)

    def _file(self, task_id: str) -> Path:
        return self._folder / f"{task_id}.pid"


def _started_at(pid: int) -> str:
    """When a process began, so that another one with its number is not taken for it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[START_TIME]
    except (OSError, IndexError):
        return ""


def _end_left_behind(path: Path) -> None:
    """End the script that a dead daemon had started, with all it had started itself."""
    words = path.read_text().split()
    if len(words) == 2 and words[0].isdigit() and _started_at(int(words[0])) == words[1]:
        log.warning("ending process %s, which a daemon before this one had started", words[0])
        try:
            os.killpg(int(words[0]), signal.SIGKILL)
        except ProcessLookupError:
            log.debug("process %s ended by itself", words[0])
    path.unlink(missing_ok=True)
