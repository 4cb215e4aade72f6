"""Flavors: administrators make them, give them to projects and remove them."""

from __future__ import annotations

from typing import Any

import pytest

from synnefo.db.models import Flavor
from tests.integration.api.client import Api
from tests.integration.api.world import World

FLAVORS = "/compute/v2.1/flavors"
SIZE = {"name": "large", "ram": 512, "vcpus": 1, "disk": 1}


def make(api: Api, **fields: Any) -> Any:
    answer = api("POST", FLAVORS, {"flavor": SIZE | fields}, as_="admin")
    assert answer.status == 200, answer
    return answer.body["flavor"]


def names(api: Api, **more: Any) -> set[str]:
    return {flavor["name"] for flavor in api.get(FLAVORS, **more)["flavors"]}


def test_life(api: Api) -> None:
    made = make(api, id=1234, swap=5, **{"OS-FLV-EXT-DATA:ephemeral": 3}, rxtx_factor="2.5")
    assert made["id"] == "1234"
    assert (made["swap"], made["OS-FLV-EXT-DATA:ephemeral"], made["rxtx_factor"]) == (5, 3, 2.5)
    assert api("POST", FLAVORS, {"flavor": SIZE}, as_="admin").status == 409
    assert api("POST", FLAVORS, {"flavor": SIZE}).status == 403
    assert api("DELETE", f"{FLAVORS}/1234").status == 403
    assert api("DELETE", f"{FLAVORS}/1234", as_="admin").status == 202
    assert api("GET", f"{FLAVORS}/1234").status == 404
    assert make(api, id="1234")["swap"] == ""
    assert len(make(api, name="other", id=None)["id"]) == 36


def test_a_deleted_flavor_stays_with_its_servers(api: Api, world: World) -> None:
    server = world.server("s", world.demo)
    assert api("DELETE", f"{FLAVORS}/{world.flavor.flavor_id}", as_="admin").status == 202
    shown = api.get(f"/compute/v2.1/servers/{server.uuid}")["server"]
    assert shown["flavor"]["id"] == world.flavor.flavor_id
    assert api("GET", f"{FLAVORS}/{world.flavor.flavor_id}").status == 404


def test_description_and_extra_specs_by_version(api: Api) -> None:
    made = make(api, id="d")
    assert "description" not in made
    body = {"flavor": {"description": "new"}}
    assert api("PUT", f"{FLAVORS}/d", body, as_="admin").status == 404
    assert api("POST", FLAVORS, {"flavor": SIZE | {"description": "x"}}, as_="admin").status == 400
    changed = api("PUT", f"{FLAVORS}/d", body, as_="admin", version="2.55")
    assert changed.body["flavor"]["description"] == "new"
    assert api.get(f"{FLAVORS}/d", version="2.61")["flavor"]["extra_specs"] == {}
    assert api.get(f"{FLAVORS}/d", version="2.75")["flavor"]["swap"] == 0


def test_access(api: Api, world: World) -> None:
    make(api, id="p", **{"os-flavor-access:is_public": "False"})
    where, grant = f"{FLAVORS}/p/action", {"addTenantAccess": {"tenant": world.demo.id}}
    assert "large" not in names(api)
    assert api.get(f"{FLAVORS}/p/os-flavor-access", as_="admin") == {"flavor_access": []}
    entry = {"flavor_id": "p", "tenant_id": world.demo.id}
    assert api("POST", where, grant).status == 403
    assert api("POST", where, grant, as_="admin").body == {"flavor_access": [entry]}
    assert api("POST", where, grant, as_="admin").status == 409
    assert "large" in names(api)
    assert "large" not in names(api, as_="stranger")
    assert api("GET", f"{FLAVORS}/p", as_="stranger").status == 404
    unknown = {"addTenantAccess": {"tenant": "nobody"}}
    assert api("POST", where, unknown, as_="admin").status == 400
    take = {"removeTenantAccess": {"tenant": world.demo.id}}
    assert api("POST", where, take, as_="admin").body == {"flavor_access": []}
    assert api("POST", where, take, as_="admin").status == 404
    assert api("GET", f"{FLAVORS}/1/os-flavor-access", as_="admin").status == 404
    assert api("POST", f"{FLAVORS}/1/action", grant, as_="admin").status == 409
    assert api("POST", where, {}, as_="admin").status == 400


def test_extra_specs(api: Api) -> None:
    make(api, id="e")
    where = f"{FLAVORS}/e/os-extra_specs"
    specs = {"hw:numa_nodes": "1", "hw:cpu_policy": "shared"}
    assert api("POST", where, {"extra_specs": specs}).status == 403
    assert api("POST", where, {"extra_specs": specs}, as_="admin").body == {"extra_specs": specs}
    assert api.get(where)["extra_specs"] == specs
    one = {"hw:numa_nodes": "2"}
    assert api("PUT", f"{where}/hw:numa_nodes", one, as_="admin").body == one
    assert api("PUT", f"{where}/hw:numa_nodes", specs, as_="admin").status == 400
    assert api("PUT", f"{where}/hw:other", one, as_="admin").status == 400
    assert api.get(f"{where}/hw:numa_nodes") == one
    assert api("DELETE", f"{where}/hw:numa_nodes", as_="admin").status == 200
    assert api("DELETE", f"{where}/hw:numa_nodes", as_="admin").status == 404
    assert Flavor.objects.get(flavor_id="e").extra_specs == {"hw:cpu_policy": "shared"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 256),
        ("name", "a\u0000b"),
        ("name", None),
        ("ram", 0),
        ("ram", -1),
        ("ram", 2**31),
        ("ram", "many"),
        ("vcpus", 1.5),
        ("disk", True),
        ("swap", -1),
        ("rxtx_factor", 0),
        ("rxtx_factor", "nan"),
        ("rxtx_factor", "x"),
        ("id", ""),
        ("id", "a/b"),
        ("id", {}),
        ("os-flavor-access:is_public", "perhaps"),
        ("unknown", 1),
    ],
)
def test_bad_fields(api: Api, field: str, value: Any) -> None:
    before = Flavor.ever.count()
    answer = api("POST", FLAVORS, {"flavor": SIZE | {field: value}}, as_="admin")
    assert (answer.status, Flavor.ever.count()) == (400, before)


def test_sorting_and_pages(api: Api) -> None:
    make(api)
    first = api.get(f"{FLAVORS}?sort_key=ephemeral_gb&limit=2")
    rest = api.get(first["flavors_links"][0]["href"].partition("testserver")[2])
    seen = [flavor["id"] for flavor in first["flavors"] + rest["flavors"]]
    assert len(seen) == len(set(seen)) == 3
