"""Disks being filled in the background.

A task is written down before it is acknowledged and goes on after the node daemon was killed;
starting one that is known already changes nothing. So the master may repeat both calls at will.
"""

import functools
import json
import logging
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from ganeti_backend.node.tasks import Status, Task, Tasks
from ganeti_backend.storage.base import Progress, identifier

log = logging.getLogger(__name__)

# Copies share one disk, so more at a time would only slow each other down.
WORKERS = 4
KEPT = 1000

Fill = Callable[[Mapping[str, Any], Progress], None]


class FillTask(Task):
    """One task: what to do (until it is done)."""

    def __init__(
        self, disks: Iterable[str], order: Mapping[str, Any], status: Status | None = None
    ) -> None:
        super().__init__(disks, status)
        self.order = order


class FillTasks(Tasks[FillTask]):
    """All tasks of a node. `fill` does the work of one and reports percents."""

    def __init__(self, folder: Path, fill: Fill) -> None:
        super().__init__(WORKERS, KEPT, "fill")
        self._folder = folder
        self._fill = fill
        for path in sorted(folder.glob("*.json"), key=lambda p: p.stat().st_mtime):
            stored = json.loads(path.read_text())
            task = FillTask(stored["disks"], stored["order"], stored["status"])
            self._tasks[path.stem] = task
            if not task.ended:
                log.info("task %s goes on after a restart", path.stem)
                self._queue(path.stem, task, self._fill_disk)

    def start(self, task_id: str, order: Mapping[str, Any]) -> None:
        """Begin a task, or leave one of this id as it is."""

        def make() -> FillTask:
            disks = (order["disk"], *order.get("others", ()))
            task = FillTask([identifier(disk.get("uuid"), "disk") for disk in disks], order)
            self._save(task_id, task, task.status)
            return task

        self._begin(task_id, make, self._fill_disk)

    def _fill_disk(self, task: FillTask) -> None:
        self._fill(task.order, functools.partial(self.progress, task))

    def _ending(self, task_id: str, task: FillTask, end: Status) -> None:
        # Keys and user data of the order are not kept longer than they are needed.
        task.order = {}
        self._save(task_id, task, end)

    def _save(self, task_id: str, task: FillTask, status: Status) -> None:
        stored = {"disks": sorted(task.disks), "order": task.order, "status": status}
        temporary = self._folder / f".{task_id}.new"
        temporary.touch(0o600)
        temporary.write_text(json.dumps(stored))
        temporary.rename(self._file(task_id))

    def _forgotten(self, task_id: str) -> None:
        self._file(task_id).unlink(missing_ok=True)

    def _file(self, task_id: str) -> Path:
        return self._folder / f"{task_id}.json"
