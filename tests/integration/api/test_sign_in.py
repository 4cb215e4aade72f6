"""Signing in under rules: locking out, passwords that age, limits of requests, the catalog."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from synnefo import wiring
from synnefo.api import rate_limits
from synnefo.api.identity import lockout
from synnefo.core.attempts import Attempts
from synnefo.core.rates import Rates
from tests.integration.api.client import Answer, Api
from tests.integration.api.world import World

V3 = "/identity/v3"
TOKENS = f"{V3}/auth/tokens"
PASSWORD = "correct horse"
MONDAY = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)


class Stopped:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.moment = MONDAY

    def now(self) -> datetime:
        return self.moment

    def passes(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stopped]:
    stopped = Stopped()
    monkeypatch.setattr(lockout, "USERS", Attempts(size=3))
    monkeypatch.setattr(lockout, "ADDRESSES", Attempts())
    monkeypatch.setattr(rate_limits, "RATES", Rates())
    with wiring.replace(clock=stopped):
        yield stopped


@pytest.fixture(autouse=True)
def password(world: World) -> None:
    world.user.password = make_password(PASSWORD)
    world.user.save()


def sign_in(api: Api, password: str = PASSWORD, user: str = "demo") -> Answer:
    who = {"name": user, "domain": {"id": "default"}, "password": password}
    identity = {"methods": ["password"], "password": {"user": who}}
    return api("POST", TOKENS, {"auth": {"identity": identity}}, as_=None)


def test_who_guesses_is_locked_out(api: Api, clock: Stopped, settings: Any) -> None:
    settings.SYNNEFO_LOCKOUT_ATTEMPTS, settings.SYNNEFO_LOCKOUT_SECONDS = 3, 60
    for _ in range(2):
        assert sign_in(api, "wrong").status == 401
    assert sign_in(api).status == 201  # That ends the count.
    wrong = [sign_in(api, "wrong") for _ in range(3)]
    locked = sign_in(api)
    assert (locked.status, locked.body) == (401, wrong[0].body)
    assert sign_in(api, user="reader").body == locked.body
    clock.passes(61)
    assert sign_in(api).status == 201
    settings.SYNNEFO_LOCKOUT_ATTEMPTS = 0
    assert {sign_in(api, "wrong").status for _ in range(5)} == {401}
    assert sign_in(api).status == 201


def test_an_address_is_told_to_wait(api: Api, clock: Stopped, settings: Any) -> None:
    settings.SYNNEFO_LOCKOUT_ATTEMPTS_OF_ADDRESS, settings.SYNNEFO_LOCKOUT_SECONDS = 4, 60
    for number in range(4):
        assert sign_in(api, "wrong", f"user-{number}").status == 401
    told = sign_in(api)
    assert (told.status, told.headers["Retry-After"]) == (429, "61")
    assert told.body["error"]["title"] == "Too Many Requests"
    clock.passes(61)
    assert sign_in(api).status == 201


def test_old_failures_are_forgotten_and_memory_is_bounded(clock: Stopped) -> None:
    attempts, span = Attempts(size=2), timedelta(seconds=60)
    for key in "abc":
        attempts.failed(key, clock.now(), span)
    assert attempts.wait("a", clock.now(), 1, span) is None
    assert attempts.wait("c", clock.now(), 1, span) == span
    clock.passes(61)
    attempts.failed("c", clock.now(), span)
    assert attempts.wait("c", clock.now(), 2, span) is None


def test_a_project_makes_so_many_requests(
    api: Api, world: World, clock: Stopped, settings: Any
) -> None:
    settings.SYNNEFO_RATE_LIMIT = 3
    asked = [api("GET", "/compute/v2.1/flavors") for _ in range(4)]
    assert [one.status for one in asked] == [200, 200, 200, 429]
    assert asked[3].headers["Retry-After"] == "20"
    assert "overLimit" in asked[3].body
    assert api("GET", "/compute/v2.1/flavors", as_="stranger").status == 200
    clock.passes(20)
    assert api("GET", "/compute/v2.1/flavors").status == 200
    settings.SYNNEFO_RATE_LIMIT = 0
    assert {api("GET", "/compute/v2.1/flavors").status for _ in range(9)} == {200}


# --- passwords -----------------------------------------------------------------------------------


def change(api: Api, user: str, old: str, new: str) -> Answer:
    body = {"user": {"original_password": old, "password": new}}
    return api("POST", f"{V3}/users/{user}/password", body, as_=None)


def test_changing_a_password(api: Api, world: World) -> None:
    old = sign_in(api).headers["X-Subject-Token"]
    assert change(api, world.user.id, "wrong", "new password").status == 401
    assert change(api, "nobody", PASSWORD, "new password").status == 401
    assert change(api, world.user.id, PASSWORD, "").status == 400
    assert change(api, world.user.id, PASSWORD, "new password").status == 204
    assert api("GET", f"{V3}/auth/projects", as_=old).status == 401
    assert sign_in(api).status == 401
    assert sign_in(api, "new password").status == 201
    locked = {"user": {"options": {"lock_password": True}}}
    assert api("PATCH", f"{V3}/users/{world.user.id}", locked, as_="admin").status == 200
    assert change(api, world.user.id, "new password", "x").status == 403


def test_the_rules_of_passwords(api: Api, world: World, settings: Any) -> None:
    settings.SYNNEFO_PASSWORD_RULES = (r"^(?=.*\d).{7,}$", "A digit, 7 characters.", 0, 0, 2, False)
    weak = {"user": {"name": "n", "password": "short"}}
    answer = api("POST", f"{V3}/users", weak, as_="admin")
    assert answer.status == 400
    assert "A digit, 7 characters." in answer.message
    assert "short" not in answer.message
    assert change(api, world.user.id, PASSWORD, "no digits here").status == 400
    assert change(api, world.user.id, PASSWORD, "first 1 pass").status == 204
    assert change(api, world.user.id, "first 1 pass", "first 1 pass").status == 400
    assert change(api, world.user.id, "first 1 pass", "second 2 pass").status == 204
    assert change(api, world.user.id, "second 2 pass", "first 1 pass").status == 400
    assert change(api, world.user.id, "second 2 pass", "third 3 pass").status == 204
    assert change(api, world.user.id, "third 3 pass", "first 1 pass").status == 204
    rules = f"{V3}/domains/default/config/security_compliance"
    config = api.get(rules, as_="reader")["config"]
    assert config["security_compliance"]["password_regex_description"] == "A digit, 7 characters."


def test_passwords_age(api: Api, world: World, settings: Any) -> None:
    settings.SYNNEFO_PASSWORD_RULES = ("", "", 30, 1, 0, False)
    world.user.password_changed_at = timezone.now() - timedelta(days=10)
    world.user.save()
    token = sign_in(api).body["token"]
    assert token["user"]["password_expires_at"] > token["issued_at"]
    soon = f"lt:{(timezone.now() + timedelta(days=25)):%Y-%m-%dT%H:%M:%SZ}"
    for operator, count in (("", 1), ("neq:", 1), ("gt:", 0)):
        asked = soon.replace("lt:", operator) if operator else soon
        listed = api.get(f"{V3}/users?password_expires_at={asked}", as_="admin")["users"]
        assert len(listed) == count, operator
    assert change(api, world.user.id, PASSWORD, "fresh").status == 204
    assert change(api, world.user.id, "fresh", "too soon").status == 400
    world.user.refresh_from_db()
    world.user.password_changed_at = timezone.now() - timedelta(days=31)
    world.user.save()
    over = sign_in(api, "fresh")
    assert over.status == 401
    assert "expired" in over.message
    assert change(api, world.user.id, "fresh", "again").status == 204
    assert sign_in(api, "again").status == 201


def test_whoever_got_a_password_replaces_it(api: Api, settings: Any) -> None:
    settings.SYNNEFO_PASSWORD_RULES = ("", "", 0, 0, 0, True)
    body = {"user": {"name": "fresh", "password": "given"}}
    user = api("POST", f"{V3}/users", body, as_="admin").body["user"]["id"]
    assert sign_in(api, "given", "fresh").status == 401
    assert change(api, user, "given", "own").status == 204
    assert sign_in(api, "own", "fresh").status == 201


# --- the catalog ---------------------------------------------------------------------------------


def admin(api: Api, method: str, path: str, body: Any = None) -> Answer:
    return api(method, V3 + path, body, as_="admin")


def test_one_way_of_signing_in_may_not_be_enough(api: Api, world: World) -> None:
    path = f"/users/{world.user.id}"

    def ruled(*rules: list[str], enabled: bool = True) -> int:
        options = {"multi_factor_auth_enabled": enabled, "multi_factor_auth_rules": rules}
        answer = admin(api, "PATCH", path, {"user": {"options": options}})
        assert answer.body["user"]["options"]["multi_factor_auth_enabled"] is enabled
        return sign_in(api).status

    assert ruled(["password", "totp"], enabled=False) == 201
    assert ruled() == 201
    assert ruled([]) == 201
    assert ruled(["password", "totp"]) == 401
    assert ruled(["password", "totp"], ["password"]) == 201
    # A token tells by what its user signed in, and keeps it when it is exchanged.
    token = {"id": sign_in(api).headers["X-Subject-Token"]}
    identity: dict[str, Any] = {"methods": ["token"], "token": token}

    def exchanged() -> int:
        return api("POST", TOKENS, {"auth": {"identity": identity}}, as_=None).status

    assert ruled(["password", "token"]) == 401
    assert exchanged() == 201
    assert ruled(["totp"]) == 401
    assert exchanged() == 401
    wrong = {"user": {"options": {"multi_factor_auth_rules": "password"}}}
    assert admin(api, "PATCH", path, wrong).status == 400


def test_what_operators_add_is_in_the_catalog(api: Api) -> None:
    service = {"service": {"type": "dns", "name": "designate"}}
    key = admin(api, "POST", "/services", service).body["service"]["id"]
    wish = {"service_id": key, "interface": "public", "url": "http://dns/", "region": "West"}
    made = admin(api, "POST", "/endpoints", {"endpoint": wish}).body["endpoint"]
    assert (made["region_id"], made["enabled"]) == ("West", True)
    assert admin(api, "GET", "/regions/West").status == 200
    added = {entry["type"]: entry for entry in api.get(f"{V3}/auth/catalog")["catalog"]}["dns"]
    assert (added["name"], added["endpoints"][0]["url"]) == ("designate", "http://dns/")
    assert admin(api, "DELETE", "/regions/West").status == 403
    for fields in ({"enabled": False}, {"enabled": True}):
        admin(api, "PATCH", f"/endpoints/{made['id']}", {"endpoint": fields})
        types = {entry["type"] for entry in api.get(f"{V3}/auth/catalog")["catalog"]}
        assert ("dns" in types) is fields["enabled"]
    assert admin(api, "DELETE", f"/services/{key}").status == 204
    assert admin(api, "GET", f"/endpoints/{made['id']}").status == 404
    assert admin(api, "DELETE", "/regions/West").status == 204


def test_what_the_cloud_is_made_of_stays(api: Api) -> None:
    for nouns in ("services", "endpoints", "regions"):
        noun = nouns.removesuffix("s")
        first = admin(api, "GET", f"/{nouns}").body[nouns][0]
        path = f"/{nouns}/{first['id']}"
        assert admin(api, "GET", path).body[noun] == first
        assert admin(api, "PATCH", path, {noun: {"description": "x"}}).status == 403
        assert admin(api, "DELETE", path).status == 403
    types = {one["type"] for one in admin(api, "GET", "/services").body["services"]}
    assert {"identity", "compute", "network", "image"} <= types
    found = admin(api, "GET", "/endpoints?interface=public").body["endpoints"]
    assert {one["interface"] for one in found} == {"public"}


@pytest.mark.parametrize(
    "fields",
    [{"service_id": "nothing"}, {"interface": "side"}, {"enabled": "True"}, {"url": "x"},
     {"url": None}, {"region_id": "nowhere"}, {"service_id": None}],
    ids=str,
)  # fmt: skip
def test_bad_endpoints(api: Api, fields: dict[str, Any]) -> None:
    service = admin(api, "GET", "/services").body["services"][0]["id"]
    wish = {"service_id": service, "interface": "public", "url": "http://x"} | fields
    assert admin(api, "POST", "/endpoints", {"endpoint": wish}).status == 400


def test_a_project_sees_a_part_of_the_catalog(api: Api, world: World) -> None:
    services = {one["type"]: one["id"] for one in admin(api, "GET", "/services").body["services"]}
    filters = {"service_id": services["image"], "interface": "public"}
    body = {"endpoint_group": {"name": "g", "filters": filters}}
    group = admin(api, "POST", "/OS-EP-FILTER/endpoint_groups", body).body["endpoint_group"]
    path = f"/OS-EP-FILTER/endpoint_groups/{group['id']}"
    assert len(admin(api, "GET", f"{path}/endpoints").body["endpoints"]) == 1
    shown = f"{path}/projects/{world.demo.id}"
    assert admin(api, "PUT", shown).status == 204
    assert admin(api, "HEAD", shown).status == 200
    entries = api.get(f"{V3}/auth/catalog")["catalog"]
    assert [(one["type"], len(one["endpoints"])) for one in entries] == [("image", 1)]
    endpoints = admin(api, "GET", f"/endpoints?service_id={services['compute']}").body["endpoints"]
    one = f"/OS-EP-FILTER/projects/{world.demo.id}/endpoints/{endpoints[0]['id']}"
    assert admin(api, "PUT", one).status == 204
    types = [entry["type"] for entry in api.get(f"{V3}/auth/catalog")["catalog"]]
    assert sorted(types) == ["compute", "image"]
    assert len(api.get(f"{V3}/auth/catalog", as_="stranger")["catalog"]) > 2
    for gone in (shown, one, path):
        assert admin(api, "DELETE", gone).status == 204
        assert admin(api, "DELETE", gone).status == 404
    assert len(api.get(f"{V3}/auth/catalog")["catalog"]) > 2
