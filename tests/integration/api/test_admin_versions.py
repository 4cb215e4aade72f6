"""What microversions changed of sizes, limits, groups, nodes and reports: a test for each."""

from __future__ import annotations

from typing import Any

import pytest

from synnefo.db.models import Intent
from synnefo.observations import backends
from synnefo.ports import NodeReport
from tests.integration.api.client import Api
from tests.integration.api.world import START, World

V = "/compute/v2.1"


@pytest.fixture
def node(world: World) -> str:
    report = NodeReport("n1", False, False, True, 4096, 2048, 4096, 2048, 4, address="192.0.2.1")
    backends.capacity(world.backend.pk, [report], START)
    return "n1"


def by_version(api: Api, path: str, *versions: str) -> list[Any]:
    """The one entry of a list at each version."""
    found = []
    for version in versions:
        body = api.get(f"{V}/{path}", as_="admin", version=version)
        found.append(next(rows for rows in body.values() if isinstance(rows, list))[0])
    return found


def test_forced_down(api: Api, node: str) -> None:  # 2.11
    old, new = by_version(api, "os-services", "2.10", "2.11")
    assert ("forced_down" in old, new["forced_down"]) == (False, False)
    named = {"host": node, "binary": "nova-compute", "forced_down": True}
    where = f"{V}/os-services/force-down"
    assert api("PUT", where, named, as_="admin", version="2.10").status == 400
    assert api("PUT", where, named, as_="admin", version="2.11").status == 200


def test_server_groups(api: Api) -> None:  # 2.13, 2.15, 2.64
    soft = {"server_group": {"name": "g", "policies": ["soft-affinity"]}}
    assert api("POST", f"{V}/os-server-groups", soft, as_="admin", version="2.14").status == 400
    assert api("POST", f"{V}/os-server-groups", soft, as_="admin", version="2.15").status == 200
    old, owned, new = by_version(api, "os-server-groups", "2.12", "2.13", "2.64")
    assert ("user_id" in old, "user_id" in owned) == (False, True)
    assert (owned["policies"], owned["metadata"]) == (["soft-affinity"], {})
    assert (new["policy"], new["rules"], "policies" in new) == ("soft-affinity", {}, False)
    assert api("POST", f"{V}/os-server-groups", soft, as_="admin", version="2.64").status == 400


def test_live_migrations(api: Api, world: World) -> None:  # 2.22, 2.23, 2.24
    server = world.server()
    intent = Intent.objects.create(
        project=server.project,
        user=server.user,
        action="live_migrate",
        server=server,
        request_id="req-1",
        created_at=START,
    )
    where = f"{V}/servers/{server.uuid}/migrations"
    one, force = f"{where}/{intent.pk}", {"force_complete": None}
    assert api("POST", f"{one}/action", force, as_="admin", version="2.21").status == 404
    assert api("POST", f"{one}/action", force, as_="admin", version="2.22").status == 409
    assert api("GET", where, as_="admin", version="2.22").status == 404
    assert api("GET", where, as_="admin", version="2.23").status == 200
    assert api("DELETE", one, as_="admin", version="2.23").status == 404
    assert api("DELETE", one, as_="admin", version="2.24").status == 202


def test_hypervisors(api: Api, node: str) -> None:  # 2.28, 2.33, 2.53, 2.75, 2.88
    path = "os-hypervisors/detail"
    text, table, new, newest = by_version(api, path, "2.27", "2.28", "2.53", "2.88")
    assert (text["cpu_info"], table["cpu_info"]) == ("", {})
    assert (isinstance(table["id"], int), len(new["id"])) == (True, 36)
    assert ("vcpus" in new, "vcpus" in newest, "uptime" in newest) == (True, False, True)
    assert "hypervisors_links" in api.get(f"{V}/{path}?limit=1", as_="admin", version="2.33")
    assert "hypervisors_links" not in api.get(f"{V}/{path}?limit=1", as_="admin", version="2.32")
    asked = f"{path}?with_servers=true"
    without, empty = by_version(api, asked, "2.74", "2.75")
    assert ("servers" in without, empty["servers"]) == (False, [])
    for gone, last in (("statistics", 87), (f"{node}/search", 52), (f"{node}/servers", 52)):
        where = f"{V}/os-hypervisors/{gone}"
        assert api("GET", where, as_="admin", version=f"2.{last}").status == 200
        assert api("GET", where, as_="admin", version=f"2.{last + 1}").status == 404


def test_hosts_are_gone(api: Api, node: str) -> None:  # 2.43
    assert api("GET", f"{V}/os-hosts", as_="admin", version="2.42").status == 200
    assert api("GET", f"{V}/os-hosts", as_="admin", version="2.43").status == 404


def test_quotas(api: Api, world: World) -> None:  # 2.36, 2.39, 2.50, 2.57
    where = f"{V}/os-quota-sets/{world.demo.id}"
    for version, name in (("2.36", "floating_ips"), ("2.57", "injected_files")):
        assert name not in api.get(where, version=version)["quota_set"]
    limits = [
        api.get(f"{V}/limits", version=version)["limits"]["absolute"]
        for version in ("2.35", "2.36", "2.38", "2.39", "2.57")
    ]
    assert "maxTotalFloatingIps" in limits[0].keys() - limits[1].keys()
    assert "maxImageMeta" in limits[2].keys() - limits[3].keys()
    assert "maxPersonality" in limits[3].keys() - limits[4].keys()
    classes = [
        api.get(f"{V}/os-quota-class-sets/default", as_="admin", version=version)
        for version in ("2.49", "2.50")
    ]
    old, new = (shown["quota_class_set"] for shown in classes)
    assert {"floating_ips"} <= old.keys() - new.keys()
    assert {"server_groups"} <= new.keys() - old.keys()


def test_usage(api: Api, world: World) -> None:  # 2.40
    world.server()
    path = f"{V}/os-simple-tenant-usage?start=2026-10-01T00:00:00&limit=1"
    assert "tenant_usages_links" not in api.get(path, as_="admin", version="2.39")
    assert "tenant_usages_links" in api.get(path, as_="admin", version="2.40")


def test_aggregates(api: Api) -> None:  # 2.41, 2.81
    body = {"aggregate": {"name": "a"}}
    number = api("POST", f"{V}/os-aggregates", body, as_="admin").body["aggregate"]["id"]
    old, new = by_version(api, "os-aggregates", "2.40", "2.41")
    assert ("uuid" in old, len(new["uuid"])) == (False, 36)
    images = {"cache": [{"id": new["uuid"]}]}
    where = f"{V}/os-aggregates/{number}/images"
    assert api("POST", where, images, as_="admin", version="2.80").status == 404
    assert api("POST", where, images, as_="admin", version="2.81").status == 202


def test_services(api: Api, node: str) -> None:  # 2.53
    old, new = by_version(api, "os-services", "2.52", "2.53")
    assert (isinstance(old["id"], int), len(new["id"])) == (True, 36)
    wish = {"status": "disabled", "disabled_reason": "x"}
    where = f"{V}/os-services/{new['id']}"
    shown = api("PUT", where, wish, as_="admin", version="2.53").body["service"]
    assert (shown["status"], shown["disabled_reason"]) == ("disabled", "x")
    assert api("PUT", where, wish, as_="admin", version="2.52").status == 400


def test_flavors(api: Api) -> None:  # 2.55, 2.61, 2.75, 2.86
    plain, described, special, number = by_version(
        api, "flavors/detail", "2.54", "2.55", "2.61", "2.75"
    )
    assert ("description" in plain, described["description"]) == (False, None)
    assert ("extra_specs" in described, special["extra_specs"]) == (False, {})
    assert (special["swap"], number["swap"]) == ("", 0)
    where = f"{V}/flavors/1/os-extra_specs"
    for wrong in ({"hw:cpu_policy": "sometimes"}, {"hw:nonsense": "1"}):
        body = {"extra_specs": wrong}
        assert api("POST", where, body, as_="admin", version="2.86").status == 400
        assert api("POST", where, body, as_="admin", version="2.85").status == 200
    own = {"extra_specs": {"my:own": "x", "hw:cpu_policy": "dedicated"}}
    assert api("POST", where, own, as_="admin", version="2.86").status == 200


def test_migrations(api: Api, world: World) -> None:  # 2.23, 2.59, 2.66, 2.80
    server = world.server()
    Intent.objects.create(
        project=server.project,
        user=server.user,
        action="resize",
        server=server,
        request_id="req-1",
        created_at=START,
    )
    shown = by_version(api, "os-migrations", "2.22", "2.23", "2.59", "2.80")
    first, typed, named, owned = (entry.keys() for entry in shown)
    assert (typed - first, named - typed) == ({"migration_type"}, {"uuid"})
    assert owned - named == {"user_id", "project_id"}
    path = f"{V}/os-migrations?limit=1"
    assert "migrations_links" not in api.get(path, as_="admin", version="2.58")
    assert "migrations_links" in api.get(path, as_="admin", version="2.59")
    late = f"{V}/os-migrations?changes-before=2020-01-01T00:00:00Z"
    assert api.get(late, as_="admin", version="2.66")["migrations"] == []
    wrong = f"{late}&changes-since=2021-01-01T00:00:00Z"
    assert api("GET", wrong, as_="admin", version="2.66").status == 400


@pytest.mark.parametrize(
    ("path", "since"),
    [
        ("flavors", 75),
        ("limits", 75),
        ("os-services", 75),
        ("os-hypervisors", 53),
        ("os-migrations", 59),
        ("os-server-groups", 75),
        ("os-simple-tenant-usage?start=2026-10-01T00:00:00", 75),
    ],
)
def test_unknown_words_in_queries(api: Api, path: str, since: int) -> None:
    where = f"{V}/{path}{'&' if '?' in path else '?'}unknown=1"
    assert api("GET", where, as_="admin", version=f"2.{since - 1}").status == 200
    assert api("GET", where, as_="admin", version=f"2.{since}").status == 400
