"""What an operator sets: lines NAME=VALUE in the file `frontend.env` of the state folder.

The names are those of synnefo/settings. What the cloud itself decides (where its parts are) is not
for this file, and the terminal that happens to start the cloud sets nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from synnefo.cloud.errors import CloudError

LINE = re.compile(r"(SYNNEFO_[A-Z0-9_]+)=(.*)")


def read(file: Path, decided: Iterable[str]) -> dict[str, str]:
    """The settings in the file, if there is one; `decided` are those that it may not set."""
    if not file.exists():
        return {}
    found = {}
    for number, line in enumerate(file.read_text().splitlines(), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        match = LINE.fullmatch(text)
        if match is None:
            raise CloudError(f"{file}, line {number}: not SYNNEFO_NAME=VALUE: {text[:80]}")
        if match[1] in decided:
            raise CloudError(f"{file}, line {number}: {match[1]} is decided by the cloud itself")
        found[match[1]] = match[2].strip()
    return found
