"""What users ask of servers."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError
from django.utils import timezone

from synnefo.core import server_actions
from synnefo.core.caller import Caller
from synnefo.core.faults import Conflict, Fault, NotFound
from synnefo.core.server_states import ServerState, ServerTask
from synnefo.db import rings
from synnefo.db.models import Activity, Intent, Server
from synnefo.db.transactions import writing
from synnefo.intents import server_creation, server_references, telling
from synnefo.intents.server_request import NetworkRequest, ServerRequest

__all__ = ["NetworkRequest", "ServerRequest", "act", "create", "delete", "update"]


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


def act(
    caller: Caller, server_uuid: str, action: str, arguments: Mapping[str, Any] | None = None
) -> Server:
    """Record an action of `core/server_actions.py` (os-start, os-stop, reboot {"type": …})."""
    return _record(caller, server_uuid, server_actions.action_named(action, arguments))


def delete(caller: Caller, server_uuid: str) -> None:
    """Record the wish to remove a server; repeating it changes nothing.

    It can be asked at any time. The dispatcher cancels or awaits what is under way, and a server
    that never reached a backend is removed without one.
    """
    _record(caller, server_uuid, "delete")


def _record(caller: Caller, server_uuid: str, name: str) -> Server:
    action, now = server_actions.ACTIONS[name], timezone.now()
    with writing():
        server = _locked(caller, server_uuid)
        if name == "delete" and server.task == ServerTask.DELETING:
            return server
        server_actions.check(
            action,
            str(server.uuid),
            ServerState(server.state),
            ServerTask(server.task) if server.task else None,
        )
        server.task, server.updated_at = action.task, now
        server.save(update_fields=["task", "updated_at"])
        _record_intent(caller, server, name, now)
        rings.intents_recorded()
        rings.changed(server.project_id, "server", server.uuid)
    return server


def _record_intent(caller: Caller, server: Server, name: str, now: datetime) -> None:
    intent = Intent.objects.create(
        project_id=server.project_id,
        user_id=caller.user_id,
        action=name,
        server=server,
        # Without an instance no backend is needed, and none that is away holds a deletion up.
        backend_id=server.backend_id if server.placed else None,
        arguments={"actor": caller.user_name},
        request_id=caller.request_id,
        created_at=now,
    )
    Activity.objects.create(
        server=server,
        intent=intent,
        action=server_actions.ACTIONS[name].verb,
        actor=caller.user_name,
        request_id=caller.request_id,
        started_at=now,
    )
    telling.recorded([intent])


def _locked(caller: Caller, server_uuid: str) -> Server:
    """The caller's server with its row locked; somebody else's does not exist."""
    absent = NotFound(f"Instance {server_uuid} could not be found.")
    try:
        wanted = uuid.UUID(server_uuid)
    except ValueError as error:
        raise absent from error
    rows = Server.objects.select_for_update().filter(uuid=wanted)
    if not caller.is_admin:
        rows = rows.filter(project_id=caller.project_id)
    server = rows.exclude(state=ServerState.DELETED).first()
    if server is None:
        raise absent
    return server


def update(caller: Caller, server_uuid: str, **changes: Any) -> Server:
    """Set columns: `name`, `description`, `access_ipv4`, `access_ipv6`."""
    with writing():
        server = _locked(caller, server_uuid)
        for field, value in changes.items():
            setattr(server, field, value)
        return _saved(server, *changes)


def _saved(server: Server, *fields: str) -> Server:
    server.updated_at = timezone.now()
    server.save(update_fields=[*fields, "updated_at"])
    rings.changed(server.project_id, "server", server.uuid)
    return server


def replace_metadata(caller: Caller, server_uuid: str, metadata: Mapping[str, str]) -> Server:
    """Set all metadata."""
    with writing():
        server = _locked(caller, server_uuid)
        server.metadata = dict(metadata)
        return _saved(server, "metadata")


def merge_metadata(caller: Caller, server_uuid: str, metadata: Mapping[str, str]) -> Server:
    """Add or change some metadata."""
    with writing():
        server = _locked(caller, server_uuid)
        server.metadata = {**server.metadata, **metadata}
        return _saved(server, "metadata")


def delete_metadata_item(caller: Caller, server_uuid: str, key: str) -> None:
    """Remove one item; NotFound if there is none."""
    with writing():
        server = _locked(caller, server_uuid)
        if key not in server.metadata:
            raise NotFound("Metadata item was not found", field=key)
        server.metadata = {name: text for name, text in server.metadata.items() if name != key}
        _saved(server, "metadata")
