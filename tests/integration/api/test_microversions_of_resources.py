"""What microversions changed of resources other than servers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.api.client import Answer, Api
from tests.integration.api.test_writes import NOWHERE, SERVERS
from tests.integration.api.versioned import act, built, node, shown
from tests.integration.api.world import World

COMPUTE = "/compute/v2.1"


@pytest.mark.parametrize(
    ("path", "last"),
    [
        ("images", 35),
        ("os-networks", 35),
        ("os-floating-ips", 35),
        ("os-security-groups", 35),
        ("os-hosts", 42),
        ("servers/{server}/os-virtual-interfaces", 43),
        ("images/{image}/metadata", 38),
    ],
)
def test_paths_gone(api: Api, world: World, path: str, last: int) -> None:
    node(world)
    named = path.format(server=world.server().uuid, image=world.image.uuid)
    assert api("GET", f"{COMPUTE}/{named}", as_="admin", version=f"2.{last}").status == 200
    assert api("GET", f"{COMPUTE}/{named}", as_="admin", version=f"2.{last + 1}").status == 404
    assert api("GET", f"{COMPUTE}/os-fixed-ips/10.0.0.1", version="2.4").status in (404, 410)


def test_paths(api: Api, world: World) -> None:
    """The project's id in the path, as old catalogs have it, is understood at all versions."""
    for minor in (17, 18):
        path = f"{COMPUTE}/{world.demo.id}/servers"
        assert api("GET", path, version=f"2.{minor}").status == 200


def test_headers(api: Api) -> None:
    answer = api("GET", SERVERS, version="2.46")
    assert answer.headers["OpenStack-API-Version"] == "compute 2.46"
    assert answer.headers["X-OpenStack-Nova-API-Version"] == "2.46"
    assert answer.headers["X-OpenStack-Request-ID"].startswith("req-")
    both = answer.headers["X-Compute-Request-ID"], answer.headers["X-OpenStack-Request-ID"]
    assert both[0] == both[1]


def test_access_of_public_flavor(api: Api, world: World) -> None:
    body = {"addTenantAccess": {"tenant": world.other.id}}
    path = f"{COMPUTE}/flavors/1/action"
    assert api("POST", path, body, as_="admin", version="2.6").status in (200, 409)
    assert api("POST", path, body, as_="admin", version="2.7").status == 409


def test_flavors(api: Api) -> None:
    path = f"{COMPUTE}/flavors/1"
    assert "description" not in api.get(path, version="2.54")["flavor"]
    assert "description" in api.get(path, version="2.55")["flavor"]
    assert "extra_specs" not in api.get(path, version="2.60")["flavor"]
    assert "extra_specs" in api.get(path, version="2.61")["flavor"]
    bad = {"extra_specs": {"hw:cpu_policy": "no such policy"}}
    for minor, status in ((85, 200), (86, 400)):
        answer = api("POST", f"{path}/os-extra_specs", bad, as_="admin", version=f"2.{minor}")
        assert answer.status == status


def test_forced_down(api: Api, world: World) -> None:
    node(world)
    for minor in (10, 11):
        found = api.get(f"{COMPUTE}/os-services", as_="admin", version=f"2.{minor}")["services"]
        assert ("forced_down" in found[0]) is (minor >= 11)


def test_hypervisors(api: Api, world: World) -> None:
    node(world)
    path = f"{COMPUTE}/os-hypervisors/detail"

    def one(minor: int) -> dict[str, Any]:
        found: dict[str, Any] = api.get(path, as_="admin", version=f"2.{minor}")["hypervisors"][0]
        return found

    assert (isinstance(one(27)["cpu_info"], str), isinstance(one(28)["cpu_info"], dict)) == (
        True, True,
    )  # fmt: skip
    assert isinstance(one(52)["id"], int)
    assert isinstance(one(53)["id"], str)
    assert "vcpus" in one(87)
    assert "vcpus" not in one(88)
    assert "uptime" in one(88)
    paged = api.get(f"{path}?limit=1", as_="admin", version="2.33")
    assert len(paged["hypervisors"]) == 1


def test_aggregates(api: Api) -> None:
    body = {"aggregate": {"name": "a"}}
    path = f"{COMPUTE}/os-aggregates"
    made = api("POST", path, body, as_="admin", version="2.40").body["aggregate"]
    assert "uuid" not in made
    assert "uuid" in api.get(f"{path}/{made['id']}", as_="admin", version="2.41")["aggregate"]
    images = {"cache": [{"id": NOWHERE}]}
    for minor in (80, 81):
        answer = api(
            "POST", f"{path}/{made['id']}/images", images, as_="admin", version=f"2.{minor}"
        )
        assert (answer.status == 404) or minor == 81


def test_server_groups(api: Api) -> None:
    path = f"{COMPUTE}/os-server-groups"

    def make(minor: int, **fields: Any) -> Answer:
        return api("POST", path, {"server_group": {"name": "g", **fields}}, version=f"2.{minor}")

    assert "project_id" not in make(12, policies=["affinity"]).body["server_group"]
    assert "project_id" in make(13, policies=["affinity"]).body["server_group"]
    assert make(14, policies=["soft-affinity"]).status == 400
    assert make(15, policies=["soft-affinity"]).status == 200
    assert make(63, policy="affinity").status == 400
    made = make(64, policy="anti-affinity", rules={"max_server_per_host": 2})
    assert made.body["server_group"]["policy"] == "anti-affinity"


def test_quotas(api: Api) -> None:
    path = f"{COMPUTE}/os-quota-class-sets/default"
    old = api.get(path, as_="admin", version="2.49")["quota_class_set"]
    new = api.get(path, as_="admin", version="2.50")["quota_class_set"]
    assert "server_groups" not in old
    assert "server_groups" in new
    assert "floating_ips" not in new


def test_usage(api: Api, world: World) -> None:
    world.server()
    times = "start=2026-10-01T00:00:00&end=2026-11-02T00:00:00"
    path = f"{COMPUTE}/os-simple-tenant-usage?limit=1&{times}"
    old = api.get(path, as_="admin", version="2.39")
    assert "tenant_usages_links" not in old
    assert "tenant_usages" in api.get(path, as_="admin", version="2.40")


def test_migrations(api: Api, world: World) -> None:
    path = f"{COMPUTE}/os-migrations"
    assert api.get(path, as_="admin", version="2.59") == {"migrations": []}
    assert api("GET", f"{path}?limit=x", as_="admin", version="2.59").status == 400
    below = f"{SERVERS}/{world.server().uuid}/migrations"
    assert api("GET", below, as_="admin", version="2.22").status == 404
    assert api.get(below, as_="admin", version="2.23") == {"migrations": []}
    assert api("DELETE", f"{below}/1", as_="admin", version="2.24").status == 404
    body = {"force_complete": None}
    assert api("POST", f"{below}/1/action", body, as_="admin", version="2.22").status == 404
    assert api.get(f"{path}?project_id={world.demo.id}", as_="admin", version="2.80")


def test_resizing_may_say_how_disks_are_parted(api: Api, world: World) -> None:
    server = built(api, world)
    body = {"resize": {"flavorRef": "2", "OS-DCF:diskConfig": "AUTO"}}
    assert act(api, server, 1, body).status == 202
    assert shown(api, server, 1)["OS-DCF:diskConfig"] == "AUTO"
