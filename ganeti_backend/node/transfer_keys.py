"""Keys with which this node and one of another cluster know each other for the time of one move.

Private keys never leave the node. What nobody took away is too old to be of use after a day, and
goes when the next key is made.
"""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from ganeti_backend.durable import SECRET_MODE, replace
from ganeti_backend.errors import StorageError
from ganeti_backend.storage.base import identifier

DAYS = 1
# Ganeti's own sender expects this name and no other.
NAME = "ganeti.example.com"
CERTIFICATE, KEY = "cert", "key"


@dataclass(frozen=True)
class TransferKey:
    """The files of one pair."""

    certificate: Path
    key: Path


class TransferKeys:
    """All pairs of a node."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def make(self, name: str) -> str:
        """The certificate of the pair of this name, made unless it is there."""
        from ganeti_backend.certificates import authority

        self._prune()
        found = self._pair(name)
        if not found.certificate.exists():
            found.key.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            key, certificate = authority.new_pair(NAME, DAYS)
            replace(found.key, key, SECRET_MODE)
            replace(found.certificate, certificate, SECRET_MODE)
        return found.certificate.read_text()

    def find(self, name: str) -> TransferKey:
        found = self._pair(name)
        if not found.certificate.exists():
            raise StorageError(f"there is no key {name} for a move to another cluster")
        return found

    def remove(self, name: str) -> None:
        shutil.rmtree(self._pair(name).key.parent, ignore_errors=True)

    def _pair(self, name: str) -> TransferKey:
        folder = self._folder / identifier(name, "key")
        return TransferKey(folder / CERTIFICATE, folder / KEY)

    def _prune(self) -> None:
        oldest = time.time() - 2 * DAYS * 86400
        for folder in self._folder.iterdir() if self._folder.is_dir() else ():
            if folder.stat().st_mtime < oldest:
                shutil.rmtree(folder, ignore_errors=True)
