"""Work in the background of a node, by task id: how far it is, waiting for its end, ending it.

What the work is, and whether it outlives the daemon, is the subclasses' matter: `fill_tasks` and
`script_tasks`. Starting a task that is known changes nothing, so the master may ask again at will.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Generic, TypeVar

from ganeti_backend.errors import GenericError, StorageError
from ganeti_backend.storage.base import identifier

log = logging.getLogger(__name__)

RUNNING, DONE, FAILED = "running", "done", "failed"
CANCEL_SECONDS = 30.0

Status = dict[str, Any]


class Task:
    """One task: which disks it uses and how far it is."""

    def __init__(self, disks: Iterable[str], status: Status | None = None) -> None:
        self.disks = frozenset(disks)
        self.status: Status = status or {"state": RUNNING, "percent": 0, "message": ""}
        self.canceled = False

    @property
    def ended(self) -> bool:
        return str(self.status["state"]) != RUNNING


AnyTask = TypeVar("AnyTask", bound=Task)


class Tasks(Generic[AnyTask]):
    """All tasks of one kind on a node. The last `kept` are remembered after their end."""

    def __init__(self, workers: int, kept: int, what: str) -> None:
        self._kept = kept
        self._what = what
        self._changed = threading.Condition()
        self._tasks: dict[str, AnyTask] = {}
        self._workers = ThreadPoolExecutor(workers, thread_name_prefix=what)

    def knows(self, task_id: str) -> bool:
        return task_id in self._tasks

    def status(self, task_id: str, wait: float = 0, percent: int | None = None) -> Status:
        """How far a task is; waits for an end or for another percentage than the given one."""
        with self._changed:
            task = self._tasks.get(task_id)
            if task is None:
                raise StorageError(f"there is no task {task_id}")
            self._changed.wait_for(
                lambda: task.ended or (percent is not None and task.status["percent"] != percent),
                wait,
            )
            return dict(task.status)

    def cancel(self, disk: object, timeout: float = CANCEL_SECONDS) -> None:
        """End the tasks that use this disk, and wait until they do so no more."""
        with self._changed:
            using = [task for task in self._tasks.values() if disk in task.disks]
            if not self._end_all(using, timeout):
                raise StorageError(f"a {self._what} task still uses disk {disk}")

    def cancel_task(self, task_id: str) -> None:
        """End one task; it may have ended, or be forgotten, already."""
        with self._changed:
            task = self._tasks.get(task_id)
            if task is not None:
                self._end_all([task], CANCEL_SECONDS)

    def _end_all(self, tasks: Iterable[AnyTask], timeout: float) -> bool:
        wanted = list(tasks)
        for task in wanted:
            task.canceled = True
        return bool(self._changed.wait_for(lambda: all(one.ended for one in wanted), timeout))

    # For the subclasses.

    def _begin(
        self, task_id: str, make: Callable[[], AnyTask], work: Callable[[AnyTask], None]
    ) -> None:
        """Make and queue a task unless there is one of this id."""
        identifier(task_id, "task")
        with self._changed:
            if task_id in self._tasks:
                return
            task = self._tasks[task_id] = make()
            for old in list(self._tasks)[: -self._kept]:
                if self._tasks[old].ended:
                    del self._tasks[old]
                    self._forgotten(old)
        self._queue(task_id, task, work)

    def _queue(self, task_id: str, task: AnyTask, work: Callable[[AnyTask], None]) -> None:
        self._workers.submit(self._work, task_id, task, work)

    def _work(self, task_id: str, task: AnyTask, work: Callable[[AnyTask], None]) -> None:
        try:
            self.look(task)
            work(task)
            end = {"state": DONE, "percent": 100, "message": ""}
        except Exception as error:  # Whatever fails is the task's result.
            expected = isinstance(error, GenericError)
            text = error.message if isinstance(error, GenericError) else str(error) or repr(error)
            log.warning("task %s failed: %s", task_id, text, exc_info=not expected)
            end = {**task.status, "state": FAILED, "message": text}
        self._ending(task_id, task, end)
        self._set(task, end)

    def look(self, task: AnyTask) -> None:
        """Raises if nobody wants this task any more."""
        if task.canceled:
            raise StorageError("canceled")

    def progress(self, task: AnyTask, percent: int, more: Mapping[str, Any] | None = None) -> None:
        """Say how far a task is, and what else; raises if nobody wants it any more."""
        self.look(task)
        if more or percent != task.status["percent"]:
            self._set(task, {**task.status, **(more or {}), "percent": min(percent, 100)})

    def _set(self, task: AnyTask, status: Status) -> None:
        with self._changed:
            task.status = status
            self._changed.notify_all()

    def _ending(self, task_id: str, task: AnyTask, end: Status) -> None:
        """What is to be on disk before anybody is told of the end."""

    def _forgotten(self, task_id: str) -> None:
        """Nobody will ask for this task any more."""
