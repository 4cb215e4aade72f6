"""What happens to an account while somebody signs in, guesses or changes its password.

Comparing a password takes long on purpose; what is done meanwhile counts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password

from synnefo.db import transactions
from synnefo.db.models import RoleAssignment, User
from synnefo.intents.identity import tokens, users
from tests.integration.api.client import Answer, Api
from tests.integration.api.test_sign_in import PASSWORD, V3, Stopped, change, clock, sign_in
from tests.integration.api.world import World

__all__ = ["clock"]
Meanwhile = Callable[[Callable[[], object]], None]


@pytest.fixture(autouse=True)
def password(world: World) -> None:
    world.user.password = make_password(PASSWORD)
    world.user.default_project = world.demo
    world.user.save()


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Something that happens once, right after a password was found to be right."""

    def arrange(event: Callable[[], object]) -> None:
        real, pending = tokens.matches, [event]

        def slow(text: str, hashed: str | None) -> bool:
            found = real(text, hashed)
            if pending:
                pending.pop()()
            return found

        monkeypatch.setattr(tokens, "matches", slow)

    return arrange


def test_a_password_that_is_replaced_meanwhile_gives_no_token(
    api: Api, world: World, meanwhile: Meanwhile
) -> None:
    meanwhile(lambda: users.update(world.user.id, {"password": "another one"}))
    assert sign_in(api).status == 401
    assert sign_in(api, "another one").status == 201


def test_a_user_that_is_disabled_meanwhile_stays_so(
    api: Api, world: World, meanwhile: Meanwhile
) -> None:
    meanwhile(lambda: users.update(world.user.id, {"enabled": False}))
    assert sign_in(api).status == 401
    users.update(world.user.id, {"enabled": True})
    meanwhile(lambda: users.update(world.user.id, {"enabled": False, "description": "gone"}))
    change(api, world.user.id, PASSWORD, "another one")
    row = User.objects.get(pk=world.user.id)
    assert (row.enabled, row.description) == (False, "gone")


def test_a_role_that_is_taken_meanwhile_is_in_no_token(
    api: Api, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between looking for the roles and keeping the token."""
    real = transactions.losable

    def late() -> Any:
        RoleAssignment.objects.filter(user=world.user).delete()
        return real()

    monkeypatch.setattr(tokens, "losable", late)
    scope = {"project": {"id": world.demo.id}}
    assert token(api, world, scope).status == 401


def token(api: Api, world: World, scope: dict[str, Any]) -> Answer:
    identity = {
        "methods": ["password"],
        "password": {"user": {"id": world.user.id, "password": PASSWORD}},
    }
    body = {"auth": {"identity": identity, "scope": scope}}
    return api("POST", f"{V3}/auth/tokens", body, as_=None)


def guesses(api: Api, world: World) -> None:
    """Three wrong ones, each naming the same user in another way."""
    for who in (
        {"name": "demo", "domain": {"id": "default"}},
        {"name": "demo", "domain": {"name": "Default"}},
    ):
        identity = {"methods": ["password"], "password": {"user": who | {"password": "wrong"}}}
        wrong = api("POST", f"{V3}/auth/tokens", {"auth": {"identity": identity}}, as_=None)
        assert wrong.status == 401
    assert change(api, world.user.id, "wrong", "x").status == 401


def test_guesses_count_for_a_user_however_it_is_named(
    api: Api, world: World, clock: Stopped, settings: Any
) -> None:
    settings.SYNNEFO_LOCKOUT_ATTEMPTS, settings.SYNNEFO_LOCKOUT_SECONDS = 3, 60
    guesses(api, world)
    assert sign_in(api).status == 401
    clock.passes(61)
    assert sign_in(api).status == 201


def test_who_must_not_be_locked_out_is_not(
    api: Api, world: World, clock: Stopped, settings: Any
) -> None:
    settings.SYNNEFO_LOCKOUT_ATTEMPTS, settings.SYNNEFO_LOCKOUT_SECONDS = 3, 60
    users.update(world.user.id, {"options": {"ignore_lockout_failure_attempts": True}})
    guesses(api, world)
    assert sign_in(api).status == 201
