"""Tokens: made once, shown once, kept as a hash."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.hashers import check_password as password_matches
from django.contrib.auth.hashers import make_password
from django.db.models import Q
from django.utils import timezone

from synnefo.core.faults import Unauthorized
from synnefo.db.models import Project, RoleAssignment, Token, User
from synnefo.db.transactions import writing

# A hash that no password has: checking against it takes the same time as against a real one.
_NOBODY = make_password(secrets.token_urlsafe(16))


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """The row, and the text that the user gets and nobody keeps."""

    text: str
    row: Token


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def check_password(domain: str, name: str, password: str) -> User | None:
    """The enabled user with this password; `domain` is an id or a name. Same time for no user."""
    user = (
        User.objects.filter(Q(domain_id=domain) | Q(domain__name=domain), name=name)
        .select_related("domain", "default_project")
        .first()
    )
    right = password_matches(password, user.password if user else _NOBODY)
    return user if user and right and user.enabled and user.domain.enabled else None


def issue(
    user: User,
    project: Project | None,
    methods: Sequence[str],
    expires_at: datetime | None = None,
) -> IssuedToken:
    """A new token with the roles that the user has in the project; Unauthorized if it has none.

    One that is issued for another token ends with it (`expires_at`): nobody stays signed in for
    ever by asking again and again.
    """
    roles: list[dict[str, str]] = []
    if project is not None:
        assigned = RoleAssignment.objects.filter(user=user, project=project)
        roles = [
            {"id": one.role_id, "name": one.role.name}
            for one in assigned.select_related("role").order_by("role__name")
        ]
        if not roles or not project.enabled:
            raise Unauthorized("The request you have made requires authentication.")
    text, now = "syn_" + secrets.token_urlsafe(32), timezone.now()
    row = Token(
        digest=_digest(text),
        audit_id=base64.urlsafe_b64encode(secrets.token_bytes(16)).rstrip(b"=").decode(),
        user=user,
        project=project,
        methods=list(methods),
        roles=roles,
        issued_at=now,
        expires_at=expires_at or now + timedelta(hours=settings.SYNNEFO_TOKEN_HOURS),
    )
    with writing():
        row.save(force_insert=True)
        Token.objects.filter(expires_at__lt=now).delete()
    return IssuedToken(text, row)


def find(text: str) -> Token | None:
    """The token that is still valid, with user and project loaded; None otherwise."""
    return (
        Token.objects.filter(
            Q(project=None) | Q(project__enabled=True),
            digest=_digest(text),
            expires_at__gt=timezone.now(),
            user__enabled=True,
        )
        .select_related("user__domain", "project__domain")
        .first()
    )


def revoke(text: str) -> None:
    """Make a token invalid; it may be invalid already."""
    with writing():
        Token.objects.filter(digest=_digest(text)).delete()
