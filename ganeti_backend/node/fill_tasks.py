"""Disks being filled in the background, by task id.

A task is written down before it is acknowledged and goes on after the node daemon was killed;
starting one that is known already changes nothing. So the master may repeat both calls at will.
"""

import json
import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ganeti_backend.errors import GenericError, StorageError
from ganeti_backend.storage.base import Progress, identifier

log = logging.getLogger(__name__)

# Copies share one disk, so more at a time would only slow each other down.
WORKERS = 4
KEPT = 1000
RUNNING, DONE, FAILED = "running", "done", "failed"

Fill = Callable[[Mapping[str, Any], Progress], None]


class FillTask:
    """One task: what to do (until it is done) and how far it is."""

    def __init__(self, disk: str, order: Mapping[str, Any], status: dict[str, Any]) -> None:
        self.disk = disk
        self.order = order
        self.status = status
        self.canceled = False


class FillTasks:
    """All tasks of a node. `fill` does the work of one and reports percents."""

    def __init__(self, folder: Path, fill: Fill) -> None:
        self._folder = folder
        self._fill = fill
        self._changed = threading.Condition()
        self._tasks: dict[str, FillTask] = {}
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="fill")
        for path in sorted(folder.glob("*.json"), key=lambda p: p.stat().st_mtime):
            stored = json.loads(path.read_text())
            task = FillTask(stored["disk"], stored["order"], stored["status"])
            self._tasks[path.stem] = task
            if task.status["state"] == RUNNING:
                log.info("task %s goes on after a restart", path.stem)
                self._workers.submit(self._work, path.stem, task)

    def start(self, task_id: str, order: Mapping[str, Any]) -> None:
        """Begin a task, or leave one of this id as it is."""
        identifier(task_id, "task")
        with self._changed:
            if task_id in self._tasks:
                return
            disk = identifier(order["disk"].get("uuid"), "disk")
            task = FillTask(disk, order, {"state": RUNNING, "percent": 0, "message": ""})
            self._save(task_id, task)
            self._tasks[task_id] = task
            self._prune()
        self._workers.submit(self._work, task_id, task)

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
        """End the tasks that write to this disk, and wait until they do so no more."""
        with self._changed:
            writing = [t for t in self._tasks.values() if t.disk == disk]
            for task in writing:
                task.canceled = True
            ended = self._changed.wait_for(
                lambda: all(t.status["state"] != RUNNING for t in writing), timeout
            )
        if not ended:
            raise StorageError(f"disk {disk} is still being filled")

    def _work(self, task_id: str, task: FillTask) -> None:
        def progress(percent: int) -> None:
            if task.canceled:
                raise StorageError("canceled: the disk is removed")
            if percent != task.status["percent"]:
                self._set(task, {**task.status, "percent": percent})

        try:
            progress(0)
            self._fill(task.order, progress)
            end = {"state": DONE, "percent": 100, "message": ""}
        except Exception as error:  # Whatever fails is the task's result.
            log.warning("task %s failed: %s", task_id, error, exc_info=_surprising(error))
            text = error.message if isinstance(error, GenericError) else str(error)
            end = {**task.status, "state": FAILED, "message": text or repr(error)}
        # Keys and user data of the order are not kept longer than they are needed.
        task.order = {}
        self._save(task_id, task, end)
        self._set(task, end)

    def _set(self, task: FillTask, status: dict[str, Any]) -> None:
        with self._changed:
            task.status = status
            self._changed.notify_all()

    def _save(self, task_id: str, task: FillTask, status: Mapping[str, Any] | None = None) -> None:
        stored = {"disk": task.disk, "order": task.order, "status": status or task.status}
        temporary = self._folder / f".{task_id}.new"
        temporary.touch(0o600)
        temporary.write_text(json.dumps(stored))
        temporary.rename(self._file(task_id))

    def _prune(self) -> None:
        """Forget the oldest ended tasks; the master has asked for their end long ago."""
        for task_id in list(self._tasks)[:-KEPT]:
            if self._tasks[task_id].status["state"] != RUNNING:
                del self._tasks[task_id]
                self._file(task_id).unlink(missing_ok=True)

    def _file(self, task_id: str) -> Path:
        return self._folder / f"{task_id}.json"


def _surprising(error: Exception) -> bool:
    return not isinstance(error, GenericError)
