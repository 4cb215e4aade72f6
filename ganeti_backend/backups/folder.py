"""The folder of exports of one node: made beside the old one, put in its place when complete.

Names come from outside, so each is checked to be a name and nothing else.
"""

from __future__ import annotations

import configparser
import io
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ganeti_backend.durable import replace, sync_folder
from ganeti_backend.errors import StorageError
from ganeti_backend.storage.base import identifier

DESCRIPTION = "config.ini"
# In front of a name: no export is called so, because a name begins with a letter or digit.
NEW, OLD = ".new-", ".old-"
FOLDER_MODE, FILE_MODE = 0o700, 0o600
LARGEST_PIECE = 2 << 20
BLOCK = 64 << 10  # Of which those that are all zeros take up no room.


class ExportFolder:
    """All exports of a node. An export under way is no export yet."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # A crash just before the new one came into its place leaves the old one under this name.
        for old in folder.glob(f"{OLD}*") if folder.is_dir() else ():
            final = folder / old.name.removeprefix(OLD)
            if not final.exists():
                old.rename(final)

    def names(self) -> list[str]:
        """The exports that are complete."""
        if not self.folder.is_dir():
            return []
        return sorted(
            path.name
            for path in self.folder.iterdir()
            if not path.name.startswith((NEW, OLD)) and (path / DESCRIPTION).is_file()
        )

    def begin(self, name: str) -> None:
        """Make room for a new export; what an earlier try left is thrown away."""
        place = self._place(name, NEW)
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(mode=FOLDER_MODE, parents=True)

    def write(self, name: str, file: str, offset: int, data: bytes) -> None:
        """One piece of a dump, in their order; one may come twice. Zeros take up no room."""
        path = self._place(name, NEW) / identifier(file, "dump")
        # A dump that is begun anew may be shorter than what the first try left.
        begin = os.O_TRUNC if offset == 0 else 0
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | begin, FILE_MODE)
            with os.fdopen(descriptor, "wb", buffering=0) as output:
                for at in range(0, len(data), BLOCK):
                    block = data[at : at + BLOCK]
                    if block.count(0) != len(block):
                        _write_all(output.fileno(), block, offset + at)
                if os.fstat(output.fileno()).st_size < offset + len(data):
                    output.truncate(offset + len(data))
        except OSError as error:
            raise StorageError(f"cannot write the export of {name}: {error.strerror}") from error

    def finish(self, name: str, sections: Mapping[str, Mapping[str, Any]]) -> None:
        """Describe the export and put it in the place of an earlier one."""
        new, final, old = self._place(name, NEW), self._place(name), self._place(name, OLD)
        if not new.is_dir():
            if (final / DESCRIPTION).is_file():
                return  # This call came before, and the answer was lost.
            raise StorageError(f"no export of {name} is under way")
        for path in new.iterdir():
            _sync(path)
        replace(new / DESCRIPTION, compose(sections), FILE_MODE)
        shutil.rmtree(old, ignore_errors=True)
        if final.exists():
            final.rename(old)
        new.rename(final)
        sync_folder(self.folder)
        shutil.rmtree(old, ignore_errors=True)

    def abort(self, name: str) -> None:
        """Throw away what is not complete."""
        shutil.rmtree(self._place(name, NEW), ignore_errors=True)

    def remove(self, name: str) -> bool:
        """Remove an export; whether there was one."""
        place = self._place(name)
        if not place.is_dir():
            return False
        try:
            shutil.rmtree(place)
        except OSError as error:
            raise StorageError(f"cannot remove {place}: {error.strerror}") from error
        return True

    def info(self, name: str) -> dict[str, dict[str, str]]:
        """What the export says of its instance."""
        path = self._place(self.name_of(name)) / DESCRIPTION
        parser = _parser()
        try:
            parser.read_string(path.read_text())
        except OSError as error:
            raise StorageError(f"there is no export in {path.parent}: {error.strerror}") from error
        except (configparser.Error, UnicodeDecodeError) as error:
            raise StorageError(f"{path} cannot be read: {error}") from error
        return {section: dict(parser.items(section)) for section in parser.sections()}

    def name_of(self, path: str) -> str:
        """The export that a relative or absolute path means; only those of this folder."""
        given = Path(path)
        if given.is_absolute():
            if given.parent.resolve() != self.folder.resolve():
                raise StorageError(f"{path} is not below the export folder {self.folder}")
            return given.name
        return path

    def size(self, name: str, file: str) -> int:
        """The length of a dump."""
        return self._dump(name, file).stat().st_size

    def read(self, name: str, file: str, offset: int, length: int) -> bytes:
        """One piece of a dump."""
        with self._dump(name, file).open("rb") as source:
            return os.pread(source.fileno(), min(length, LARGEST_PIECE), offset)

    def _dump(self, name: str, file: str) -> Path:
        path = self._place(self.name_of(name)) / identifier(file, "dump")
        if not path.is_file():
            raise StorageError(f"there is no dump {path}")
        return path

    def _place(self, name: str, beginning: str = "") -> Path:
        return self.folder / (beginning + identifier(name, "export"))


def compose(sections: Mapping[str, Mapping[str, Any]]) -> bytes:
    """The text of a description. A value of several lines is indented, so that it reads back."""
    parser = _parser()
    parser.read_dict(sections)
    text = io.StringIO()
    parser.write(text)
    return text.getvalue().encode()


def _parser() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, default_section="", strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    return parser


def _write_all(descriptor: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, offset)
        view, offset = view[written:], offset + written


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
