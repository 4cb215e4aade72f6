"""Ringing the doorbell after a commit: `intents` wakes dispatchers, `changes` the browsers.

And `doubts` asks the reconciler to look at one server now. The doorbell itself is built above this
layer, by the factory that the setting SYNNEFO_WIRING names.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from synnefo.ports import Doorbell

INTENTS = "intents"
CHANGES = "changes"
DOUBTS = "doubts"


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


def doubt(backend_id: int | None, server_id: int | None) -> None:
    """The reports about a server do not fit together, or about a backend when none is named."""
    if backend_id is not None:
        payload = {"backend": backend_id, "server": server_id}
        transaction.on_commit(partial(_ring, DOUBTS, payload))
