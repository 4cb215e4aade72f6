"""Watches a job queue's folder in a process of its own, which reads each file as it appears.

Run as a program it prints one JSON line for each event; `QueueWatch` starts that and reads it.
"""

import json
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

JOB = re.compile(r"job-(\d+)")
TEMPORARY = re.compile(r"job-(\d+)(\D.*|[A-Za-z0-9_]{8}\.new)")
ENDED = ("success", "error", "canceled")


class Events:
    """All that was seen of one job."""

    def __init__(self, events: list[dict[str, Any]]) -> None:
        self._events = events

    def states(self) -> list[str]:
        """The order in which readers see states; equal neighbours are one."""
        order: list[str] = []
        for event in self._events:
            state = event.get("state")
            if state and (not order or order[-1] != state):
                order.append(state)
        return order

    def kinds(self) -> list[str]:
        """What happens under the final name: a file in its place, never written where it stands."""
        return sorted({event["kind"] for event in self._events if JOB.fullmatch(event["name"])})

    def temporary_names(self) -> bool:
        """No temporary name can be taken for a job's."""
        return all(
            JOB.fullmatch(event["name"]) is None or event["kind"] in ("moved to", "moved from")
            for event in self._events
        )


class QueueWatch:
    """Context in which events of the folder are noted."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._events: list[dict[str, Any]] = []
        self._news = threading.Condition()

    def __enter__(self) -> "QueueWatch":
        root = Path(__file__).parents[2]
        words = [sys.executable, "-m", "tests.conformance.queue_watch", str(self._folder)]
        self._process = subprocess.Popen(words, cwd=root, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        assert self._process.stdout.readline().strip() == "watching"
        self._thread = threading.Thread(target=self._read, name="queue watch", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(10)
        self._thread.join(10)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def until_ended(self, job_id: int) -> Events:
        """The job's events, the one of its end among them."""

        def over() -> bool:
            return any(e["job"] == job_id and e.get("state") in ENDED for e in self._events)

        with self._news:
            self._news.wait_for(over, 10)
            return Events([event for event in self._events if event["job"] == job_id])

    def wait_for_renames(self, count: int, seconds: float = 30) -> None:
        """So many states of jobs have been written."""
        with self._news:
            self._news.wait_for(lambda: sum("state" in e for e in self._events) >= count, seconds)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._news:
                self._events.append(json.loads(line))
                self._news.notify_all()


def main(folder: str) -> None:
    import pyinotify

    names = {
        pyinotify.IN_CREATE: "created",
        pyinotify.IN_MODIFY: "modified",
        pyinotify.IN_MOVED_TO: "moved to",
        pyinotify.IN_MOVED_FROM: "moved from",
        pyinotify.IN_DELETE: "deleted",
    }

    def note(event: Any) -> None:
        matched = JOB.match(event.name)
        if not matched:
            return
        said = {"name": event.name, "kind": names[event.mask], "job": int(matched[1])}
        if JOB.fullmatch(event.name) and event.mask == pyinotify.IN_MOVED_TO:
            said["state"] = _state(Path(event.pathname))
        print(json.dumps(said), flush=True)

    manager = pyinotify.WatchManager()
    notifier = pyinotify.Notifier(manager, note)
    mask = 0
    for one in names:
        mask |= one
    manager.add_watch(folder, mask)
    print("watching", flush=True)
    notifier.loop()


def _state(path: Path) -> str | None:
    try:
        return str(json.loads(path.read_text())["ops"][0]["status"])
    except OSError:
        return None


if __name__ == "__main__":
    main(sys.argv[1])
