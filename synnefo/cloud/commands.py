"""Runs outside programs: finds them, times them out, and turns failure into one line."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from synnefo.cloud.errors import CloudError

# A plain user's PATH on Debian has no sbin, where mke2fs and libvirtd live.
SEARCH_PATH = os.pathsep.join(
    [os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/bin"]
)

INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def find(program: str) -> str | None:
    """The full path of a program, or None."""
    return shutil.which(program, path=SEARCH_PATH)


def run(
    argv: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    timeout: float = 600,
    log: Path | None = None,
    own_words: bool = False,
) -> str:
    """Run to the end and return what it printed; raise CloudError with its last line otherwise.

    With `own_words` the program is one of ours that words its failures for people.
    """
    words = [str(word) for word in argv]
    try:
        done = _completed(words, dict(env) if env is not None else None, cwd, timeout)
    except FileNotFoundError:
        raise CloudError(f"the program {words[0]} is missing") from None
    except subprocess.TimeoutExpired:
        raise CloudError(f"{_name(words)} did not end within {timeout:.0f} s") from None
    output = done.stdout.decode(errors="replace")
    problem = done.stderr.decode(errors="replace")
    if log is not None:
        with log.open("a", encoding="utf-8") as stream:
            stream.write(f"$ {' '.join(words)}\n{output}{problem}")
    if done.returncode != 0:
        if own_words and problem.startswith("CommandError: "):
            raise CloudError(problem.removeprefix("CommandError: ").strip())
        raise CloudError(_failure(words, done.returncode, problem or output, log))
    return output


def _completed(
    words: list[str], env: dict[str, str] | None, cwd: Path | None, timeout: float
) -> subprocess.CompletedProcess[bytes]:
    """As subprocess.run, but an interrupt while the program is being started ends it, too."""
    held: list[int] = []
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in INTERRUPTS:
            before[number] = signal.signal(number, lambda number, _: held.append(number))
    try:
        process = subprocess.Popen(
            words,
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    with process:
        try:
            for one in held:
                signal.raise_signal(one)
            output, problem = process.communicate(timeout=timeout)
        except BaseException:
            process.kill()
            process.wait()
            raise
    return subprocess.CompletedProcess(words, process.returncode, output, problem)


def _failure(words: list[str], code: int, text: str, log: Path | None) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    last = lines[-1] if lines else "no output"
    where = f" (see {log})" if log else ""
    return f"{_name(words)} failed with exit code {code}: {last}{where}"


def _name(words: list[str]) -> str:
    """Enough of the command to recognise it: the program and its first plain words."""
    plain = [Path(words[0]).name]
    plain += [word for word in words[1:4] if re.fullmatch(r"[a-z][\w.-]*", word)]
    return " ".join(plain)
