"""Documents that the identity service keeps for others: policies and OAuth consumers."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from synnefo.db import sealing
from synnefo.db.models import Consumer, Policy
from synnefo.db.transactions import writing
from synnefo.intents import extras
from synnefo.intents.identity import identity_rows

POLICY = ("type", "blob")
CONSUMER = ("description",)


def get(key: str) -> Policy:
    """The policy; NotFound if there is none."""
    return identity_rows.found(Policy.objects.all(), key, "policy")


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
    return identity_rows.found(Consumer.objects.all(), key, "Consumer")


def create_consumer(wish: Mapping[str, Any]) -> tuple[Consumer, str]:
    """A new consumer, and its secret, given once."""
    fields, extra = extras.parted(wish, CONSUMER)
    secret = secrets.token_hex(16)
    row = Consumer(description=extras.text(fields, "description"), extra=extras.merged({}, extra))
    row.secret_encrypted = sealing.seal(secret)
    with writing():
        row.save(force_insert=True)
    return row, secret


def update_consumer(key: str, wish: Mapping[str, Any]) -> Consumer:
    """Change a consumer."""
    row = consumer(key)
    fields, extra = extras.parted(wish, CONSUMER)
    row.description = extras.text(fields, "description", row.description)
    row.extra = extras.merged(row.extra, extra)
    with writing():
        row.save()
    return row


def delete_consumer(key: str) -> None:
    """Delete a consumer."""
    row = consumer(key)
    with writing():
        row.delete()
