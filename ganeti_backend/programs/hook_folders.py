"""Where the hook scripts of an occasion lie: for `instance-add` `pre` in `instance-add-pre.d`."""

import re
from pathlib import Path

from ganeti_backend.errors import GenericError

# The names that run-parts takes: no dots, so that backups and package leftovers are not run.
NAME = re.compile(r"[a-zA-Z0-9_-]+")
KNOWN_PHASES = ("pre", "post")
WATCHER = "watcher"  # The one folder whose scripts belong to no opcode, and so to no phase.


def place(folder: Path, hooks_path: str, phase: str) -> Path:
    """The folder of an occasion below that of all hooks; GenericError for one that cannot be."""
    if (hooks_path, phase) == (WATCHER, ""):
        return folder / WATCHER
    if phase not in KNOWN_PHASES or not NAME.fullmatch(hooks_path):
        raise GenericError(f"there are no hooks {hooks_path!r} {phase!r}")
    return folder / f"{hooks_path}-{phase}.d"
