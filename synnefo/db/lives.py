"""How it is with each backend's events, for whoever shows it: `/healthz`, metrics, commands."""

from __future__ import annotations

from datetime import datetime

from synnefo.core import heartbeats
from synnefo.core.heartbeats import Life
from synnefo.db.models import Backend


def lives(now: datetime) -> dict[str, Life]:
    """By name of the backend, in one query; those that are set offline are not expected to live."""
    rows = Backend.objects.filter(offline=False).order_by("name")
    return {
        name: heartbeats.life(sent, heard, now)
        for name, sent, heard in rows.values_list(
            "name", "heartbeat__sent_at", "heartbeat__heard_at"
        )
    }
