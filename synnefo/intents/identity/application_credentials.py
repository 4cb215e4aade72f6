"""What users ask of application credentials and of the access rules that tie them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest, Forbidden
from synnefo.db.models import AccessRule, ApplicationCredential, Role, User
from synnefo.db.transactions import writing
from synnefo.intents.identity import identity_rows, tokens
from synnefo.intents.identity.effective_roles import Scope, of
from synnefo.intents.identity.projects import get as project_of
from synnefo.intents.identity.tokens import Origin

MOST = 100  # of one user


def get(user_id: str, key: str) -> ApplicationCredential:
    """The credential; NotFound if the user has none such."""
    mine = ApplicationCredential.objects.filter(user_id=user_id)
    return identity_rows.found(mine, key, "Application Credential")


def _roles(caller: Caller, user_id: str, wanted: Sequence[Mapping[str, str]] | None) -> list[str]:
    """The ids of the roles to lend: the user's own ones, or some of these."""
    own = of(user_id, Scope(project_of(caller.project_id)))
    if not wanted:
        return [role["id"] for role in own]
    found = []
    for one in wanted:
        same = [
            role["id"]
            for role in own
            if role["id"] == one.get("id") or role["name"] == one.get("name")
        ]
        if not same:
            raise BadRequest(
                "Invalid application credential: Could not find role assignment with role: "
                f"{one.get('id') or one.get('name')}, user or group: {user_id}, "
                f"project, domain, or system: {caller.project_id}.",
                field="application_credential.roles",
            )
        found += same
    return found


def create(
    caller: Caller, user_id: str, wish: Mapping[str, Any], expires_at: datetime | None
) -> tuple[ApplicationCredential, str]:
    """A new credential for the caller's project, and its secret, given once."""
    if caller.delegated:
        raise Forbidden("A credential or a trust cannot make further credentials.")
    if user_id != caller.user_id or not caller.project_id:
        raise Forbidden("Only users themselves, with a token for a project, make credentials.")
    if expires_at is not None and expires_at <= timezone.now():
        raise BadRequest(
            "Invalid application credential: it is over already.",
            field="application_credential.expires_at",
        )
    lent = _roles(caller, user_id, wish.get("roles"))
    secret = wish.get("secret") or secrets.token_urlsafe(64)
    row = ApplicationCredential(
        user_id=user_id,
        project_id=caller.project_id,
        name=wish["name"],
        description=wish.get("description") or "",
        secret=make_password(secret),
        restricted=bool(wish.get("access_rules")),
        unrestricted=bool(wish.get("unrestricted")),
        expires_at=expires_at,
        created_at=timezone.now(),
    )
    _insert(row, lent, wish.get("access_rules") or ())
    return row, secret


def _insert(
    row: ApplicationCredential, lent: Sequence[str], rules: Sequence[Mapping[str, str]]
) -> None:
    clash = f"Duplicate entry found with name {row.name}."
    field = "application_credential.name"
    with identity_rows.storing("application_credential", clash, field):
        User.objects.select_for_update().get(pk=row.user_id)
        if ApplicationCredential.objects.filter(user_id=row.user_id).count() >= MOST:
            raise Forbidden(f"A user may have at most {MOST} application credentials.")
        row.save(force_insert=True)
        row.roles.set(Role.objects.filter(pk__in=lent))
        row.access_rules.set([_rule(row.user_id, rule) for rule in rules])


def _rule(user_id: str, wish: Mapping[str, str]) -> AccessRule:
    if "id" in wish:
        return get_rule(user_id, wish["id"])
    row, _ = AccessRule.objects.get_or_create(
        user_id=user_id, service=wish["service"], method=wish["method"], path=wish["path"]
    )
    return row


def delete(caller: Caller, user_id: str, key: str) -> None:
    """Delete a credential; tokens made with it end."""
    if caller.delegated:
        raise Forbidden("A credential or a trust cannot delete credentials.")
    row = get(user_id, key)
    with writing():
        row.delete()


def sign_in(key: str, secret: str) -> ApplicationCredential | None:
    """The credential that this is the secret of; None, after the same time, if there is none."""
    row = (
        ApplicationCredential.objects.filter(pk=key)
        .select_related("user__domain", "project__domain")
        .first()
    )
    right = tokens.matches(secret, row.secret if row else None)
    if row is None or not right or not (row.user.enabled and row.user.domain.enabled):
        return None
    over = row.expires_at is not None and row.expires_at <= timezone.now()
    return None if over else row


def origin_of(row: ApplicationCredential) -> Origin:
    """What a token made with it ends with."""
    return Origin(credential=row, expires_at=row.expires_at)


def get_rule(user_id: str, key: str) -> AccessRule:
    """The access rule; NotFound if the user has none such."""
    mine = AccessRule.objects.filter(user_id=user_id)
    return identity_rows.found(mine, key, "Access Rule")


def delete_rule(user_id: str, key: str) -> None:
    """Forget an access rule that no credential uses."""
    row = get_rule(user_id, key)
    if row.applicationcredential_set.exists():
        raise Forbidden("May not delete access rule in use")
    with writing():
        row.delete()
