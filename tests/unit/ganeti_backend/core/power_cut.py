"""A file layer that knows what a power cut would leave: only what was synced is sure to be there.

Everything below one folder is recorded, one state for each system call. `images` makes of such a
state the folders that a cut at that moment may leave: with nothing that was not synced, with all of
it, and with any part of it (a name without its content, a new content under the old name). One
thing is taken for granted, as every journalling file system keeps it: a rename is one step, also
from one folder to another.
"""

from __future__ import annotations

import copy
import os
import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest


@dataclass(eq=False)
class File:
    now: bytes = b""
    synced: bytes = b""


Entries = dict[str, Any]  # name: File, or None for a folder
Names = list[tuple[str, Any, bool]]  # name, what, whether it is there


@dataclass(eq=False)
class Move:
    """A change of names in one or two folders that happens as a whole."""

    folders: tuple[str, ...]


@dataclass
class Folder:
    now: Entries = field(default_factory=dict)
    synced: Entries = field(default_factory=dict)
    waiting: list[tuple[Move, Names]] = field(default_factory=list)


class PowerCut:
    def __init__(self, root: Path, patch: pytest.MonkeyPatch) -> None:
        self.root = str(root)
        self.folders: dict[str, Folder] = {}
        self.states: list[dict[str, Folder]] = []
        self.on_state: Callable[[], None] = lambda: None
        self._descriptors: dict[int, tuple[str, File | None]] = {}
        self._mutex = threading.RLock()
        self._adopt(root)
        for name in ("open", "close", "write", "pwrite", "ftruncate", "fsync", "fdatasync"):
            patch.setattr(os, name, self._wrapped(getattr(os, name), getattr(self, f"_{name}")))
        for name in ("rename", "unlink", "mkdir"):
            patch.setattr(os, name, self._wrapped(getattr(os, name), getattr(self, f"_{name}")))

    @property
    def now(self) -> int:
        """The number of system calls so far: what was acknowledged by now must survive a cut."""
        with self._mutex:
            return len(self.states)

    def _adopt(self, root: Path) -> None:
        """What stands there at the beginning is safe."""
        for path in [root, *sorted(root.rglob("*"))]:
            if path.is_dir():
                self.folders[str(path)] = Folder()
            if path != root:
                content = None if path.is_dir() else File(path.read_bytes(), path.read_bytes())
                parent = self.folders[str(path.parent)]
                parent.now[path.name] = parent.synced[path.name] = content

    def _wrapped(self, real: Callable[..., Any], note: Callable[..., bool]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            with self._mutex:
                result = real(*arguments, **options)
                if note(result, *arguments):
                    self.states.append(copy.deepcopy(self.folders))
                    self.on_state()
                return result

        return call

    def _place(self, path: Any) -> tuple[Folder, str] | None:
        text = os.fspath(path) if not isinstance(path, int) else ""
        parent, _, name = text.rpartition("/")
        folder = self.folders.get(parent)
        return (folder, name) if folder is not None else None

    def _put(self, place: tuple[Folder, str], content: File | None, there: bool = True) -> None:
        folder, name = place
        if there:
            folder.now[name] = content
        else:
            folder.now.pop(name, None)

    # One note for each system call: whether it changed anything here.

    def _open(self, descriptor: int, path: Any, flags: int, *_: Any) -> bool:
        text = os.fspath(path)
        if text in self.folders:
            self._descriptors[descriptor] = (text, None)
            return False
        place = self._place(path)
        if place is None:
            return False
        folder, name = place
        changed = False
        if name not in folder.now:
            made = File()
            self._put(place, made)
            folder.waiting.append((Move(()), [(name, made, True)]))
            changed = True
        found = folder.now[name]
        if flags & os.O_TRUNC and found.now:
            found.now, changed = b"", True
        self._descriptors[descriptor] = (text, found)
        return changed

    def _close(self, _result: None, descriptor: int) -> bool:
        self._descriptors.pop(descriptor, None)
        return False

    def _file(self, descriptor: int) -> File | None:
        return self._descriptors.get(descriptor, ("", None))[1]

    def _write(self, written: int, descriptor: int, content: Any) -> bool:
        file = self._file(descriptor)
        if file is None:
            return False
        file.now += bytes(content[:written])
        return True

    def _pwrite(self, written: int, descriptor: int, content: Any, offset: int) -> bool:
        file = self._file(descriptor)
        if file is None:
            return False
        padded = file.now.ljust(offset, b"\0")
        file.now = padded[:offset] + bytes(content[:written]) + padded[offset + written :]
        return True

    def _ftruncate(self, _result: None, descriptor: int, length: int) -> bool:
        file = self._file(descriptor)
        if file is None:
            return False
        file.now = file.now[:length]
        return True

    def _fsync(self, _result: None, descriptor: int) -> bool:
        path, file = self._descriptors.get(descriptor, ("", None))
        if file is not None:
            file.synced = file.now
        elif path in self.folders:
            self._sync_folder(path)
        return bool(path)

    def _sync_folder(self, path: str) -> None:
        folder = self.folders[path]
        moves = [move for move, _ in folder.waiting]
        folder.synced, folder.waiting = dict(folder.now), []
        for move in moves:
            for other in move.folders:
                if any(move is found for found, _ in self.folders[other].waiting):
                    self._sync_folder(other)

    _fdatasync = _fsync

    def _rename(self, _result: None, source: Any, target: Any) -> bool:
        old, new = self._place(source), self._place(target)
        if old is None or new is None:
            return False
        content = old[0].now.pop(old[1])
        self._put(new, content)
        move = Move((os.path.dirname(source), os.path.dirname(target)))
        for folder, names in (
            (old[0], [(old[1], None, False)]),
            (new[0], [(new[1], content, True)]),
        ):
            folder.waiting.append((move, names))
        return True

    def _unlink(self, _result: None, path: Any) -> bool:
        place = self._place(path)
        if place is None or place[1] not in place[0].now:
            return False
        self._put(place, None, there=False)
        place[0].waiting.append((Move(()), [(place[1], None, False)]))
        return True

    def _mkdir(self, _result: None, path: Any, *_: Any) -> bool:
        place = self._place(path)
        if place is None:
            return False
        self._put(place, None)
        place[0].waiting.append((Move(()), [(place[1], None, True)]))
        self.folders[os.fspath(path)] = Folder()
        return True


def images(
    folders: dict[str, Folder], root: Path, target: Path, chance: random.Random
) -> Iterator[Path]:
    """What a cut in this state may leave, each in a folder of its own."""
    ways = (lambda: False, lambda: True, lambda: chance.random() < 0.5)
    for number, keep in enumerate(ways):
        image = target / str(number)
        write(folders, str(root), image, Decision(keep))
        yield image


class Decision:
    """What of the unsynced survives; a move does so everywhere or nowhere."""

    def __init__(self, keep: Callable[[], bool]) -> None:
        self.keep = keep
        self._moves: dict[int, bool] = {}

    def keeps(self, move: Move) -> bool:
        return self._moves.setdefault(id(move), self.keep())


def write(folders: dict[str, Folder], path: str, image: Path, decision: Decision) -> None:
    image.mkdir(parents=True)
    folder = folders[path]
    entries = dict(folder.synced)
    for move, names in folder.waiting:
        if decision.keeps(move):
            for name, content, there in names:
                if there:
                    entries[name] = content
                else:
                    entries.pop(name, None)
    for name, content in entries.items():
        if isinstance(content, File):
            survives = content.now if decision.keep() else content.synced
            (image / name).write_bytes(survives)
        else:
            write(folders, f"{path}/{name}", image / name, decision)
