"""Runs the hook scripts of one node: every executable of a folder, in the order of their names.

Which hooks run when, and what their results mean for a job, is decided on the master.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from ganeti_backend import command
from ganeti_backend.errors import CommandError, GenericError

# The names that run-parts takes: no dots, so that backups and package leftovers are not run.
NAME = re.compile(r"[a-zA-Z0-9_-]+")
KNOWN_PHASES = ("pre", "post")
PATH = "/sbin:/bin:/usr/sbin:/usr/bin"
TIMEOUT = 60.0
SHOWN_OUTPUT = 10_000


def run(
    folder: Path, hooks_path: str, phase: str, env: Mapping[str, str], timeout: float = TIMEOUT
) -> list[list[str]]:
    """Each script's name below `folder`, its result (success, error, timeout) and its output."""
    if phase not in KNOWN_PHASES or not NAME.fullmatch(hooks_path):
        raise GenericError(f"there are no hooks {hooks_path!r} {phase!r}")
    scripts = folder / f"{hooks_path}-{phase}.d"
    if not scripts.is_dir():
        return []
    # Hooks see nothing of the daemon's environment.
    clean = {"PATH": PATH, **{k: str(v) for k, v in env.items() if k.startswith("GANETI_")}}
    found = sorted(p for p in scripts.iterdir() if NAME.fullmatch(p.name) and _runnable(p))
    return [[f"{scripts.name}/{p.name}", *_run_one(p, clean, timeout)] for p in found]


def _runnable(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def _run_one(script: Path, env: Mapping[str, str], timeout: float) -> tuple[str, str]:
    try:
        output = command.run([script], timeout=timeout, env=env, cwd=Path("/"))
    except command.CommandTimeoutError as error:
        return "timeout", error.message
    except CommandError as error:
        return "error", error.message
    return "success", (output.stdout + output.stderr).decode(errors="replace")[-SHOWN_OUTPUT:]
