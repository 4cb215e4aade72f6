"""OS definitions as they lie on a node: found by name, read, and judged."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganeti_backend.errors import OperatingSystemError

NAME = re.compile(r"[A-Za-z0-9_-]+")
KNOWN_VERSIONS = frozenset({10, 15, 20})
WITH_VARIANTS = 15
WITH_PARAMETERS = 20
SCRIPTS = ("create", "import", "export", "rename")
VERIFY = "verify"
VERSION_FILE = "ganeti_api_version"
VARIANTS_FILE = "variants.list"
PARAMETERS_FILE = "parameters.list"
LARGEST_FILE = 1 << 20
SHIPPED = Path(__file__).parent / "shipped"


class BrokenError(Exception):
    """Why a folder is not a definition that can be used."""


@dataclass(frozen=True)
class Definition:
    """One folder. `problem` says why it cannot be used, and is empty if it can."""

    name: str
    folder: Path
    problem: str = ""
    api_versions: tuple[int, ...] = ()
    variants: tuple[str, ...] = ()
    parameters: tuple[tuple[str, str], ...] = ()

    @property
    def api_version(self) -> int:
        """The newest version that both sides speak."""
        return max(KNOWN_VERSIONS.intersection(self.api_versions))

    def variant(self, wanted: str) -> str:
        """The variant that scripts are told: the wanted one, or the first one there is."""
        if self.api_version < WITH_VARIANTS or not self.variants:
            return ""
        return wanted or self.variants[0]

    def to_dict(self) -> dict[str, Any]:
        """As the node tells the master."""
        return {
            "name": self.name,
            "path": str(self.folder),
            "problem": self.problem,
            "api_versions": sorted(self.api_versions),
            "variants": list(self.variants),
            "parameters": [list(parameter) for parameter in self.parameters],
        }


def split_name(full: str) -> tuple[str, str]:
    """`debootstrap+default` is the definition and the variant; the variant may be missing."""
    name, _, variant = full.partition("+")
    return name, variant


def find(folders: Sequence[Path], full: str) -> Definition:
    """The usable definition of this name, or OperatingSystemError; the first folder counts."""
    name, _ = split_name(full)
    if not NAME.fullmatch(name):
        raise OperatingSystemError(f"'{full}' is not the name of an OS")
    for folder in folders:
        if (folder / name).is_dir():
            found = read(folder / name)
            if found.problem:
                raise OperatingSystemError(f"OS '{name}' is invalid: {found.problem}")
            return found
    raise OperatingSystemError(f"OS '{name}' not found")


def diagnose(folders: Iterable[Path]) -> list[Definition]:
    """All definitions, also the broken ones and those that another folder's hides."""
    found: list[Definition] = []
    for folder in folders:
        if folder.is_dir():
            names = sorted(p.name for p in folder.iterdir() if NAME.fullmatch(p.name))
            found.extend(read(folder / name) for name in names if (folder / name).is_dir())
    return found


def read(folder: Path) -> Definition:
    """Read a folder; never an error, what is wrong stands in `problem`."""
    versions: tuple[int, ...] = ()
    try:
        versions = _versions(folder)
        if not KNOWN_VERSIONS.intersection(versions):
            known = ", ".join(map(str, sorted(KNOWN_VERSIONS)))
            found = ", ".join(map(str, versions))
            raise BrokenError(f"API version mismatch, there is {found}, needed is one of {known}")
        newest = max(KNOWN_VERSIONS.intersection(versions))
        _check_scripts(folder, newest)
        return Definition(
            name=folder.name,
            folder=folder,
            api_versions=versions,
            variants=_variants(folder) if newest >= WITH_VARIANTS else (),
            parameters=_parameters(folder) if newest >= WITH_PARAMETERS else (),
        )
    except (BrokenError, OSError) as error:
        return Definition(folder.name, folder, _words(error), versions)


def _words(error: BrokenError | OSError) -> str:
    if isinstance(error, OSError):
        return f"cannot read {error.filename}: {error.strerror}"
    return str(error)


def _lines(path: Path) -> list[str]:
    with path.open("rb") as file:
        text = file.read(LARGEST_FILE).decode(errors="replace")
    return [line.strip() for line in text.splitlines()]


def _versions(folder: Path) -> tuple[int, ...]:
    path = folder / VERSION_FILE
    if not path.is_file():
        raise BrokenError(f"required file '{VERSION_FILE}' not found under path {folder}")
    lines = [line for line in _lines(path) if line]
    if not all(line.isascii() and line.isdigit() for line in lines):
        raise BrokenError(f"'{VERSION_FILE}' holds something that is not a number")
    return tuple(int(line) for line in lines)


def _check_scripts(folder: Path, version: int) -> None:
    needed = (*SCRIPTS, *([VERIFY] if version >= WITH_PARAMETERS else []))
    for name in needed:
        path = folder / name
        if not path.is_file():
            raise BrokenError(f"required file '{name}' not found under path {folder}")
        if not os.access(path, os.X_OK):
            raise BrokenError(f"file '{name}' under path {folder} is not executable")


def _variants(folder: Path) -> tuple[str, ...]:
    path = folder / VARIANTS_FILE
    if not path.is_file():
        return ()
    return tuple(line for line in _lines(path) if line and not line.startswith("#"))


def _parameters(folder: Path) -> tuple[tuple[str, str], ...]:
    path = folder / PARAMETERS_FILE
    if not path.is_file():
        raise BrokenError(f"required file '{PARAMETERS_FILE}' not found under path {folder}")
    found = []
    for line in _lines(path):
        if line:
            name, *text = line.split(None, 1)
            found.append((name.lower(), text[0] if text else ""))
    return tuple(found)
