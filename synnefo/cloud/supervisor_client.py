"""Talks to the supervisor of a state folder, and starts it."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from synnefo.cloud.errors import CloudError
from synnefo.cloud.supervised import Specification
from synnefo.cloud.waiting import until

CHECKOUT = Path(__file__).resolve().parents[2]


def ask(state: Path, command: str, names: list[str] | None = None, timeout: float = 60) -> Any:
    """One question; None when no supervisor answers."""
    question = json.dumps({"command": command, "names": names or []}).encode() + b"\n"
    try:
        line = _exchange(state / "run" / "supervisor.sock", question, timeout)
    except (FileNotFoundError, ConnectionError):
        # Nobody listens, or it ended while we were in its queue.
        return None
    except TimeoutError:
        raise CloudError(f"the supervisor did not answer within {timeout:.0f} s") from None
    if not line:
        return None
    reply = json.loads(line)
    if "error" in reply:
        raise CloudError(f"the supervisor: {reply['error']}")
    return reply


def _exchange(path: Path, question: bytes, timeout: float) -> str:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout)
        connection.connect(str(path))
        connection.sendall(question)
        with connection.makefile() as stream:
            return stream.readline()


def processes(state: Path) -> list[dict[str, Any]] | None:
    """The status rows, or None when the cloud is not running."""
    reply = ask(state, "status")
    return reply["processes"] if reply else None


def start(state: Path, specifications: list[Specification], only: Sequence[str] = ()) -> None:
    """Write what to run and start the supervisor, detached from this terminal.

    With `only` the others wait for the command "start".
    """
    path = state / "run" / "processes.json"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as stream:
        json.dump([asdict(spec) for spec in specifications], stream, indent=1)
    child = _spawn(state, only)

    def answers() -> bool:
        if os.waitpid(child, os.WNOHANG) != (0, 0):
            raise CloudError(f"the supervisor ended: see {state}/log/supervisor.log")
        reply = ask(state, "status")
        return reply is not None and reply["pid"] == child

    try:
        until(answers, timeout=10, what="the supervisor to answer", interval=0.02)
    except BaseException:
        # While it does not listen nobody else could find and end it.
        _end(child)
        raise


def _end(child: int) -> None:
    try:
        os.kill(child, signal.SIGTERM)
        os.waitpid(child, 0)
    except (ProcessLookupError, ChildProcessError):
        return  # It ended by itself, and was waited for.


def _spawn(state: Path, only: Sequence[str]) -> int:
    """Without the site module it needs half the memory; -P keeps this folder out of sys.path."""
    words = [sys.executable, "-S", "-P", "-m", "synnefo.cloud.supervisor", str(state), *only]
    environment = {"PYTHONPATH": str(CHECKOUT), "PATH": os.environ.get("PATH", os.defpath)}
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    log = str(state / "log" / "supervisor.log")
    files = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, log, flags, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    return os.posix_spawn(words[0], words, environment, file_actions=files, setsid=True)


def stop(state: Path, names: list[str] | None = None) -> bool:
    """Stop these processes, or all with the supervisor; False when none ran."""
    return ask(state, "stop", names, timeout=180) is not None
