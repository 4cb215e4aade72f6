"""Who may call what: every row of every service's table is walked."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from synnefo.api.routing import Route, Who
from synnefo.urls import SERVICES
from tests.integration.api.client import Api
from tests.integration.api.world import World

VERSION = {"identity": "v3", "compute": "v2.1", "image": "v2", "network": "v2.0"}
EVERY = [(service.name, route) for service in SERVICES for route in service.routes]
GUARDED = [(name, route) for name, route in EVERY if route.who is not Who.ANYBODY]
ANY_ID = "5d8b5c5e-1111-4222-8333-944444444444"


def address(name: str, route: Route, identifier: str = ANY_ID) -> str:
    path = route.path
    for word in ("{id}", "{key}", "{tag}", "{network}", "{request_id}", "{alias}", "{name}"):
        path = path.replace(word, identifier if word == "{id}" else "x")
    return f"/{name}/{VERSION[name]}/{path}"


def label(row: tuple[str, Route]) -> str:
    return f"{row[1].method} {row[0]}/{row[1].path}"


def test_nothing_is_open_that_was_not_meant_to_be() -> None:
    opened = {label(row) for row in EVERY if row[1].who is Who.ANYBODY}
    assert opened == {"GET identity/", "GET compute/", "POST identity/auth/tokens"}


@pytest.mark.parametrize("row", GUARDED, ids=label)
@pytest.mark.parametrize("token", [None, "", "nonsense", "x" * 5000, "\xe4"])
def test_without_a_good_token(api: Api, row: tuple[str, Route], token: str | None) -> None:
    answer = api(row[1].method, address(*row), b"", as_=token)
    assert answer.status == 401
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


@pytest.mark.parametrize("row", MEMBERS, ids=label)
def test_an_unscoped_token_is_not_enough(api: Api, row: tuple[str, Route]) -> None:
    assert api(row[1].method, address(*row), b"{}", as_="unscoped").status == 403


@pytest.mark.parametrize("row", [r for r in GUARDED if r[1].who is Who.MEMBER], ids=label)
def test_readers_only_read(api: Api, row: tuple[str, Route]) -> None:
    assert api(row[1].method, address(*row), b"{}", as_="reader").status == 403


@pytest.mark.parametrize("row", [r for r in GUARDED if r[1].who is Who.ADMIN], ids=label)
def test_some_is_for_administrators(api: Api, row: tuple[str, Route]) -> None:
    assert api(row[1].method, address(*row), b"{}").status == 403
    assert api(row[1].method, address(*row), b"{}", as_="admin").status in (200, 404)


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
KINDS = {
    "PATCH image/images/{id}": "application/openstack-images-v2.1-json-patch",
    "PUT image/images/{id}/file": "application/octet-stream",
}


def theirs(world: World, path: str) -> str:
    """The id of a resource of the kind in the path that belongs to the user's project."""
    server = world.server()
    port = world.with_address(server, "198.18.0.77")
    own_network = world.net("own", world.demo)
    ids = {
        "servers": server.uuid,
        "images": world.picture("p", world.demo).uuid,
        "networks": own_network.uuid,
        "subnets": world.pool(own_network).uuid,
        "ports": port.uuid,
        "projects": world.demo.id,
        "users": world.user.id,
        "os-quota-sets": world.demo.id,
        "quotas": world.demo.id,
    }
    return str(ids[path.split("/", maxsplit=1)[0]])


SHARED = {"flavors", "domains", "roles"}
OWNED = [
    row for row in GUARDED if "{id}" in row[1].path and row[1].path.split("/")[0] not in SHARED
]


@pytest.mark.parametrize("row", OWNED, ids=label)
def test_tenants_are_strangers(api: Api, world: World, row: tuple[str, Route]) -> None:
    name, route = row
    identifier = theirs(world, route.path)
    url, key = address(name, route, identifier), label(row)
    kind = KINDS.get(key, "application/json")
    foreign = api(
        route.method, url, BODIES.get(key, b""), as_="stranger", kind=kind, version="2.21"
    )
    if key == "GET identity/users/{id}/projects":
        assert foreign.status == 403  # Keystone says so, of any id
        return
    assert foreign.status == 404, foreign
    # Nobody can tell it from what never was.
    missing = api(
        route.method,
        address(name, route),
        BODIES.get(key, b""),
        as_="stranger",
        kind=kind,
        version="2.21",
    )
    assert missing.status == 404
    assert str(missing.body).replace(ANY_ID, identifier) == str(foreign.body)


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
        ("POST", "/network/v2.0/networks", 405, "NeutronError"),
        ("GET", "/nothing", 404, "error"),
    ],
)
def test_unknown_paths_and_methods(
    api: Api, method: str, path: str, status: int, shape: str
) -> None:
    answer = api(method, path, b"")
    assert answer.status == status
    assert list(answer.body) == [shape]
    assert answer.headers["Content-Type"] == "application/json"


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
