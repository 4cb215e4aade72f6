"""Looks for secrets where none may be: logs, job files, messages, arguments of processes."""

from collections.abc import Iterator, Mapping
from pathlib import Path

FOLDERS = ("log", "cluster/queue", "cluster/hook-notes", "bus", "eventd", "hooks")


def spilled(state: Path, secrets: Mapping[str, str]) -> Iterator[str]:
    """Each secret that lies somewhere, with the place."""
    for path in _readable(state):
        text = path.read_bytes()
        for name, secret in secrets.items():
            if secret.encode() in text:
                yield f"{name} is in {path}"


def _readable(state: Path) -> Iterator[Path]:
    for folder in FOLDERS:
        yield from (path for path in (state / folder).rglob("*") if path.is_file())
    yield from Path("/proc").glob("[0-9]*/cmdline")
