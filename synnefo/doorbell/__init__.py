"""The port Doorbell: among processes of one machine, or through PostgreSQL."""

from __future__ import annotations

from pathlib import Path

from synnefo.ports import Doorbell


def open_doorbell(setting: str, database: str = "") -> Doorbell:
    """The doorbell at `local:/abs/dir`, or `postgres` on the database with that address."""
    kind, _, rest = setting.partition(":")
    if kind == "local":
        from synnefo.doorbell.local import LocalDoorbell

        return LocalDoorbell(Path(rest))
    if kind == "postgres":
        from synnefo.doorbell.postgres import PostgresDoorbell

        return PostgresDoorbell(database)
    raise ValueError(f"not a doorbell: {setting} (expected local:/dir or postgres)")
