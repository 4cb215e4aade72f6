"""What a new password has to fulfil: the operator's rules, none of them on by default."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from synnefo.core.faults import BadRequest


class PasswordRules(NamedTuple):
    """The operator's rules; 0 or nothing switches one off."""

    pattern: str = ""  # a regular expression for the whole password
    description: str = ""  # of the pattern, for people
    days: int = 0  # until a password expires
    least_days: int = 0  # until a user may change it again
    history: int = 0  # how many different ones have to follow before one may return
    change_at_first: bool = False  # whether users replace what an administrator gave them


def check_form(rules: PasswordRules, password: str) -> None:
    """BadRequest if the pattern does not hold."""
    if rules.pattern and not re.match(rules.pattern, password):
        why = rules.description or f"It does not match {rules.pattern}."
        raise BadRequest(
            f"The password does not meet the requirements: {why}", field="user.password"
        )


def check_age(rules: PasswordRules, changed_at: datetime | None, now: datetime) -> None:
    """BadRequest if the user changed it too lately."""
    if not rules.least_days or changed_at is None:
        return
    free = changed_at + timedelta(days=rules.least_days)
    if now < free:
        raise BadRequest(
            "Cannot change password before minimum age "
            f"{rules.least_days} days is met; it may be changed from {free:%Y-%m-%d %H:%M} UTC on.",
            field="user.password",
        )


def check_new(
    rules: PasswordRules, password: str, used: Iterable[str], same: Callable[[str, str], bool]
) -> None:
    """BadRequest if it is one of those `used` lately; `same` compares with a hash of those."""
    if rules.history and any(same(password, old) for old in list(used)[: rules.history]):
        raise BadRequest(
            "The new password cannot be identical to a previous password. The total number "
            f"which includes the new password must be unique is {rules.history}.",
            field="user.password",
        )


def expires_at(rules: PasswordRules, changed_at: datetime | None) -> datetime | None:
    """When a password ends that was set at that time; None for never."""
    if not rules.days or changed_at is None:
        return None
    return changed_at + timedelta(days=rules.days)


def enough(options: Mapping[str, Any], methods: Iterable[str]) -> bool:
    """Whether somebody who proved oneself by these methods has done so by all of one of the rules
    that the user's options may have."""
    rules = options.get("multi_factor_auth_rules") or []
    proven = set(methods)
    wanted = [set(rule) for rule in rules if rule]
    on = bool(wanted and options.get("multi_factor_auth_enabled"))
    return not on or any(rule <= proven for rule in wanted)
