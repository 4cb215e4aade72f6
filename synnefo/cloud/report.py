"""`./cloud status` and `./cloud logs`: what runs, how well, and what it wrote."""

from __future__ import annotations

import json
import sys
import time
from calendar import timegm
from collections import deque
from pathlib import Path
from typing import Any

from synnefo.cloud import first_server, supervisor_client
from synnefo.cloud.errors import CloudError
from synnefo.cloud.layout import Layout
from synnefo.cloud.waiting import pause

COLUMNS = ("name", "state", "pid", "since", "restarts", "metrics", "log")
SHOWN_LINES = 200
NOT_RUNNING = 3
# So long after a process started, signs of life of the backends must have come through.
SETTLED_SECONDS = 60
ALIVE = ("heard", "behind")


def status(layout: Layout, *, as_json: bool) -> int:
    """Print the processes; the exit code says whether all of them are well."""
    rows = supervisor_client.processes(layout.state)
    health = None if rows is None else first_server.health(layout.url)
    backends = health["backends"] if health else []
    if as_json:
        print(json.dumps(_document(layout, rows, health), indent=1))
    elif rows is None:
        print(f"The cloud in {layout.state} is not running: ./cloud up starts it.")
    else:
        _table(rows)
        print(f"\n{layout.url}/ {'answers' if health else 'does not answer'}")
        for backend in backends:
            print(f"backend {backend['name']}: {_life(backend)}")
    if rows is None:
        return NOT_RUNNING
    well = health is not None and all(row["state"] == "running" for row in rows)
    return 0 if well and (_followed(backends) or not _settled(rows)) else 1


def _followed(backends: list[dict[str, Any]]) -> bool:
    """Whether what happens on all of them arrives here."""
    return all(backend["heartbeat"] in ALIVE for backend in backends)


def _settled(rows: list[dict[str, Any]]) -> bool:
    """Whether all processes have run for a while."""
    started = max(timegm(time.strptime(row["since"], "%Y-%m-%dT%H:%M:%SZ")) for row in rows)
    return time.time() - started > SETTLED_SECONDS


def _life(backend: dict[str, Any]) -> str:
    """The last sign of life that came the whole way: job queue, eventd, bus, dispatcher, tables."""
    if backend["age"] is None:
        return "no sign of life yet"
    return f"{backend['heartbeat']}, {backend['age']:.0f} s ago, {backend['lag']:.3f} s under way"


def _document(
    layout: Layout, rows: list[dict[str, Any]] | None, health: dict[str, Any] | None
) -> dict[str, Any]:
    return {
        "state": str(layout.state),
        "url": layout.url,
        "profile": layout.choices.profile,
        "hypervisor": layout.choices.hypervisor,
        "running": rows is not None,
        "healthy": health is not None,
        "backends": health["backends"] if health else [],
        "processes": rows or [],
    }


def _table(rows: list[dict[str, Any]]) -> None:
    cells = [[str("-" if row[name] is None else row[name]) for name in COLUMNS] for row in rows]
    table = [[name.upper() for name in COLUMNS], *cells]
    widths = [max(len(line[index]) for line in table) for index in range(len(COLUMNS))]
    for line in table:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        )


def logs(layout: Layout, name: str | None, *, follow: bool) -> None:
    """Print the end of a log, and what is added to it if asked; or the names of all logs."""
    known = sorted(log.stem for log in (layout.state / "log").glob("*.log"))
    if name is None:
        print("\n".join(known))
        return
    path = layout.state / "log" / f"{name}.log"
    if name not in known:
        raise CloudError(f"there is no log {name}; there are {', '.join(known) or 'none'}")
    position = _print_end(path)
    try:
        while follow:
            position = _print_from(path, position)
            pause(0.2)
    except KeyboardInterrupt:
        return


def _print_end(path: Path) -> int:
    with path.open("rb") as stream:
        for line in deque(stream, SHOWN_LINES):
            sys.stdout.write(line.decode(errors="replace"))
        sys.stdout.flush()
        return stream.tell()


def _print_from(path: Path, position: int) -> int:
    if path.stat().st_size < position:
        position = 0  # It was rotated.
    with path.open("rb") as stream:
        stream.seek(position)
        sys.stdout.write(stream.read().decode(errors="replace"))
        sys.stdout.flush()
        return stream.tell()
