"""Runs outside programs: a list of arguments, a time limit, a line in the log, one error.

There is no shell in between, and a program that outlives its limit is ended with all its children.
"""

import logging
import os
import shlex
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ganeti_backend.errors import CommandError
from ganeti_backend.programs.conversation import Conversation, Sink, Tail

log = logging.getLogger(__name__)

SHOWN_OUTPUT = 2000
# A program that writes without end must not fill the memory of a daemon.
LARGEST_OUTPUT = 32 << 20


class CommandTimeoutError(CommandError):
    """The program took longer than it may."""


class CommandFailedError(CommandError):
    """The program ended with an exit code or by a signal: `what`, and all it has written."""

    def __init__(self, message: str, what: str, output: bytes) -> None:
        super().__init__(message)
        self.what = what
        self.output = output


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
    keep: int = LARGEST_OUTPUT,
) -> Output:
    """Run a program to its end; CommandError if it fails, cannot start or takes too long.

    Of each stream the last `keep` bytes are kept.
    """
    words = [str(argument) for argument in arguments]
    process = _start(words, env, cwd)
    stdout, stderr = Tail(keep), Tail(keep)
    in_time = _talk(process, {process.stdout: stdout, process.stderr: stderr}, stdin, timeout)
    if not in_time:
        raise _failure(words, _late(timeout), stdout.content + stderr.content, CommandTimeoutError)
    log.debug("%s: exit %d", shlex.join(words), process.returncode)
    if process.returncode != 0:
        what = exit_text(process.returncode)
        error = _failure(words, what, stderr.content or stdout.content)
        raise CommandFailedError(error.message, what, stdout.content + stderr.content)
    return Output(stdout.content, stderr.content)


def stream(
    arguments: Sequence[str | Path], on_output: Callable[[str], None], *, timeout: float = 3600
) -> None:
    """Run a program and pass on what it writes as it comes; an exception in there ends it."""
    words = [str(argument) for argument in arguments]
    process = _start(words, None, None, stderr=subprocess.STDOUT)
    seen = Tail(SHOWN_OUTPUT)

    def pass_on(part: bytes) -> None:
        seen(part)
        on_output(part.decode(errors="replace"))

    if not _talk(process, {process.stdout: pass_on}, b"", timeout):
        raise _failure(words, _late(timeout), seen.content, CommandTimeoutError)
    log.debug("%s: exit %d", shlex.join(words), process.returncode)
    if process.returncode != 0:
        raise _failure(words, exit_text(process.returncode), seen.content)


def _talk(
    process: "subprocess.Popen[bytes]",
    sinks: Mapping[IO[bytes] | None, Sink],
    stdin: bytes,
    timeout: float,
) -> bool:
    """Hold the conversation to its end; whatever ends it early ends the program too."""
    by_descriptor = {pipe.fileno(): sink for pipe, sink in sinks.items() if pipe is not None}
    in_time = False
    try:
        feed = iter([stdin]) if stdin else None
        in_time = Conversation(process, by_descriptor, feed).hold(timeout)
    finally:
        if not in_time:
            end(process)
        close(process)
    return in_time


def end(process: "subprocess.Popen[bytes]") -> None:
    """Kill a program and what it started; one whose end was collected is left alone."""
    if process.returncode is not None:
        return
    try:
        # Not collected yet, so the number of its group cannot be anybody else's.
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        log.debug("process %d ended by itself", process.pid)


def close(process: "subprocess.Popen[bytes]") -> None:
    """Collect a program that has ended or was killed, and let go of its pipes."""
    process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


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


def exit_text(code: int) -> str:
    """How a program ended."""
    return f"exit {code}" if code >= 0 else f"signal {-code}"


def _late(timeout: float) -> str:
    return f"took longer than {timeout:g} s"


def _failure(
    words: list[str], what: str, output: bytes, kind: type[CommandError] = CommandError
) -> CommandError:
    shown = output.decode(errors="replace").strip()[-SHOWN_OUTPUT:]
    log.warning("%s: %s: %s", shlex.join(words), what, shown)
    return kind(f"{words[0]}: {what}" + (f": {shown}" if shown else ""))
