"""What users wish of servers that they have: checked, and recorded as one intent or a chain.

What a wish needs besides its jobs (quota, an image's row) is for the file of its noun.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from synnefo.core import server_actions
from synnefo.core.caller import Caller
from synnefo.core.faults import Conflict, Forbidden, NotFound
from synnefo.core.server_actions import ACTIONS, WISHES, Action
from synnefo.core.server_states import ServerMode, ServerState, ServerTask
from synnefo.db import rings
from synnefo.db.models import Activity, Intent, Server
from synnefo.db.transactions import writing
from synnefo.intents import telling

WITHOUT: dict[str, Any] = {"mode": None, "mode_at": None, "before_mode": {}}


def locked(caller: Caller, server_uuid: str) -> Server:
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


# --- may it be? -----------------------------------------------------------------------------------


def check_lock(caller: Caller, server: Server) -> None:
    """Conflict where somebody locked the server; administrators do what they want."""
    if server.locked_by and not caller.is_admin:
        raise Conflict(f"Instance {server.uuid} is locked")


def unlocked(caller: Caller, server_uuid: str) -> Server:
    """The caller's server with its row locked, if nobody locked the server itself."""
    server = locked(caller, server_uuid)
    check_lock(caller, server)
    return server


def check(caller: Caller, server: Server, row: Action) -> None:
    """Whether the server's lock, its state and its backend allow the wish."""
    check_lock(caller, server)
    server_actions.check(
        row,
        str(server.uuid),
        ServerState(server.state),
        ServerTask(server.task) if server.task else None,
        ServerMode(server.mode) if server.mode else None,
    )
    if row.needs and not can(server, row.needs):
        raise server_actions.cannot(row, str(server.uuid))


def can(server: Server, feature: str) -> bool:
    """Whether the server's backend announces one of our extensions."""
    return server.backend is not None and feature in server.backend.features


# --- recording ------------------------------------------------------------------------------------


def begin(
    caller: Caller,
    server: Server,
    steps: Sequence[str],
    now: datetime,
    *,
    verb: str = "",
    **arguments: Any,
) -> Intent:
    """Record the first of some jobs; the others follow when the one before has succeeded."""
    first, *then = steps
    server.task, server.updated_at = ACTIONS[first].task or server.task, now
    server.save(update_fields=["task", "updated_at"])
    intent = Intent.objects.create(
        project_id=server.project_id,
        user_id=caller.user_id,
        action=first,
        server=server,
        # Without an instance no backend is needed, and none that is away holds a deletion up.
        backend_id=server.backend_id if server.placed else None,
        arguments={"actor": caller.user_name, **arguments},
        then=then,
        request_id=caller.request_id,
        created_at=now,
    )
    note(caller, server, verb or ACTIONS[first].verb, now, intent)
    telling.recorded([intent])
    rings.intents_recorded()
    rings.changed(server.project_id, "server", server.uuid)
    return intent


def note(
    caller: Caller, server: Server, verb: str, now: datetime, intent: Intent | None = None
) -> None:
    """One line in the list of what happened to the server; without an intent it is done."""
    done = {} if intent else {"result": "Success", "finished_at": now}
    Activity.objects.create(
        server=server,
        intent=intent,
        action=verb,
        actor=caller.user_name,
        request_id=caller.request_id,
        started_at=now,
        **done,
    )


def settled(
    caller: Caller, server: Server, verb: str, now: datetime, columns: Mapping[str, Any]
) -> None:
    """A wish that needs no job: it is done with this."""
    for name, value in columns.items():
        setattr(server, name, value)
    server.updated_at = now
    server.save(update_fields=[*columns, "updated_at"])
    note(caller, server, verb, now)
    rings.changed(server.project_id, "server", server.uuid)


def entered(mode: ServerMode, now: datetime, **before: Any) -> dict[str, Any]:
    """The columns of a mode that begins."""
    return {"mode": mode, "mode_at": now, "before_mode": before}


# --- wishes of one job ----------------------------------------------------------------------------


def act(
    caller: Caller, server_uuid: str, word: str, arguments: Mapping[str, Any] | None = None
) -> Server:
    """Record an action of `core/server_actions.py` (os-start, pause, reboot {"type": …})."""
    return _record(caller, server_uuid, server_actions.action_named(word, arguments))


def delete(caller: Caller, server_uuid: str) -> None:
    """Record the wish to remove a server; repeating it changes nothing.

    It can be asked at any time. The dispatcher cancels or awaits what is under way, and a server
    that never reached a backend is removed without one. Where deleted servers can be restored for
    a while, one that exists is only stopped and hidden.
    """
    if settings.SYNNEFO_RECLAIM_AFTER > 0:
        with writing():
            server = locked(caller, server_uuid)
            if server.mode == ServerMode.SOFT_DELETED:
                return
            if ServerState(server.state) in server_actions.BUILT and server.task is None:
                _soft_delete(caller, server)
                return
    _record(caller, server_uuid, "delete")


def _record(caller: Caller, server_uuid: str, name: str) -> Server:
    with writing():
        server = locked(caller, server_uuid)
        check_lock(caller, server)
        if name == "delete" and server.task == ServerTask.DELETING:
            return server
        check(caller, server, ACTIONS[name])
        begin(caller, server, [name], timezone.now())
    return server


def _soft_delete(caller: Caller, server: Server) -> None:
    check(caller, server, WISHES["soft_delete"])
    now, power = timezone.now(), server.state
    if server.state == ServerState.STOPPED:
        columns = entered(ServerMode.SOFT_DELETED, now, power=power)
        settled(caller, server, "softDelete", now, columns)
    else:
        begin(caller, server, ["soft_delete"], now, power=power)


def restore(caller: Caller, server_uuid: str) -> None:
    """A deleted server that is not reclaimed yet is as it was."""
    with writing():
        server = locked(caller, server_uuid)
        check(caller, server, WISHES["restore"])
        now = timezone.now()
        if server.before_mode.get("power") == ServerState.STOPPED:
            settled(caller, server, "restore", now, WITHOUT)
        else:
            begin(caller, server, ["restore"], now)


def reclaim(now: datetime) -> int:
    """Remove what was deleted long enough ago; how many servers that are."""
    if settings.SYNNEFO_RECLAIM_AFTER <= 0:
        return 0
    late = now - timedelta(seconds=settings.SYNNEFO_RECLAIM_AFTER)
    rows = Server.objects.filter(mode=ServerMode.SOFT_DELETED, mode_at__lt=late, task=None)
    reclaimed = 0
    for pk in rows.values_list("pk", flat=True):
        with writing():
            server = rows.select_for_update().filter(pk=pk).first()
            if server is not None:
                begin(_on_behalf_of(server), server, ["delete"], now)
                reclaimed += 1
    return reclaimed


def _on_behalf_of(server: Server) -> Caller:
    """Its user wished for it when it was deleted."""
    name = server.user.name
    return Caller(server.user_id, name, server.project_id, "", frozenset(), f"reclaim-{server.pk}")


# --- locks, and what administrators say -----------------------------------------------------------


def lock(caller: Caller, server_uuid: str, reason: str | None) -> None:
    """Nobody but administrators changes it from now on; an administrator's lock stays one."""
    with writing():
        server = locked(caller, server_uuid)
        owner = server.project_id == caller.project_id
        by = "owner" if owner and server.locked_by != "admin" else "admin"
        settled(caller, server, "lock", timezone.now(), {"locked_by": by, "locked_reason": reason})


def unlock(caller: Caller, server_uuid: str) -> None:
    """Whoever locked it may, and administrators."""
    with writing():
        server = locked(caller, server_uuid)
        if server.locked_by == "admin" and not caller.is_admin:
            raise Forbidden("Policy doesn't allow unlock_override to be performed.")
        columns = {"locked_by": None, "locked_reason": None}
        settled(caller, server, "unlock", timezone.now(), columns)


def reset_state(caller: Caller, server_uuid: str, wanted: str) -> None:
    """An administrator marks the server as failed, or takes the mark away.

    Whether its guest runs is the backend's to say: it is looked at, and the state is what it is.
    """
    with writing():
        server, now = locked(caller, server_uuid), timezone.now()
        if wanted == "error":
            columns = entered(ServerMode.MARKED, now)
        elif server.state == ServerState.ERROR and not server.placed:
            raise Conflict(f"Instance {server.uuid} has never been built and cannot be active.")
        else:
            columns = {**WITHOUT, "fault": None}
        if not Intent.objects.filter(server=server, state__in=Intent.UNFINISHED).exists():
            columns["task"] = None
        settled(caller, server, "os-resetState", now, columns)
        rings.doubt(server.backend_id, server.pk)
