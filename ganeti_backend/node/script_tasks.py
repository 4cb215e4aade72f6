"""Scripts running in the background; the master follows them as it follows copies.

Orders may hold secrets, so none is written down: a task does not survive the node daemon. What does
survive are the processes, which the next daemon ends before anybody orders their work again.
"""

import logging
import os
import signal
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ganeti_backend.node.tasks import Status, Task, Tasks
from ganeti_backend.os_definitions import scripts

log = logging.getLogger(__name__)

WORKERS = 16
KEPT = 500
START_TIME = 19  # Place of a process's start in /proc/PID/stat, after its name.


class ScriptTask(Task):
    """One task, in the hands of what does its work."""

    def __init__(self, tasks: "ScriptTasks", task_id: str, disks: Iterable[str]) -> None:
        super().__init__(disks)
        self.id = task_id
        self._tasks = tasks

    @property
    def hearing(self) -> scripts.Hearing:
        """For the run of a script that is this task's work."""
        return scripts.Hearing(self.started, self.look)

    def progress(self, percent: int) -> None:
        """Say how far it is; raises if nobody wants it any more."""
        self._tasks.progress(self, percent)

    def tell(self, percent: int, **more: Any) -> None:
        """Say how far it is, and what else who asks for it must know."""
        self._tasks.progress(self, percent, more)

    def look(self) -> None:
        """Raises if nobody wants it any more."""
        self._tasks.look(self)

    def started(self, process: "subprocess.Popen[bytes]") -> None:
        """Write down who is to be ended should this daemon die."""
        self._tasks.note(self.id, process.pid)


Work = Callable[[ScriptTask], None]


class ScriptTasks(Tasks[ScriptTask]):
    """All tasks of a node since its daemon started."""

    def __init__(self, folder: Path) -> None:
        super().__init__(WORKERS, KEPT, "script")
        self._folder = folder
        for path in folder.glob("*.pid"):
            _end_left_behind(path)

    def start(self, task_id: str, disks: Iterable[str], work: Work) -> None:
        """Begin a task, or leave one of this id as it is."""
        self._begin(task_id, lambda: ScriptTask(self, task_id, disks), work)

    def note(self, task_id: str, pid: int) -> None:
        self._file(task_id).write_text(f"{pid} {_started_at(pid)}\n")

    def _ending(self, task_id: str, task: ScriptTask, end: Status) -> None:
        self._file(task_id).unlink(missing_ok=True)

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
