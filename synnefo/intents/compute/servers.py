"""What users ask of servers."""

from __future__ import annotations

from django.db import IntegrityError

from synnefo.core.caller import Caller
from synnefo.core.faults import Conflict, Fault
from synnefo.db.models import Intent, Server
from synnefo.intents.compute import server_creation, server_references
from synnefo.intents.server_request import NetworkRequest, ServerRequest
from synnefo.intents.server_wishes import act, delete

__all__ = ["NetworkRequest", "ServerRequest", "act", "create", "delete"]


def create(caller: Caller, request: ServerRequest) -> Server:
    """Record the wish for new servers and reserve what they need; answers the first one.

    A request that is repeated with its idempotency key gets the server of the first time.
    """
    if (before := _earlier(caller, request)) is not None:
        return before
    try:
        return _record_new(caller, request)
    except Fault:
        # The same key came twice at once, and the other one took the last quota or address.
        if (before := _earlier(caller, request)) is None:
            raise
        return before


def _record_new(caller: Caller, request: ServerRequest) -> Server:
    try:
        found = server_references.resolve(caller, request)
        return server_creation.record(caller, request, found)
    except IntegrityError:
        # The same key came twice at once: whoever lost answers with the other's server.
        if (before := _earlier(caller, request)) is not None:
            return before
    # Or what is referred to has just been deleted, or an address taken: a second look will tell.
    found = server_references.resolve(caller, request)
    return server_creation.record(caller, request, found)


def _earlier(caller: Caller, request: ServerRequest) -> Server | None:
    if request.idempotency_key is None:
        return None
    intent = (
        Intent.objects.filter(project_id=caller.project_id, idempotency_key=request.idempotency_key)
        .select_related("server")
        .first()
    )
    if intent is None:
        return None
    if intent.request_digest != request.request_digest:
        raise Conflict("This idempotency key was used for another request.")
    return intent.server
