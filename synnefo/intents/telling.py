"""Says in the log which intents were recorded, once they are committed."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import partial

from django.db import transaction

from synnefo.db.models import Intent
from synnefo.telemetry import logs

log = logging.getLogger(__name__)


def recorded(intents: Iterable[Intent]) -> None:
    """To be called in the transaction that records them."""
    for intent in intents:
        transaction.on_commit(partial(_say, intent))


def _say(intent: Intent) -> None:
    facts = logs.about(
        request=intent.request_id,
        intent=str(intent.uuid),
        server=str(intent.server.uuid),
        user=intent.arguments.get("actor"),
    )
    log.info("%s of server %d is recorded", intent.action, intent.server_id, extra=facts)
