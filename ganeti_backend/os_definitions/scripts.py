"""Runs one script of an OS definition: no shell, a clean environment, a log file, a time limit."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ganeti_backend.errors import OperatingSystemError
from ganeti_backend.os_definitions.definition import Definition
from ganeti_backend.os_definitions.script_log import ScriptLog
from ganeti_backend.programs import command
from ganeti_backend.programs.conversation import Conversation, Sink

SIZE_VARIABLE = "EXP_SIZE_FD"
Process = subprocess.Popen[bytes]


@dataclass(frozen=True)
class Script:
    """What to run, and how long it may take."""

    definition: Definition
    name: str
    environment: Mapping[str, str]
    limit: float
    arguments: Sequence[str] = ()

    @property
    def path(self) -> Path:
        return self.definition.folder / self.name


@dataclass(frozen=True)
class Hearing:
    """Who follows a run: `started` gets the process, `look` may raise to end it."""

    started: Callable[[Process], None] = lambda _process: None
    look: Callable[[], None] | None = None


def run(
    script: Script,
    log: ScriptLog,
    feed: Iterator[bytes] | None = None,
    hearing: Hearing | None = None,
) -> None:
    """Run it with everything it says in the log; OperatingSystemError with the log's last lines."""
    process = _start(script, script.environment, subprocess.STDOUT)
    assert process.stdout is not None
    _hold(script, process, {process.stdout.fileno(): log}, log, feed, hearing)


def export(
    script: Script, log: ScriptLog, output: Sink, size: Callable[[int], None], hearing: Hearing
) -> None:
    """Run an export: `output` gets what it dumps, `size` what it foretells of the length."""
    reading, writing = os.pipe()
    try:
        environment = {**script.environment, SIZE_VARIABLE: str(writing)}
        process = _start(script, environment, subprocess.PIPE, writing)
    except BaseException:
        os.close(reading)
        raise
    finally:
        os.close(writing)
    assert process.stdout is not None
    assert process.stderr is not None

    def foretell(part: bytes) -> None:
        if part.strip().isdigit():
            size(int(part))

    sinks: dict[int, Sink] = {
        process.stdout.fileno(): output,
        process.stderr.fileno(): log,
        reading: foretell,
    }
    try:
        _hold(script, process, sinks, log, None, hearing)
    finally:
        os.close(reading)


def _start(
    script: Script, environment: Mapping[str, str], stderr: int, passed: int | None = None
) -> Process:
    try:
        return subprocess.Popen(
            [str(script.path), *script.arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=dict(environment),
            cwd=script.definition.folder,
            pass_fds=() if passed is None else (passed,),
            start_new_session=True,
        )
    except OSError as error:
        text = f"OS {script.name} script {script.path} cannot be run: {error.strerror}"
        raise OperatingSystemError(text) from error


def _hold(
    script: Script,
    process: Process,
    sinks: Mapping[int, Sink],
    log: ScriptLog,
    feed: Iterator[bytes] | None,
    hearing: Hearing | None,
) -> None:
    """Follow the script to its end; it never outlives this function."""
    hearing = hearing or Hearing()
    in_time = False
    try:
        hearing.started(process)
        in_time = Conversation(process, sinks, feed, hearing.look).hold(script.limit)
    finally:
        if not in_time:
            command.end(process)
        command.close(process)
    if not in_time:
        raise OperatingSystemError(_failure(script, f"took longer than {script.limit:g} s", log))
    if process.returncode != 0:
        raise OperatingSystemError(_failure(script, command.exit_text(process.returncode), log))


def _failure(script: Script, what: str, log: ScriptLog) -> str:
    said = log.tail
    head = f"OS {script.name} script of '{script.definition.name}' failed ({what})"
    return f"{head}, last lines in the log file:\n{said}" if said else f"{head} and said nothing"
