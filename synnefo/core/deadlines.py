"""How long each transition of a server may take, and what its user is told past that.

Whoever gives up ends the wish and never the server: should the job come to its end after all, or
the backend come back, the server becomes what it is there.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from synnefo.core.server_actions import ACTIONS

USUAL = timedelta(minutes=30)  # A guest gets some minutes to shut down by itself.
_LONGER: dict[str, timedelta] = {
    "create": timedelta(hours=2),  # An image is copied.
    "delete": timedelta(hours=1),
    "rebuild": timedelta(hours=2),
    "rescue_add": timedelta(hours=2),
    # A disk is written to the images' storage, or goes to another node.
    "shelve_save": timedelta(hours=6),
    "save_image": timedelta(hours=6),
    "save_backup": timedelta(hours=6),
    "save_volume": timedelta(hours=6),
    "detach_volume": timedelta(hours=6),
    "attach_volume": timedelta(hours=2),
    "migrate_move": timedelta(hours=6),
    "revert_move": timedelta(hours=6),
}
DEADLINES = {action: _LONGER.get(action, USUAL) for action in ACTIONS}
OTHERWISE = timedelta(hours=1)
# Not yet taken by a backend: a dispatcher tries again and again, and gives up by itself.
UNTAKEN = timedelta(days=1)


class Sight(StrEnum):
    """What is known of a job whose deadline is past."""

    CANCELED = "canceled"  # It had not begun, and was taken out of the queue.
    RUNNING = "running"
    SILENT = "silent"  # The backend does not answer.
    UNTAKEN = "untaken"  # No backend took it.


_HAPPENED = {
    Sight.CANCELED: "its job {job} had not begun within {limit} and was canceled",
    Sight.RUNNING: "its job {job} has not ended within {limit} and still runs",
    Sight.SILENT: "the backend has not answered for {limit}, and what became of it is not known",
    Sight.UNTAKEN: "no backend took it within {limit}",
}
_TO_DO = {
    "create": "Delete the server and create it again",
    "delete": "Delete it again",
}


def deadline(action: str) -> timedelta:
    """From the wish to its end."""
    return DEADLINES.get(action, OTHERWISE)


def sentence(action: str, sight: Sight, limit: timedelta, job: int | None) -> str:
    """What happened and what to do, for the user."""
    verb = ACTIONS[action].verb if action in ACTIONS else action
    happened = _HAPPENED[sight].format(job=job, limit=_words(limit))
    to_do = _TO_DO.get(action, f"Look at its state and {verb} it again")
    later = ""
    if sight in {Sight.RUNNING, Sight.SILENT}:
        later = "; should it be done later, the server shows it"
    return f"The {verb} was given up: {happened}. {to_do}{later}. If it persists, tell an operator."


def _words(limit: timedelta) -> str:
    minutes = int(limit.total_seconds() // 60)
    if minutes >= 120:
        return f"{minutes // 60} hours"
    return f"{minutes} minutes"
