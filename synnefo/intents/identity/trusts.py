"""What users ask of trusts: letting somebody else act for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest, Forbidden, Unauthorized
from synnefo.db.models import Role, Trust
from synnefo.db.transactions import writing
from synnefo.intents.identity import effective_roles, identity_rows, projects, tokens, users
from synnefo.intents.identity.effective_roles import Scope


def living() -> Q:
    """Trusts that are not over."""
    return (Q(expires_at__isnull=True) | Q(expires_at__gt=timezone.now())) & (
        Q(remaining_uses__isnull=True) | Q(remaining_uses__gt=0)
    )


def get(key: str) -> Trust:
    """The trust; NotFound if there is none, or no more."""
    return identity_rows.found(Trust.objects.filter(living()), key, "trust")


def _roles(wish: Mapping[str, Any], own: Sequence[Mapping[str, str]]) -> list[str]:
    wanted = wish.get("roles") or []
    if wish.get("project_id") is not None and not wanted:
        raise Forbidden("At least one role should be specified.")
    found = []
    for one in wanted:
        same = [
            role["id"]
            for role in own
            if role["id"] == one.get("id") or role["name"] == one.get("name")
        ]
        if not same:
            raise Forbidden("Some of requested roles are not those of the trustor in the project.")
        found += same
    return found


def create(caller: Caller, wish: Mapping[str, Any], expires_at: datetime | None) -> Trust:
    """A new trust by the caller."""
    if wish["trustor_user_id"] != caller.user_id:
        raise Forbidden("The authenticated user should match the trustor.")
    if caller.delegated:
        raise Forbidden("A credential or a trust cannot make further trusts.")
    if expires_at is not None and expires_at <= timezone.now():
        raise BadRequest("The trust would be over already.", field="trust.expires_at")
    if wish.get("allow_redelegation"):
        raise Forbidden("Redelegation is disabled: a trust cannot be passed on.")
    users.get(wish["trustee_user_id"])
    project_id = wish.get("project_id")
    project = projects.get(project_id) if project_id is not None else None
    own = effective_roles.of(caller.user_id, Scope(project)) if project else []
    row = Trust(
        trustor_id=caller.user_id,
        trustee_id=wish["trustee_user_id"],
        project=project,
        impersonation=wish["impersonation"],
        expires_at=expires_at,
        remaining_uses=wish.get("remaining_uses"),
        created_at=timezone.now(),
    )
    lent = _roles(wish, own)
    with writing():
        row.save(force_insert=True)
        row.roles.set(Role.objects.filter(pk__in=lent))
    return row


def delete(caller: Caller, row: Trust) -> None:
    """End a trust, and all tokens made with it."""
    if row.trustor_id != caller.user_id and not caller.is_admin:
        raise Forbidden("Only the trustor may end a trust.")
    with writing():
        row.delete()


def use(key: str, user_id: str) -> Trust:
    """The trust for a token of its trustee; counts where uses are counted."""
    row = (
        Trust.objects.filter(living(), pk=key, trustee_id=user_id)
        .select_related("trustor__domain", "trustee__domain", "project__domain")
        .first()
    )
    if row is None:
        raise Unauthorized(tokens.REFUSAL)
    if not (row.trustor.enabled and row.trustor.domain.enabled):
        raise Forbidden("Trustor is disabled.")
    if row.remaining_uses is not None:
        with writing():
            left = Trust.objects.filter(living(), pk=key).update(
                remaining_uses=F("remaining_uses") - 1
            )
        if not left:
            raise Unauthorized(tokens.REFUSAL)
    return row
