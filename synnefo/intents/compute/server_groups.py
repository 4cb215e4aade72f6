"""What users ask of server groups, and how servers come into them."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet
from django.utils import timezone

from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest, NotFound, QuotaExceeded
from synnefo.core.server_states import ServerState
from synnefo.db.models import Server, ServerGroup
from synnefo.db.transactions import writing
from synnefo.intents import quota


def create(caller: Caller, name: str, policy: str, most_per_node: int | None) -> ServerGroup:
    """A new group of the caller's project."""
    with writing():
        quota.admit(
            caller.project_id,
            "server_groups",
            ServerGroup.objects.filter(project_id=caller.project_id),
            sentence="Quota exceeded, too many server groups.",
        )
        return ServerGroup.objects.create(
            project_id=caller.project_id,
            user_id=caller.user_id,
            name=name,
            policy=policy,
            most_per_node=most_per_node,
            created_at=timezone.now(),
        )


def delete(caller: Caller, group_uuid: str) -> None:
    """Its servers stay where they are, and may then come together or apart."""
    with writing():
        gone, _ = visible(caller).filter(uuid=_uuid(group_uuid)).delete()
    if not gone:
        raise NotFound(f"Instance group {group_uuid} could not be found.")


def find(caller: Caller, group_uuid: str) -> ServerGroup:
    """One group that the caller may see."""
    row = visible(caller).filter(uuid=_uuid(group_uuid)).first()
    if row is None:
        raise NotFound(f"Instance group {group_uuid} could not be found.")
    return row


def visible(caller: Caller) -> QuerySet[ServerGroup]:
    """The groups of the caller's project; all of them for administrators."""
    rows = ServerGroup.objects.all()
    return rows if caller.is_admin else rows.filter(project_id=caller.project_id)


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise NotFound(f"Instance group {text[:80]} could not be found.") from error


def joined(caller: Caller, hint: object, count: int) -> ServerGroup | None:
    """The group that `count` new servers are to be in; within the transaction that makes them."""
    if hint is None:
        return None
    group = _named(caller, hint)
    members = Server.objects.filter(group=group, user_id=caller.user_id)
    limit = quota.limits(caller.project_id, caller.user_id)["server_group_members"]
    # Locked, so that of several creations at once each counts the others.
    ServerGroup.objects.select_for_update().get(pk=group.pk)
    alive = members.exclude(state=ServerState.DELETED).count()
    if limit >= 0 and alive + count > limit:
        raise QuotaExceeded("Quota exceeded, too many servers in group", limit=limit)
    return group


def _named(caller: Caller, hint: object) -> ServerGroup:
    field = "os:scheduler_hints.group"
    try:
        wanted = uuid.UUID(str(hint))
    except ValueError as error:
        raise BadRequest("The scheduler hint group must be a UUID.", field=field) from error
    rows = ServerGroup.objects.filter(uuid=wanted, project_id=caller.project_id)
    group = rows.first()
    if group is None:
        raise BadRequest(f"Instance group {wanted} could not be found.", field=field)
    return group
