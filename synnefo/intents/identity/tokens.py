"""Tokens: made once, shown once, kept as a hash; their roles follow the present."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth.hashers import check_password as password_matches
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from synnefo.core.faults import Unauthorized
from synnefo.db.inserting import insert
from synnefo.db.models import ApplicationCredential, Domain, Project, Role, Token, Trust, User
from synnefo.db.prepared import Prepared, PreparedRows
from synnefo.db.transactions import losable, writing
from synnefo.intents.identity import effective_roles
from synnefo.intents.identity.effective_roles import Scope

# A hash that no password has: checking against it takes the same time as against a real one.
_NOBODY = make_password(secrets.token_urlsafe(16))
REFUSAL = "The request you have made requires authentication."
CHUNK = 500
Owned = TypeVar("Owned", User, Project)
# What every sign-in asks.
_NAMED = PreparedRows(
    User,
    lambda domain, name: User.objects.filter(
        Q(domain_id=domain) | Q(domain__name=domain), name=name
    ).order_by("pk"),
    str,
    str,
)
_DOMAIN = PreparedRows(Domain, lambda key: Domain.everything.filter(pk=key), str)
_LOCKED = Prepared(
    lambda key: (
        User.objects.select_for_update().filter(pk=key, enabled=True).values_list("pk", "password")
    ),
    str,
)


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """The row, and the text that the user gets and nobody keeps."""

    text: str
    row: Token


@dataclass(frozen=True, slots=True)
class Origin:
    """What a token is made from besides a password: it ends with all of these."""

    credential: ApplicationCredential | None = None
    trust: Trust | None = None
    parent: str = ""  # the audit id of the token that was exchanged
    expires_at: datetime | None = None


def digest(text: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(text.encode()).hexdigest()


def matches(text: str, hashed: str | None) -> bool:
    """Whether a secret is the right one; takes the same time where there is none."""
    return password_matches(text, hashed or _NOBODY) and bool(hashed)


def named(domain: str, name: str) -> User | None:
    """The user of this name, with the domain; `domain` is an id or a name."""
    user = _NAMED.first(domain, name)
    return with_domain(user) if user else None


def with_domain(row: Owned) -> Owned:
    """A user or a project with its domain at hand."""
    if (domain := _DOMAIN.first(row.domain_id)) is not None:
        row.domain = domain
    return row


def proven(user: User | None, password: str) -> bool:
    """Whether it is an enabled user's password. Takes the same time where there is no user."""
    right = matches(password, user.password if user else None)
    return user is not None and right and user.enabled and user.domain.enabled


def check_password(domain: str, name: str, password: str) -> User | None:
    """The enabled user with this password; `domain` is an id or a name. Same time for no user."""
    user = named(domain, name)
    return user if proven(user, password) else None


def roles_of(user_id: str, scope: Scope, origin: Origin) -> list[dict[str, str]]:
    """The roles of such a token just now; a delegate has no more than whom it acts for."""
    if origin.trust is not None:
        given = set(origin.trust.roles.values_list("pk", flat=True))
        own = {role["id"] for role in effective_roles.of(origin.trust.trustor_id, scope)}
        return effective_roles.named(given) if given <= own else []
    own_roles = effective_roles.of(user_id, scope)
    if origin.credential is None:
        return own_roles
    lent = {role["id"] for role in effective_roles.named(_ids(origin.credential))}
    return [role for role in own_roles if role["id"] in lent]


def _ids(credential: ApplicationCredential) -> Iterable[str]:
    return credential.roles.values_list("pk", flat=True)


def issue(
    user: User,
    project: Project | None,
    methods: Sequence[str],
    scope: Scope | None = None,
    origin: Origin = Origin(),  # It is frozen.
) -> IssuedToken:
    """A new token with the roles that the user has in the scope; Unauthorized if it has none.

    One that is issued for another token ends with it: nobody stays signed in for ever by asking
    again and again.
    """
    scope = scope or Scope(project)
    if not _enabled(scope):
        raise Unauthorized(REFUSAL)
    text, now = "syn_" + secrets.token_urlsafe(32), timezone.now()
    ends = [now + timedelta(hours=settings.SYNNEFO_TOKEN_HOURS), origin.expires_at]
    row = Token(
        digest=digest(text),
        audit_id=base64.urlsafe_b64encode(secrets.token_bytes(16)).rstrip(b"=").decode(),
        parent_audit_id=origin.parent,
        user=user,
        project=scope.project,
        domain=scope.domain,
        system=scope.system,
        application_credential=origin.credential,
        trust=origin.trust,
        methods=list(methods),
        issued_at=now,
        expires_at=min(end for end in ends if end is not None),
    )
    with losable():  # Who loses a token signs in again.
        _check_unchanged(user, origin)
        row.roles = roles_of(user.pk, scope, origin)
        if not scope.empty and not row.roles:
            raise Unauthorized(REFUSAL)
        insert([row])
        _forget_expired(now)
    return IssuedToken(text, row)


def _forget_expired(now: datetime) -> None:
    """Nothing refers to tokens, so that this needs none of what Django looks after at removals."""
    moment = connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {Token._meta.db_table} WHERE expires_at < %s", [moment])


def _check_unchanged(user: User, origin: Origin) -> None:
    """Unauthorized for who was disabled, or got another password, while the old one was compared.

    The rows stay locked, so that what changes roles now finds the token.
    """
    people = {user.pk} | ({origin.trust.trustor_id} if origin.trust is not None else set())
    present = dict(row for one in sorted(people) for row in _LOCKED.rows(one))
    if present.keys() != people or present[user.pk] != user.password:
        raise Unauthorized(REFUSAL)


def _enabled(scope: Scope) -> bool:
    if scope.project is not None:
        return scope.project.enabled and scope.project.domain.enabled
    return scope.domain is None or scope.domain.enabled


def find(text: str) -> Token | None:
    """The token that is still valid, with user and project loaded; None otherwise."""
    return (
        Token.objects.filter(
            Q(project=None) | Q(project__enabled=True),
            digest=digest(text),
            expires_at__gt=timezone.now(),
            user__enabled=True,
        )
        .select_related("user__domain", "user__default_project", "project__domain")
        .first()
    )


def revoke(text: str) -> None:
    """Make a token invalid; it may be invalid already."""
    with writing():
        Token.objects.filter(digest=digest(text)).delete()


def revoke_where(condition: Q) -> None:
    """Make tokens invalid that something happened to, in the transaction of that."""
    Token.objects.filter(condition).delete()


def of_user(user_id: str) -> Q:
    """The tokens that somebody's standing decides about."""
    return Q(user_id=user_id) | Q(trust__trustor_id=user_id) | Q(trust__trustee_id=user_id)


SCOPE = ("user_id", "project_id", "domain_id", "system", "application_credential_id", "trust_id")


def _scoped() -> QuerySet[Token]:
    return Token.objects.exclude(project=None, domain=None, system=False)


def follow_role(role: Role) -> None:
    """Give tokens the roles of the present when this one changed or implies others than before.

    Only tokens that have it are looked at; none tells of a domain's own role, though, so that a
    change of one of these concerns all.
    """
    concerned = _scoped()
    if role.domain_id is None:
        text = Cast("roles", TextField())
        concerned = concerned.annotate(text=text).filter(text__contains=role.pk)
    _follow(concerned.values(*SCOPE).distinct())


def follow(users: Iterable[str]) -> None:
    """Give the tokens of these users the roles of the present, or end them.

    It belongs into the transaction that changes what roles follow from.
    """
    scoped, listed = _scoped(), sorted(set(users))
    for start in range(0, len(listed), CHUNK):
        some = listed[start : start + CHUNK]
        # Who is just issuing a token to one of them is waited for.
        list(User.objects.select_for_update().filter(pk__in=some).order_by("pk").values_list("pk"))
        _end_credentials(ApplicationCredential.objects.filter(user_id__in=some))
        concerned = scoped.filter(Q(user_id__in=some) | Q(trust__trustor_id__in=some))
        _follow(concerned.values(*SCOPE).distinct())


def _end_credentials(rows: QuerySet[ApplicationCredential]) -> None:
    """End, for good, those that lend a role which whom they act for has no more in the project."""
    for row in rows.select_related("project").prefetch_related("roles"):
        own = {role["id"] for role in effective_roles.of(row.user_id, Scope(row.project))}
        if not {role.pk for role in row.roles.all()} <= own:
            row.delete()


def _follow(scopes: Iterable[dict[str, Any]]) -> None:
    for one in list(scopes):
        same = Token.objects.filter(**one)
        row = same.select_related("project", "domain", "application_credential", "trust").first()
        if row is None:
            continue
        origin = Origin(row.application_credential, row.trust)
        roles = roles_of(row.user_id, Scope(row.project, row.domain, row.system), origin)
        if roles:
            same.exclude(roles=roles).update(roles=roles)
        else:
            same.delete()
