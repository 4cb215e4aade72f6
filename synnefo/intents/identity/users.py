"""What operators ask of users, and users of their passwords."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db.models import Q
from django.utils import timezone

from synnefo.core import password_rules
from synnefo.core.faults import BadRequest, Forbidden, Unauthorized
from synnefo.core.password_rules import PasswordRules
from synnefo.db.models import (
    AccessRule,
    ApplicationCredential,
    Credential,
    Membership,
    Project,
    RoleAssignment,
    Token,
    Trust,
    User,
)
from synnefo.db.transactions import writing
from synnefo.intents import extras
from synnefo.intents.identity import identity_rows, tokens

COLUMNS = (
    "name", "domain_id", "password", "email", "description", "enabled", "default_project_id",
    "options",
)  # fmt: skip
PASSWORD_COLUMNS = ("password", "password_changed_at", "old_passwords", "must_change_password")
MOST_HISTORY = 24


def rules() -> PasswordRules:
    """The operator's rules for passwords."""
    return PasswordRules(*settings.SYNNEFO_PASSWORD_RULES)


def get(key: str) -> User:
    """The user; NotFound if there is none."""
    return identity_rows.found(User.objects.select_related("domain"), key, "user")


def create(wish: Mapping[str, Any], domain_id: str) -> User:
    """A new user, in the domain `domain_id` unless it says another one."""
    known, extra = extras.parted(wish, COLUMNS)
    domain_id = known.get("domain_id") or domain_id
    identity_rows.check_domain(domain_id)
    row = User(name=known["name"], domain_id=domain_id, enabled=known.get("enabled", True))
    row.email, row.description = extras.text(known, "email"), extras.text(known, "description")
    row.options = extras.options({}, known.get("options"))
    row.default_project_id = _default_project(known.get("default_project_id"))
    row.extra = extras.merged({}, extra)
    if known.get("password") is not None:
        _set_password(row, known["password"], first=True)
    return _saved(row, force_insert=True)


def _default_project(key: str | None) -> str | None:
    if key is not None and not Project.objects.filter(pk=key).exists():
        raise BadRequest(f"There is no project {key}.", field="default_project_id")
    return key


def _saved(row: User, *, force_insert: bool = False) -> User:
    clash = f"a user with the name {row.name} exists already in this domain."
    with identity_rows.storing("user", clash):
        row.save(force_insert=force_insert)
        if not row.enabled:
            tokens.revoke_where(tokens.of_user(row.pk))
            _end_programs(row)
    return row


def _end_programs(row: User) -> None:
    """Programs do not come back with their user: who is trusted again makes new credentials."""
    for model in (ApplicationCredential, AccessRule):
        model.objects.filter(user=row).delete()


def update(key: str, wish: Mapping[str, Any]) -> User:
    """Change a user; a new password or disabling signs the user out everywhere."""
    row = get(key)
    known, extra = extras.parted(wish, COLUMNS)
    if known.get("domain_id", row.domain_id) != row.domain_id:
        raise BadRequest("Cannot change Domain ID", field="domain_id")
    row.name = known.get("name", row.name)
    row.enabled = known.get("enabled", row.enabled)
    row.options = extras.options(row.options, known.get("options"))
    row.extra = extras.merged(row.extra, extra)
    row.email = extras.text(known, "email", row.email)
    row.description = extras.text(known, "description", row.description)
    if "default_project_id" in known:
        row.default_project_id = _default_project(known["default_project_id"])
    if "password" not in known:
        return _saved(row)
    _set_password(row, known["password"], first=True)
    with writing():
        saved = _saved(row)
        # After the row, which whoever issues a token waits for.
        tokens.revoke_where(tokens.of_user(row.pk))
        return saved


def _set_password(row: User, password: str | None, *, first: bool) -> None:
    """The new password; `first` if it is not the user's own choice."""
    own_rules = rules()
    if password is None:
        row.password, row.password_changed_at = "", None
        return
    password_rules.check_form(own_rules, password)
    if row.password:
        row.old_passwords = [row.password, *row.old_passwords][:MOST_HISTORY]
    row.password, row.password_changed_at = make_password(password), timezone.now()
    excused = row.options.get("ignore_change_password_upon_first_use", False)
    row.must_change_password = first and own_rules.change_at_first and not excused


def change_password(key: str, original: str, password: str) -> None:
    """A user's own change; Unauthorized unless `original` is the present one."""
    row = User.objects.filter(pk=key).select_related("domain").first()
    right = tokens.matches(original, row.password if row else None)
    if row is None or not right or not (row.enabled and row.domain.enabled):
        raise Unauthorized(tokens.REFUSAL)
    if row.options.get("lock_password"):
        raise Forbidden("The password of this user is locked; an administrator can change it.")
    if not row.must_change_password:
        password_rules.check_age(rules(), row.password_changed_at, timezone.now())
    used = [row.password, *row.old_passwords]
    password_rules.check_new(rules(), password, used, tokens.matches)
    compared = row.password
    _set_password(row, password, first=False)
    with writing():
        # Comparing takes long; what was done to the account meanwhile stays.
        present = User.objects.select_for_update().filter(pk=row.pk, enabled=True)
        if present.values_list("password", flat=True).first() != compared:
            raise Unauthorized(tokens.REFUSAL)
        row.save(update_fields=PASSWORD_COLUMNS)
        tokens.revoke_where(tokens.of_user(row.pk))


def delete(key: str) -> None:
    """Delete a user with all credentials."""
    row = get(key)
    with writing():
        forget(row)


def forget(row: User) -> None:
    """End all that refers to a user here; the row stays, for what the user did is still told."""
    for model in (Token, RoleAssignment, Membership, ApplicationCredential, AccessRule, Credential):
        model.objects.filter(user=row).delete()
    Trust.objects.filter(Q(trustor=row) | Q(trustee=row)).delete()
    row.enabled, row.password, row.old_passwords = False, "", []
    row.deleted_at = timezone.now()
    row.save()
