"""Runs outside programs: a list of arguments, a time limit, a line in the log, one error.

There is no shell in between, and a program that outlives its limit is ended with all its children.
"""

import logging
import os
import shlex
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ganeti_backend.errors import CommandError

log = logging.getLogger(__name__)

SHOWN_OUTPUT = 2000
READ_SIZE = 4096


class CommandTimeoutError(CommandError):
    """The program took longer than it may."""


@dataclass(frozen=True)
class Output:
    """What a program that ended well has written."""

    stdout: bytes
    stderr: bytes

    @property
    def text(self) -> str:
        """Standard output as text."""
        return self.stdout.decode(errors="replace")


def run(
    arguments: Sequence[str | Path],
    *,
    timeout: float = 60,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: bytes = b"",
) -> Output:
    """Run a program to its end; CommandError if it fails, cannot start or takes too long."""
    words = [str(argument) for argument in arguments]
    process = _start(words, env, cwd)
    try:
        stdout, stderr = process.communicate(stdin, timeout=timeout)
    except subprocess.TimeoutExpired:
        end(process)
        stdout, stderr = process.communicate()
        raise _failure(words, _late(timeout), stdout + stderr, CommandTimeoutError) from None
    log.debug("%s: exit %d", shlex.join(words), process.returncode)
    if process.returncode != 0:
        raise _failure(words, f"exit {process.returncode}", stderr or stdout)
    return Output(stdout, stderr)


def stream(
    arguments: Sequence[str | Path], on_output: Callable[[str], None], *, timeout: float = 3600
) -> None:
    """Run a program and pass on what it writes as it comes; an exception in there ends it."""
    words = [str(argument) for argument in arguments]
    process = _start(words, None, None, stderr=subprocess.STDOUT)
    late = threading.Event()

    def give_up() -> None:
        late.set()
        end(process)

    limit = threading.Timer(timeout, give_up)
    limit.start()
    seen = b""
    try:
        for part in _parts(process.stdout):
            seen = (seen + part)[-SHOWN_OUTPUT:]
            on_output(part.decode(errors="replace"))
        code = process.wait()
    finally:
        limit.cancel()
        end(process)
        process.communicate()
    log.debug("%s: exit %d", shlex.join(words), code)
    if late.is_set():
        raise _failure(words, _late(timeout), seen, CommandTimeoutError)
    if code != 0:
        raise _failure(words, f"exit {code}", seen)


def end(process: "subprocess.Popen[bytes]") -> None:
    """Kill a program and what it started; one that has ended already is left alone."""
    if process.poll() is not None:
        return
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        log.debug("process %d ended by itself", process.pid)


def _start(
    words: list[str],
    env: Mapping[str, str] | None,
    cwd: Path | None,
    stderr: int = subprocess.PIPE,
) -> "subprocess.Popen[bytes]":
    try:
        # A session of its own keeps the daemon's signals away and lets `end` reach the children.
        return subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=None if env is None else dict(env),
            cwd=cwd,
            start_new_session=True,
        )
    except OSError as error:
        raise CommandError(f"{words[0]} cannot be run: {error.strerror}") from error


def _parts(output: IO[bytes] | None) -> Iterator[bytes]:
    """What a pipe delivers, as it comes."""
    while output is not None and (part := os.read(output.fileno(), READ_SIZE)):
        yield part


def _late(timeout: float) -> str:
    return f"took longer than {timeout:g} s"


def _failure(
    words: list[str], what: str, output: bytes, kind: type[CommandError] = CommandError
) -> CommandError:
    shown = output.decode(errors="replace").strip()[-SHOWN_OUTPUT:]
    log.warning("%s: %s: %s", shlex.join(words), what, shown)
    return kind(f"{words[0]}: {what}" + (f": {shown}" if shown else ""))
