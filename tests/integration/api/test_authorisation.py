"""Who may call what: every row of every service's table is walked."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from synnefo.api.bodies import ByVersion, schema_of
from synnefo.api.routing import Route, Who
from synnefo.urls import SERVICES
from tests.integration.api.client import Api
from tests.integration.api.examples import example
from tests.integration.api.nouns import NOBODYS, NOUNS
from tests.integration.api.world import World

VERSION = {service.name: service.versions[0] for service in SERVICES}
EVERY = [(service.name, route) for service in SERVICES for route in service.routes]
GUARDED = [(name, route) for name, route in EVERY if route.who is not Who.ANYBODY]
ANY_ID = "5d8b5c5e-1111-4222-8333-944444444444"


def address(name: str, route: Route, identifier: str = ANY_ID) -> str:
    path = re.sub(r"\{\w+\}", "x", route.path.replace("{id}", identifier, 1))
    return f"/{name}/{VERSION[name]}/{path}"


def label(row: tuple[str, Route]) -> str:
    return f"{row[1].method} {row[0]}/{row[1].path}"


def test_nothing_is_open_that_was_not_meant_to_be() -> None:
    opened = {label(row) for row in EVERY if row[1].who is Who.ANYBODY}
    assert opened == {
        "GET identity/",
        "GET compute/",
        "GET volume/",
        "POST identity/auth/tokens",
        # The old password proves who asks, also when it is over and gets no token any more.
        "POST identity/users/{id}/password",
    }


@pytest.mark.parametrize("token", [None, "", "nonsense", "x" * 5000, "\xe4"])
def test_without_a_good_token(api: Api, token: str | None) -> None:
    for row in GUARDED:
        answer = api(row[1].method, address(*row), b"", as_=token)
        assert answer.status == 401, label(row)
        assert answer.headers["WWW-Authenticate"] == 'Keystone uri="http://testserver/identity"'
        assert answer.body["error"]["code"] == 401
        assert "/identity/v3" in answer.body["error"]["message"]
        assert answer.headers["X-Openstack-Request-Id"].startswith("req-")


def test_expired_tokens_and_disabled_users(api: Api, world: World) -> None:
    past = timezone.now() - timedelta(seconds=1)
    old = world.token(world.user, world.demo, "member", expires_at=past)
    assert api("GET", "/compute/v2.1/servers", as_=old).status == 401
    world.user.enabled = False
    world.user.save()
    assert api("GET", "/compute/v2.1/servers").status == 401
    world.other.enabled = False
    world.other.save()
    assert api("GET", "/compute/v2.1/servers", as_="stranger").status == 401


MEMBERS = [row for row in GUARDED if row[1].who >= Who.READER]


def test_an_unscoped_token_is_not_enough(api: Api) -> None:
    for row in MEMBERS:
        assert api(row[1].method, address(*row), b"{}", as_="unscoped").status == 403, label(row)


def test_readers_only_read(api: Api) -> None:
    for row in GUARDED:
        if row[1].who is Who.MEMBER:
            answer = api(row[1].method, address(*row), b"{}", as_="reader")
            assert answer.status == 403, label(row)


def test_some_is_for_administrators(api: Api) -> None:
    for row in GUARDED:
        if row[1].who is Who.ADMIN:
            assert api(row[1].method, address(*row), b"{}").status == 403, label(row)
            # What is asked for makes no sense or is not there, but nobody is turned away.
            answer = api(row[1].method, address(*row), b"{}", as_="admin")
            assert answer.status not in (401, 403), label(row)


# What a body has to be to get as far as the resource.
BODIES = {
    "PUT compute/servers/{id}": {"server": {"name": "x"}},
    "POST compute/servers/{id}/action": {"os-stop": None},
    "POST compute/servers/{id}/remote-consoles": {
        "remote_console": {"protocol": "vnc", "type": "novnc"}
    },
    "PUT compute/servers/{id}/metadata": {"metadata": {"x": "y"}},
    "POST compute/servers/{id}/metadata": {"metadata": {"x": "y"}},
    "PUT compute/servers/{id}/metadata/{key}": {"meta": {"x": "y"}},
    "PATCH image/images/{id}": [],
}
V = "2.21"
EXPECTED = {
    # The defaults are the same for everybody; Cinder turns strangers away whatever the id.
    "GET compute/os-quota-sets/{id}/defaults": {200},
    "GET volume/os-quota-sets/{id}/defaults": {403},
    "GET volume/os-quota-sets/{id}": {403},
}
KINDS = {
    "PATCH image/images/{id}": "application/openstack-images-v2.1-json-patch",
    "PUT image/images/{id}/file": "application/octet-stream",
}


OWNED = [
    row
    for row in GUARDED
    if row[1].who < Who.ADMIN
    and (row[0], row[1].path.split("/")[0]) in NOUNS
    and "{id}" in row[1].path
    and set(row[1].gives) != {410}
]


def test_the_walk_leaves_out_nothing() -> None:
    """A new noun with ids gets a maker in nouns.py, or a reason why it needs none."""
    with_ids = {
        (name, route.path.split("/")[0])
        for name, route in GUARDED
        if "{id}" in route.path and route.who < Who.ADMIN and set(route.gives) != {410}
    }
    assert with_ids == NOUNS.keys() | NOBODYS.keys()
    assert not NOUNS.keys() & NOBODYS.keys()


def valid_body(row: tuple[str, Route]) -> Any:
    """A body that gets as far as the resource, where the row says what it takes."""
    body = row[1].body
    if label(row) in BODIES or body is None:
        return BODIES.get(label(row), b"")
    return example(schema_of(body.newest if isinstance(body, ByVersion) else body))


@pytest.mark.parametrize("noun", NOUNS, ids="/".join)
def test_tenants_are_strangers(api: Api, world: World, noun: tuple[str, str]) -> None:
    """Nobody can tell what is another project's from what never was."""
    identifier = NOUNS[noun](world)
    rows = [
        row
        for row in OWNED
        if noun == (row[0], row[1].path.split("/")[0]) and not row[1].path.endswith("/accept")
    ]  # Who accepts is a stranger, and has a key.
    assert rows, "no route leads there"
    for row in rows:
        name, route = row
        kind, body = KINDS.get(label(row), "application/json"), valid_body(row)
        foreign, missing = (
            api(route.method, address(name, route, at), body, as_="stranger", kind=kind, version=V)
            for at in (identifier, ANY_ID)
        )
        assert str(missing.body).replace(ANY_ID, identifier) == str(foreign.body)
        assert foreign.status == missing.status
        # A body may be refused before anything is looked for.
        usual = {"GET": {404}, "DELETE": {404}}.get(route.method, {400, 404})
        assert foreign.status in EXPECTED.get(label(row), usual), (label(row), foreign)


def test_lists_hold_nothing_of_others(api: Api, world: World) -> None:
    server = world.server("secret-name")
    world.with_address(server, "198.18.0.77")
    world.picture("secret-name", world.demo)
    world.pool(world.net("secret-name", world.demo))
    world.key("secret-name")
    for name, route in GUARDED:
        if route.method == "GET" and "{" not in route.path:
            answer = api("GET", address(name, route), as_="stranger")
            assert b"secret-name" not in answer.raw
            assert b"198.18.0.77" not in answer.raw
            assert world.demo.id.encode() not in answer.raw, route.path


@pytest.mark.parametrize(
    ("method", "path", "status", "shape"),
    [
        ("GET", "/compute/v2.1/nothing", 404, "itemNotFound"),
        ("GET", "/compute/v9", 404, "itemNotFound"),
        ("PATCH", "/compute/v2.1/servers", 405, "badMethod"),
        ("DELETE", "/compute/v2.1/servers", 405, "badMethod"),
        ("GET", "/identity/v3/nothing", 404, "error"),
        ("PUT", "/identity/v3/auth/tokens", 405, "error"),
        ("GET", "/image/v2/", 404, "error"),
        ("GET", "/image/v2/images/", 404, "error"),
        ("GET", "/network/v2.0/nothing", 404, "NeutronError"),
        ("DELETE", "/network/v2.0/networks", 405, "NeutronError"),
        ("GET", "/nothing", 404, "error"),
        ("OPTIONS", "*", 404, "error"),
    ],
)
def test_unknown_paths_and_methods(
    api: Api, method: str, path: str, status: int, shape: str
) -> None:
    answer = api(method, path, b"")
    assert answer.status == status
    assert list(answer.body) == [shape]
    assert answer.headers["Content-Type"] == "application/json"
    assert (status == 405) == ("Allow" in answer.headers)


def test_request_ids(api: Api) -> None:
    ok = api("GET", "/compute/v2.1/servers")
    bad = api("GET", "/compute/v2.1/servers/x")
    for answer in (ok, bad):
        one = answer.headers["X-Openstack-Request-Id"]
        assert answer.headers["X-Compute-Request-Id"] == one
    assert ok.headers["X-Openstack-Request-Id"] != bad.headers["X-Openstack-Request-Id"]


def test_network_faults_are_typed(api: Api) -> None:
    answer = api("GET", f"/network/v2.0/networks/{ANY_ID}")
    assert answer.body["NeutronError"]["type"] == "NetworkNotFound"


def test_a_project_in_the_path_is_the_callers_or_wrong(api: Api, world: World) -> None:
    assert api("GET", f"/compute/v2.1/{world.demo.id}/servers").status == 200
    assert api("GET", f"/compute/v2.1/{world.other.id}/servers").status == 400
    assert api("GET", f"/compute/v2.1/{world.demo.id}").status == 200
