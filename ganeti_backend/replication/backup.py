"""Backups of a cluster: configuration, live jobs, settings, certificates and RAPI users, in a file.

The file is one checked JSON line for each thing, so that a damaged one is refused with the line. It
holds the cluster's keys and is readable by its owner only.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ganeti_backend import durable, errors, settings
from ganeti_backend.configuration.config import Config
from ganeti_backend.journal import decode_line, encode_line
from ganeti_backend.queue.job_queue import JobQueue
from ganeti_backend.replication import failover
from ganeti_backend.replication.failover import StoredRow
from ganeti_backend.settings import Settings
from ganeti_backend.state_rows import Row

FORMAT = 1
HEAD = "ganeti_backend backup"


def write(path: Path, rows: Iterable[Sequence[Any]], found: Settings, settings_file: Path) -> int:
    """Write the backup; answers how many things are in it."""
    lines = [encode_line({"head": HEAD, "format": FORMAT, "cluster": found.cluster_name})]
    for file in own_files(found, settings_file):
        content = base64.b64encode(file.read_bytes()).decode()
        lines.append(
            encode_line({"file": str(file.relative_to(found.data_dir)), "content": content})
        )
    lines += [encode_line({"row": list(row)}) for row in rows if row[2] is not None]
    lines.append(encode_line({"end": len(lines)}))
    durable.replace(path, b"".join(lines), durable.SECRET_MODE)
    return len(lines)


def rows_at_rest(found: Settings) -> list[Row]:
    """The state of a cluster whose master does not run."""
    queue, config = JobQueue(found.queue_dir), Config(found.config_dir)
    queue.open()
    try:
        config.load()
        rows = [*queue.capture()(), *config.capture()()]
        config.close()
        return rows
    finally:
        queue.close()


def own_files(found: Settings, settings_file: Path) -> list[Path]:
    """What a cluster cannot do without beside its state."""
    certificates = sorted(p for p in found.tls.ca.parent.iterdir() if p.is_file())
    files = [settings_file, found.rapi.users_file, *certificates]
    return [file for file in files if file.is_relative_to(found.data_dir) and file.exists()]


def read(path: Path) -> tuple[list[StoredRow], dict[str, bytes]]:
    """The rows and files of a backup; ConfigurationError names the line that is damaged."""
    rows: list[StoredRow] = []
    files: dict[str, bytes] = {}
    whole = False
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise errors.ConfigurationError(f"cannot read {path}: {error.strerror}") from error
    for number, line in enumerate(lines, start=1):
        try:
            item = decode_line(line)
        except ValueError as error:
            raise errors.ConfigurationError(f"{path}: line {number}: {error}") from error
        if number == 1 and (item.get("head") != HEAD or item["format"] > FORMAT):
            raise errors.ConfigurationError(f"{path}: line 1: not a backup that is understood here")
        if "row" in item:
            rows.append(tuple(item["row"]))
        elif "file" in item:
            files[item["file"]] = base64.b64decode(item["content"])
        whole = item.get("end") == number - 1
    if not whole:
        raise errors.ConfigurationError(f"{path}: line {len(lines)}: the backup was cut off here")
    return rows, files


def restore(path: Path, settings_file: Path) -> list[Path]:
    """Put everything back; the master must be stopped. Answers where the old state was put.

    Certificates, users and settings that are there are kept: they may have been renewed since.
    """
    rows, files = read(path)
    data = settings_file.parent
    for name, content in files.items():
        target = data / name
        if not target.resolve().is_relative_to(data.resolve()):
            raise errors.ConfigurationError(f"{path}: '{name}' is outside of the cluster's folder")
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            durable.replace(target, content, durable.SECRET_MODE)
    found = settings.load(settings_file)
    lock = failover.master_is_gone(found)
    try:
        return failover.restore(found, rows)
    finally:
        failover.release(lock)
