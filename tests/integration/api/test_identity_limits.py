"""Unified limits: those that others enforce are kept, those of this cloud's quotas are quotas."""

from __future__ import annotations

from typing import Any

import pytest

from synnefo.api.identity import catalog
from synnefo.intents import quota
from tests.integration.api.client import Answer, Api
from tests.integration.api.world import World

V3 = "/identity/v3"
REGISTERED, LIMITS = f"{V3}/registered_limits", f"{V3}/limits"


@pytest.fixture
def service(api: Api) -> str:
    made = api("POST", f"{V3}/services", {"service": {"type": "x", "name": "x"}}, as_="admin")
    return str(made.body["service"]["id"])


def register(api: Api, service: str, name: str = "cats", **more: Any) -> Answer:
    wish = {"service_id": service, "resource_name": name, "default_limit": 5} | more
    return api("POST", REGISTERED, {"registered_limits": [wish]}, as_="admin")


def limit(api: Api, service: str, project: str, name: str = "cats", **more: Any) -> Answer:
    wish = {"service_id": service, "project_id": project, "resource_name": name,
            "resource_limit": 7} | more  # fmt: skip
    return api("POST", LIMITS, {"limits": [wish]}, as_="admin")


def test_limits_are_registered(api: Api, service: str) -> None:
    answer = register(api, service, description="of others")
    assert answer.status == 201
    (made,) = answer.body["registered_limits"]
    assert {key: value for key, value in made.items() if key not in ("id", "links")} == {
        "service_id": service, "region_id": None, "resource_name": "cats", "default_limit": 5,
        "description": "of others",
    }  # fmt: skip
    path = f"{REGISTERED}/{made['id']}"
    assert made["links"]["self"].endswith(path)
    assert api.get(path) == {"registered_limit": made}
    assert api.get(f"{REGISTERED}?service_id={service}")["registered_limits"] == [made]
    assert api.get(f"{REGISTERED}?resource_name=dogs")["registered_limits"] == []
    wish = {"registered_limit": {"default_limit": 6, "resource_name": "dogs"}}
    changed = api("PATCH", path, wish, as_="admin").body["registered_limit"]
    assert (changed["default_limit"], changed["resource_name"]) == (6, "dogs")
    assert api("DELETE", path, as_="admin").status == 204
    assert api("GET", path).status == 404


def test_what_cannot_be_registered(api: Api, service: str) -> None:
    assert register(api, service).status == 201
    assert register(api, service).status == 409
    assert register(api, service, region_id=catalog.REGION).status == 201
    wrong: tuple[dict[str, Any], ...] = (
        {"service_id": "0" * 32}, {"region_id": "nowhere"}, {"default_limit": -2},
        {"default_limit": 2**31}, {"resource_name": ""}, {"colour": "red"},
    )  # fmt: skip
    for more in wrong:
        assert register(api, service, **{"name": "dogs"} | more).status == 400, more
    assert api("POST", REGISTERED, {"registered_limits": []}, as_="admin").status == 400
    two = [
        {"service_id": service, "resource_name": name, "default_limit": 1}
        for name in ("dogs", "cats")
    ]
    assert api("POST", REGISTERED, {"registered_limits": two}, as_="admin").status == 409
    assert api.get(f"{REGISTERED}?resource_name=dogs")["registered_limits"] == []
    assert api("POST", REGISTERED, {"registered_limits": two[:1]}).status == 403


def test_a_project_has_a_limit_of_its_own(api: Api, world: World, service: str) -> None:
    assert limit(api, service, world.demo.id).status == 403  # Nothing is registered.
    (registered,) = register(api, service).body["registered_limits"]
    answer = limit(api, service, world.demo.id)
    assert answer.status == 201
    (made,) = answer.body["limits"]
    assert {key: value for key, value in made.items() if key not in ("id", "links")} == {
        "service_id": service, "region_id": None, "resource_name": "cats", "resource_limit": 7,
        "description": None, "project_id": world.demo.id, "domain_id": None,
    }  # fmt: skip
    path = f"{LIMITS}/{made['id']}"
    for as_ in ("user", "admin"):
        assert api.get(path, as_=as_) == {"limit": made}
        assert api.get(f"{LIMITS}?resource_name=cats", as_=as_)["limits"] == [made]
    assert api("GET", path, as_="stranger").status == 404
    assert api.get(LIMITS, as_="stranger")["limits"] == []
    assert api.get(LIMITS, as_="unscoped")["limits"] == []
    assert limit(api, service, world.demo.id).status == 409
    wish = {"limit": {"resource_limit": 8, "description": "d"}}
    assert api("PATCH", path, wish).status == 403
    changed = api("PATCH", path, wish, as_="admin").body["limit"]
    assert changed == made | {"resource_limit": 8, "description": "d"}
    kept = f"{REGISTERED}/{registered['id']}"
    assert api("DELETE", kept, as_="admin").status == 403
    renamed = {"registered_limit": {"resource_name": "dogs"}}
    assert api("PATCH", kept, renamed, as_="admin").status == 403
    more = {"registered_limit": {"default_limit": 9}}
    assert api("PATCH", kept, more, as_="admin").status == 200
    assert api("DELETE", path, as_="admin").status == 204
    assert api("GET", path).status == 404
    assert api("DELETE", kept, as_="admin").status == 204


def test_what_no_limit_can_be(api: Api, world: World, service: str) -> None:
    register(api, service)
    wrong: tuple[dict[str, Any], ...] = (
        {"project_id": "0" * 32}, {"domain_id": "default"}, {"project_id": None},
        {"resource_limit": "many"}, {"service_id": "0" * 32},
    )  # fmt: skip
    for more in wrong:
        assert limit(api, service, world.demo.id, **more).status == 400, more
    of_domain = {"service_id": service, "domain_id": "default", "resource_name": "cats",
                 "resource_limit": 1}  # fmt: skip
    made = api("POST", LIMITS, {"limits": [of_domain]}, as_="admin")
    assert made.status == 201
    assert made.body["limits"][0]["project_id"] is None
    wish = {"limit": {"resource_name": "dogs"}}
    path = f"{LIMITS}/{made.body['limits'][0]['id']}"
    assert api("PATCH", path, wish, as_="admin").status == 400
    assert api("DELETE", f"{V3}/services/{service}", as_="admin").status == 204
    assert api("GET", path, as_="admin").status == 404
    assert api.get(f"{REGISTERED}?resource_name=cats")["registered_limits"] == []


def test_nobody_else_says_who_somebody_is(api: Api) -> None:
    for noun in ("identity_providers", "mappings", "service_providers"):
        path = f"{V3}/OS-FEDERATION/{noun}"
        assert api.get(path, as_="admin")[noun] == []
        assert api("GET", path).status == 403
        assert api("PUT", f"{path}/x", {noun: {}}, as_="admin").status == 400
        for method in ("GET", "PATCH", "DELETE"):
            assert api(method, f"{path}/x", as_="admin").status == 404
    assert api("GET", f"{V3}/OS-FEDERATION/identity_providers/x/protocols", as_="admin").status == (
        404
    )


def test_limits_of_this_cloud_are_its_quotas(api: Api, world: World) -> None:
    """Whoever changes one of them changes the other."""
    nova = catalog.IDS["nova"]
    where = f"{REGISTERED}?service_id={nova}&resource_name=servers"
    (own,) = api.get(where)["registered_limits"]
    assert (own["default_limit"], own["region_id"]) == (10, catalog.REGION)
    path = f"{REGISTERED}/{own['id']}"
    assert api("DELETE", path, as_="admin").status == 403
    assert api("PATCH", path, {"registered_limit": {"region_id": None}}, as_="admin").status == 403
    wish = {"registered_limit": {"default_limit": 12}}
    assert api("PATCH", path, wish, as_="admin").body["registered_limit"]["default_limit"] == 12
    assert quota.limits(world.other.id)["instances"] == 12
    assert register(api, nova, "servers", region_id=catalog.REGION).status == 409
    answer = limit(api, nova, world.demo.id, "servers", region_id=catalog.REGION)
    assert answer.status == 201, answer
    one = f"{LIMITS}/{answer.body['limits'][0]['id']}"
    assert quota.limits(world.demo.id)["instances"] == 7
    quotas = f"/compute/v2.1/os-quota-sets/{world.demo.id}"
    assert api("PUT", quotas, {"quota_set": {"instances": 3}}, as_="admin").status == 200
    assert api.get(one)["limit"]["resource_limit"] == 3
    assert api("PATCH", one, {"limit": {"resource_limit": 4}}, as_="admin").status == 200
    assert api.get(quotas)["quota_set"]["instances"] == 4
    assert api("DELETE", one, as_="admin").status == 204
    assert quota.limits(world.demo.id)["instances"] == 12
