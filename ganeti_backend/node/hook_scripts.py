"""Runs the hook scripts of one node: every executable of a folder, in the order of their names.

Which hooks run when, and what their results mean for a job, is decided on the master. It waits for
the answer only so long; the scripts of a folder therefore share a time limit, and each one that
did not get its turn is reported as one that took too long.
"""

import os
import time
from collections.abc import Mapping
from pathlib import Path

from ganeti_backend.errors import CommandError
from ganeti_backend.programs import command
from ganeti_backend.programs.hook_folders import NAME, place

PATH = "/sbin:/bin:/usr/sbin:/usr/bin"
TIMEOUT = 60.0
# All scripts of a folder together; less than the call's own limit in `node_rpc.calls.HOOKS_RUN`.
BUDGET = 240.0
SHOWN_OUTPUT = 10_000
SUCCESS, ERROR, LATE = "success", "error", "timeout"


def run(
    folder: Path,
    hooks_path: str,
    phase: str,
    env: Mapping[str, str],
    timeout: float = TIMEOUT,
    budget: float = BUDGET,
) -> list[list[str]]:
    """Each script's name below `folder`, its result (success, error, timeout) and its output."""
    scripts = place(folder, hooks_path, phase)
    if not scripts.is_dir():
        return []
    # Hooks see nothing of the daemon's environment.
    clean = {"PATH": PATH, **{k: str(v) for k, v in env.items() if k.startswith("GANETI_")}}
    found = sorted(p for p in scripts.iterdir() if NAME.fullmatch(p.name) and _runnable(p))
    deadline = time.monotonic() + budget
    results = []
    for script in found:
        left = min(timeout, deadline - time.monotonic())
        results.append([f"{scripts.name}/{script.name}", *_run_one(script, clean, left)])
    return results


def _runnable(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def _run_one(script: Path, env: Mapping[str, str], timeout: float) -> tuple[str, str]:
    if timeout <= 0:
        return LATE, "not run: the hooks before it took all the time there is"
    try:
        output = command.run([script], timeout=timeout, env=env, cwd=Path("/"), keep=SHOWN_OUTPUT)
    except command.CommandTimeoutError as error:
        return LATE, error.message
    except command.CommandFailedError as error:
        # What the script says is what its author wants people to read.
        said = error.output.decode(errors="replace").strip()
        return ERROR, said or f"ended with {error.what} and said nothing"
    except CommandError as error:
        return ERROR, error.message
    return SUCCESS, (output.stdout + output.stderr).decode(errors="replace")[-SHOWN_OUTPUT:]
