"""Documents that the identity service keeps for others: policies and OAuth consumers."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from synnefo.core.faults import NotFound
from synnefo.db import sealing
from synnefo.db.models import Consumer, Policy
from synnefo.db.transactions import writing
from synnefo.intents import extras

POLICY = ("type", "blob")
CONSUMER = ("description",)


def get(key: str) -> Policy:
    """The policy; NotFound if there is none."""
    row = Policy.objects.filter(pk=key).first()
    if row is None:
        raise NotFound(f"Could not find policy: {key}.")
    return row


def store(row: Policy, wish: Mapping[str, Any]) -> Policy:
    """Make or change a policy."""
    fields, extra = extras.parted(wish, POLICY)
    row.type, row.blob = fields.get("type", row.type), fields.get("blob", row.blob)
    row.extra = extras.merged(row.extra, extra)
    with writing():
        row.save()
    return row


def delete(key: str) -> None:
    """Delete a policy."""
    row = get(key)
    with writing():
        row.delete()


def consumer(key: str) -> Consumer:
    """The consumer; NotFound if there is none."""
    row = Consumer.objects.filter(pk=key).first()
    if row is None:
        raise NotFound(f"Could not find Consumer: {key}.")
    return row


def create_consumer(wish: Mapping[str, Any]) -> tuple[Consumer, str]:
    """A new consumer, and its secret, given once."""
    fields, extra = extras.parted(wish, CONSUMER)
    secret = secrets.token_hex(16)
    row = Consumer(description=fields.get("description") or "", extra=extras.merged({}, extra))
    row.secret_encrypted = sealing.seal(secret)
    with writing():
        row.save(force_insert=True)
    return row, secret


def update_consumer(key: str, wish: Mapping[str, Any]) -> Consumer:
    """Change a consumer."""
    row = consumer(key)
    fields, extra = extras.parted(wish, CONSUMER)
    if "description" in fields:
        row.description = fields["description"] or ""
    row.extra = extras.merged(row.extra, extra)
    with writing():
        row.save()
    return row


def delete_consumer(key: str) -> None:
    """Delete a consumer."""
    row = consumer(key)
    with writing():
        row.delete()
