"""Processes that die before the n-th line they execute.

A child is forked from the test, traces the lines of the project that it executes, and gets SIGKILL
where it is told to: no cleaning up, no `finally`, open transactions and connections as they are.
"""

from __future__ import annotations

import itertools
import logging
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

PROJECT = str(Path(__file__).resolve().parents[3] / "synnefo") + os.sep
FAILED = 3
# The lines between two steps are taken by a slow run, and were when this was written.
EVERY_LINE = "ONCE_EVERY_LINE" in os.environ


class Child:
    """What became of a child, and where it died."""

    def __init__(self, work: Callable[[], None], kill_at: int = 0) -> None:
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reading)
            _live(work, kill_at, writing)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            self.said = pipe.read().decode()
        _, status = os.waitpid(pid, 0)
        self.code = os.waitstatus_to_exitcode(status)

    @property
    def killed(self) -> bool:
        return self.code == -signal.SIGKILL

    def succeeded(self) -> None:
        """Fail with what it said otherwise."""
        assert self.code == 0, self.said


def _live(work: Callable[[], None], kill_at: int, writing: int) -> None:
    code = FAILED
    logging.disable()  # There are hundreds of them.
    try:
        if kill_at:
            _die_before(kill_at, writing)
        work()
        code = 0
    finally:
        sys.settrace(None)
        if code == FAILED:
            os.write(writing, traceback.format_exc().encode())
        # Neither pytest nor Django may clean up here what is their parent's.
        os._exit(code)


def _die_before(line: int, writing: int) -> None:
    executed = 0

    def local(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal executed
        if event == "line":
            executed += 1
            if executed == line:
                place = frame.f_code.co_filename.removeprefix(PROJECT)
                os.write(writing, f"{place}:{frame.f_lineno} {frame.f_code.co_name}".encode())
                os.kill(os.getpid(), signal.SIGKILL)
        return local

    def every(frame: FrameType, _event: str, _: Any) -> Any:
        return local if frame.f_code.co_filename.startswith(PROJECT) else None

    sys.settrace(every)


def crashes(work: Callable[[], None], before: Callable[[], None], step: int = 1) -> Iterator[str]:
    """Run the work again and again, killed one line later each time; yields where it died.

    `before` puts everything back; of very long works only each `step`-th line is taken. Ends after
    the run that comes to its end.
    """
    for line in itertools.count(1, 1 if EVERY_LINE else step):
        before()
        child = Child(work, line)
        if not child.killed:
            child.succeeded()
            return
        yield child.said
