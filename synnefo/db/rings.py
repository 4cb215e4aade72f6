"""Ringing the doorbell after a commit: `intents` wakes dispatchers, `changes` the browsers.

And `doubts` asks the reconciler to look at one server now. The doorbell itself is built above this
layer, by the factory that the setting SYNNEFO_WIRING names.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from synnefo.ports import Doorbell

INTENTS = "intents"
CHANGES = "changes"
DOUBTS = "doubts"
# PostgreSQL takes 8000 bytes in one notification.
TOGETHER = 100


def _ring(topic: str, payload: dict[str, Any]) -> None:
    wiring = getattr(settings, "SYNNEFO_WIRING", "synnefo.wiring")
    doorbell: Doorbell = import_string(f"{wiring}.doorbell")()
    doorbell.ring(topic, payload)


def intents_recorded() -> None:
    """There is something to submit."""
    transaction.on_commit(partial(_ring, INTENTS, {}))


def changed(project_id: str, kind: str, identifier: object) -> None:
    """A resource of a project is no longer what it was."""
    payload = {"project": project_id, "kind": kind, "id": str(identifier)}
    transaction.on_commit(partial(_ring, CHANGES, payload))


def changed_together(kind: str, some: Iterable[tuple[str, object]]) -> None:
    """The same of many resources, given with their projects: a bell for each hundred of them."""
    of_project: dict[str, list[str]] = {}
    for project_id, identifier in some:
        of_project.setdefault(project_id, []).append(str(identifier))
    for project_id, identifiers in of_project.items():
        for start in range(0, len(identifiers), TOGETHER):
            named = identifiers[start : start + TOGETHER]
            which = {"ids": named} if len(named) > 1 else {"id": named[0]}
            payload = {"project": project_id, "kind": kind, **which}
            transaction.on_commit(partial(_ring, CHANGES, payload))


def doubt(backend_id: int | None, server_id: int | None) -> None:
    """The reports about a server do not fit together, or about a backend when none is named."""
    if backend_id is not None:
        payload = {"backend": backend_id, "server": server_id}
        transaction.on_commit(partial(_ring, DOUBTS, payload))
