"""Where the fake storage writes its disks down: one small file each, so that they outlive it.

A node's own book is kept in memory too, since a node with a thousand disks is asked often. A shared
one is read anew each time, because other nodes write in it.
"""

import json
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ganeti_backend.storage.base import identifier

TOTAL = 4 * 1024 * 1024
SUFFIX = ".fake"
Entry = dict[str, Any]


class Book:
    """Entries by template and uuid; hold `lock` from a look to the change that follows from it."""

    def __init__(self, folder: Path, *, shared: bool = False) -> None:
        self.folder = folder
        self.lock = threading.RLock()
        self._shared = shared
        self._entries = {} if shared else self._read_all()
        self._held = _sum(self._entries.values())

    def entry(self, key: str) -> Entry | None:
        """What stands there, as a copy."""
        if self._shared:
            path = self.file(key)
            return dict(json.loads(path.read_text())) if path.exists() else None
        found = self._entries.get(key)
        return dict(found) if found is not None else None

    def write(self, key: str, entry: Mapping[str, Any]) -> None:
        """In one step, so that a killed daemon leaves the old entry or the new one."""
        temporary = self.folder / f".{key}.new"
        temporary.write_text(json.dumps(entry))
        temporary.rename(self.file(key))
        if not self._shared:
            old = self._entries.get(key, {"size": 0})
            self._entries[key] = dict(entry)
            self._held += int(entry["size"]) - int(old["size"])

    def strike(self, key: str) -> None:
        """Out; it may be gone already."""
        self.file(key).unlink(missing_ok=True)
        self._held -= int(self._entries.pop(key, {"size": 0})["size"])

    def free(self) -> int:
        """MiB that no disk has."""
        return TOTAL - (_sum(self._read_all().values()) if self._shared else self._held)

    def file(self, key: str) -> Path:
        """Where the entry is kept."""
        return self.folder / f"{key}{SUFFIX}"

    def _read_all(self) -> dict[str, Entry]:
        return {
            path.name.removesuffix(SUFFIX): json.loads(path.read_text())
            for path in self.folder.glob(f"*{SUFFIX}")
        }


def _sum(entries: Iterable[Entry]) -> int:
    return sum(int(entry["size"]) for entry in entries)


def key_of(template: str, disk: Mapping[str, Any]) -> str:
    """The same disk may be there twice while it is copied to another template."""
    return f"{identifier(disk.get('uuid'), 'disk')}.{template}"
