"""What happens to the guests when a cloud goes down and comes back."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from synnefo.cloud import commands
from synnefo.cloud.errors import CloudError
from synnefo.cloud.layout import Layout
from synnefo.cloud.python_environment import PythonEnvironment
from synnefo.cloud.waiting import until

PATIENCE_SECONDS = 12
PAUSE_SECONDS = 60


def shut_down(layout: Layout, python: PythonEnvironment) -> None:
    """Press each guest's power button; end QEMU where that does not help.

    The cluster goes on to think that they should run, so that `bring_back` finds them.
    """
    if qemu_processes(layout.state):
        # Or it brings back what is being shut down.
        _try(layout, python, ["gnt-cluster", "watcher", "pause", str(PAUSE_SECONDS)])
        names = _instances(layout, python, status="running")
        options = ["--no-remember", "--submit", "--timeout", str(PATIENCE_SECONDS - 2)]
        if names:
            _act(layout, python, "shutdown", [*options, *names])
        try:
            until(
                lambda: not qemu_processes(layout.state),
                timeout=PATIENCE_SECONDS,
                what="the guests to power off",
            )
        except CloudError:
            kill(layout.state)


def bring_back(layout: Layout, python: PythonEnvironment) -> int:
    """Start the instances that should run and do not."""
    _try(layout, python, ["gnt-cluster", "watcher", "continue"])
    names = _instances(layout, python, status="ERROR_down")
    if names:
        _act(layout, python, "startup", names)
    return len(names)


def kill(state: Path) -> None:
    """End every QEMU whose files lie below this state folder."""
    for pid in qemu_processes(state):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue  # It ended by itself in the meantime.
    until(lambda: not qemu_processes(state), timeout=5, what="QEMU to end")


def qemu_processes(state: Path) -> list[int]:
    """The process ids of guests whose command line names a file below the state folder."""
    found = []
    marker = os.fsencode(f"{state}/nodes/")
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue  # Gone, or somebody else's.
        if b"qemu-system" in words[0] and any(marker in word for word in words):
            found.append(int(path.parent.name))
    return found


def _instances(layout: Layout, python: PythonEnvironment, *, status: str) -> list[str]:
    words = ["gnt-instance", "list", "--no-headers", "--separator=|", "-o", "name,status"]
    rows = [line.split("|") for line in _try(layout, python, words).splitlines()]
    return [row[0] for row in rows if len(row) == 2 and row[1].strip() == status]


def _act(layout: Layout, python: PythonEnvironment, verb: str, words: list[str]) -> None:
    _try(layout, python, ["gnt-instance", verb, "--force-multiple", *words])


def _try(layout: Layout, python: PythonEnvironment, words: list[str]) -> str:
    """A guest that does not follow must not keep the cloud from going down or up."""
    program = python.bin / words[0]
    environment = {**os.environ, "SYNNEFO_STATE": str(layout.state)}
    log = layout.state / "log" / "guests.log"
    try:
        return commands.run([program, *words[1:]], env=environment, timeout=90, log=log)
    except CloudError as error:
        with log.open("a", encoding="utf-8") as stream:
            stream.write(f"{error}\n")
        return ""
