"""Each list: its query count is pinned and does not grow with the rows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from synnefo.api.network import collections
from tests.integration.api.client import Api
from tests.integration.api.world import START, World


def fill(world: World, count: int) -> None:
    for number, server in enumerate(world.servers(count)):
        world.deed(server, request_id=f"req-{number}")
    for number in range(count):
        world.picture(f"i{number}", world.demo)
        world.key(f"k{number}")
        world.pool(world.net(f"n{number}", world.demo))
        world.size(f"f{number}", f"f{number}", 1, 64, 1)


# Path, key of the list, queries (the first one is the token's).
LISTS = [
    ("/identity/v3/auth/projects", "projects", 3),
    ("/compute/v2.1/servers", "servers", 2),
    ("/compute/v2.1/servers/detail", "servers", 7),
    ("/compute/v2.1/flavors", "flavors", 2),
    ("/compute/v2.1/flavors/detail", "flavors", 2),
    ("/compute/v2.1/os-keypairs", "keypairs", 2),
    ("/compute/v2.1/extensions", "extensions", 1),
    ("/compute/v2.1/os-availability-zone", "availabilityZoneInfo", 3),
    ("/image/v2/images", "images", 2),
    ("/network/v2.0/networks", "networks", 4),
    ("/network/v2.0/subnets", "subnets", 3),
    ("/network/v2.0/ports", "ports", 6),
    ("/network/v2.0/extensions", "extensions", 1),
]


@pytest.mark.parametrize(("path", "key", "queries"), LISTS, ids=[row[0] for row in LISTS])
def test_query_count(api: Api, world: World, path: str, key: str, queries: int) -> None:
    fill(world, 3)
    for more in (0, 7):
        world.servers(0) if not more else [world.server(f"x{n}") for n in range(more)]
        with CaptureQueriesContext(
            connection,
        ) as seen:
            body = api.get(path)
        assert isinstance(body[key], list)
        assert len(seen) == queries, [query["sql"] for query in seen]


def test_one_server_takes_seven_queries(api: Api, world: World) -> None:
    server = world.servers(2)[0]
    with CaptureQueriesContext(connection) as seen:
        api.get(f"/compute/v2.1/servers/{server.uuid}")
    assert len(seen) == 7


def names(body: Any) -> list[str]:
    return [entry["name"] for entry in next(v for v in body.values() if isinstance(v, list))]


def test_servers_newest_first_and_paged(api: Api, world: World) -> None:
    world.servers(5)
    assert names(api.get("/compute/v2.1/servers")) == [f"server-{n}" for n in (4, 3, 2, 1, 0)]
    seen: list[str] = []
    path = "/compute/v2.1/servers/detail?limit=2"
    while path:
        body = api.get(path)
        seen += names(body)
        links = body.get("servers_links", [])
        path = links[0]["href"].removeprefix("http://testserver") if links else ""
    assert seen == [f"server-{n}" for n in (4, 3, 2, 1, 0)]
    assert api.get("/compute/v2.1/servers?limit=0") == {"servers": []}


@pytest.mark.parametrize("key", ["created_at", "display_name", "launched_at", "key_name", "uuid"])
@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_every_sort_pages_through_everything(
    api: Api, world: World, key: str, direction: str
) -> None:
    world.servers(4)
    world.server("no-key", key_name=None, launched_at=None)
    world.server("no-key-2", key_name=None, launched_at=None)
    base = f"/compute/v2.1/servers?sort_key={key}&sort_dir={direction}"
    whole = [entry["id"] for entry in api.get(base)["servers"]]
    assert len(whole) == 6
    paged: list[str] = []
    while True:
        marker = f"&marker={paged[-1]}" if paged else ""
        page = api.get(f"{base}&limit=1{marker}")["servers"]
        if not page:
            break
        paged.append(page[0]["id"])
    assert paged == whole


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("name=web", ["web-2", "web-1"]),
        ("name=^web-1$", ["web-1"]),
        ("name=WEB-1", ["web-1"]),
        ("name=b-[12]", ["web-2", "web-1"]),
        ("name=d%2Eb", []),
        ("name=d\\.b", []),
        ("status=ACTIVE", ["web-2"]),
        ("status=active&status=SHUTOFF", ["web-2", "web-1"]),
        ("status=REBOOT", ["database"]),
        ("status=NEVER_HEARD_OF", []),
        ("flavor=1", ["database", "web-2", "web-1"]),
        ("flavor=42", []),
        ("ip=198.18.0.7", ["web-1"]),
        ("ip=^198", ["web-1"]),
        ("ip=nonsense", []),
        ("image=nonsense", []),
        ("deleted=False", ["database", "web-2", "web-1"]),
        ("deleted=True", ["database", "web-2", "web-1"]),
        ("unknown=x", ["database", "web-2", "web-1"]),
        ("changes-since=2026-11-01T12:00:01Z", ["gone", "database", "web-2"]),
        ("changes-since=2026-11-01T14:00:01%2B02:00", ["gone", "database", "web-2"]),
    ],
)
def test_filters_of_servers(api: Api, world: World, query: str, expected: list[str]) -> None:
    at = [START + timedelta(seconds=number) for number in range(5)]
    one = world.server("web-1", state="STOPPED", created_at=at[0], updated_at=at[0])
    world.with_address(one, "198.18.0.7")
    world.server("web-2", created_at=at[1], updated_at=at[1])
    world.server("database", task="rebooting", created_at=at[2], updated_at=at[2])
    world.server("gone", state="DELETED", created_at=at[3], updated_at=at[3], deleted_at=at[3])
    world.server("theirs", world.other)
    for path in ("servers", "servers/detail"):
        assert names(api.get(f"/compute/v2.1/{path}?{query}")) == expected


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/compute/v2.1/servers?limit=-1", "limit"),
        ("/compute/v2.1/servers?limit=x", "limit"),
        ("/compute/v2.1/servers?marker=x", "marker"),
        ("/compute/v2.1/servers?marker=5d8b5c5e-0000-0000-0000-000000000000", "marker"),
        ("/compute/v2.1/servers?changes-since=yesterday", "changes-since"),
        ("/compute/v2.1/servers?name=(", "name"),
        ("/compute/v2.1/servers?name=(a%2B)%2B", "name"),
        ("/compute/v2.1/servers?name=.*.*.*.*x", "name"),
        ("/compute/v2.1/servers?sort_key=password", "sort_key"),
        ("/compute/v2.1/servers?sort_dir=up", "sort_dir"),
        ("/compute/v2.1/servers?all_tenants=perhaps", "all_tenants"),
        ("/compute/v2.1/servers?name=%00", "NUL"),
        ("/compute/v2.1/flavors?minRam=much", "minRam"),
        ("/compute/v2.1/flavors?marker=nope", "marker"),
        ("/compute/v2.1/servers?" + "name=a&" * 500, "parameters"),
        ("/image/v2/images?limit=many", "limit"),
        ("/image/v2/images?size_min=big", "size_min"),
        ("/image/v2/images?status=blue", "status"),
        ("/image/v2/images?visibility=blue", "visibility"),
        ("/image/v2/images?created_at=gt:never", "created_at"),
        ("/network/v2.0/ports?fixed_ips=nonsense", "fixed_ips"),
        ("/network/v2.0/networks?router:external=perhaps", "router:external"),
        ("/network/v2.0/networks?marker=x", "marker"),
    ],
)
def test_bad_queries_name_the_field(api: Api, path: str, field: str) -> None:
    answer = api("GET", path)
    assert answer.status == 400
    assert field in answer.message


def test_a_server_whole(api: Api, world: World) -> None:
    server = world.servers(1)[0]
    record = api.get(f"/compute/v2.1/servers/{server.uuid}")["server"]
    assert set(record) == {
        "accessIPv4", "accessIPv6", "addresses", "created", "flavor", "hostId", "id", "image",
        "links", "metadata", "name", "status", "tenant_id", "user_id", "updated", "progress",
        "OS-DCF:diskConfig", "OS-EXT-AZ:availability_zone", "config_drive", "key_name",
        "OS-SRV-USG:launched_at", "OS-SRV-USG:terminated_at",
        "OS-EXT-STS:task_state", "OS-EXT-STS:vm_state", "OS-EXT-STS:power_state",
        "os-extended-volumes:volumes_attached",
    }  # fmt: skip
    assert record["addresses"] == {
        "public": [
            {
                "version": 4,
                "addr": "198.18.0.2",
                "OS-EXT-IPS:type": "fixed",
                "OS-EXT-IPS-MAC:mac_addr": record["addresses"]["public"][0][
                    "OS-EXT-IPS-MAC:mac_addr"
                ],
            }
        ]
    }
    assert record["created"] == "2026-11-01T12:00:00Z"
    assert record["OS-SRV-USG:launched_at"] == "2026-11-01T12:00:00.000000"
    assert record["flavor"]["id"] == "1"


def test_a_record_grows_with_the_microversion(api: Api, world: World) -> None:
    path = f"/compute/v2.1/servers/{world.server().uuid}"
    base = set(api.get(path)["server"])
    assert set(api.get(path, version="2.9")["server"]) - base == {"locked"}
    assert set(api.get(path, version="2.19")["server"]) - base == {"locked", "description"}
    admin = set(api.get(path, as_="admin")["server"]) - base
    assert admin == {
        f"OS-EXT-SRV-ATTR:{x}" for x in ("host", "hypervisor_hostname", "instance_name")
    }


def test_user_data_is_for_administrators(api: Api, world: World) -> None:
    path = f"/compute/v2.1/servers/{world.server(user_data='aGVsbG8=').uuid}"
    key = "OS-EXT-SRV-ATTR:user_data"
    assert api.get(path, as_="admin", version="2.3")["server"][key] == "aGVsbG8="
    world.server("without")
    listed = api.get("/compute/v2.1/servers/detail?all_tenants=1", as_="admin", version="2.3")
    assert sorted(one[key] or "" for one in listed["servers"]) == ["", "aGVsbG8="]
    assert key not in api.get(path, as_="admin")["server"]
    assert key not in api.get(path, version="2.3")["server"]


@pytest.mark.parametrize(
    ("state", "task", "status", "has_progress"),
    [
        ("BUILD", "spawning", "BUILD", True),
        ("ACTIVE", None, "ACTIVE", True),
        ("ACTIVE", "rebooting_hard", "HARD_REBOOT", False),
        ("STOPPED", None, "SHUTOFF", False),
        ("ERROR", None, "ERROR", False),
    ],
)
def test_status(
    api: Api, world: World, state: str, task: str | None, status: str, has_progress: bool
) -> None:
    fault = {"code": 500, "message": "no memory", "created": "2026-11-01T12:00:00Z", "details": "x"}
    server = world.server(state=state, task=task, fault=fault)
    record = api.get(f"/compute/v2.1/servers/{server.uuid}")["server"]
    assert (record["status"], record["OS-EXT-STS:task_state"]) == (status, task)
    assert ("progress" in record) is has_progress
    assert "fault" in record  # Also of a server that is well: what was given up is told there.


def test_deleted_servers_are_gone(api: Api, world: World) -> None:
    server = world.server(state="DELETED", deleted_at=START)
    assert api("GET", f"/compute/v2.1/servers/{server.uuid}").status == 404
    assert api.get("/compute/v2.1/servers")["servers"] == []


def test_administrators_see_all(api: Api, world: World) -> None:
    world.server("a")
    world.server("b", world.other)
    assert names(api.get("/compute/v2.1/servers", as_="admin")) == []
    found = names(api.get("/compute/v2.1/servers?all_tenants=1", as_="admin"))
    assert sorted(found) == ["a", "b"]
    assert api("GET", "/compute/v2.1/servers?all_tenants=1").status == 403


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/image/v2/images", ["mine", "tiny"]),
        ("/image/v2/images?name=mine", ["mine"]),
        ("/image/v2/images?name=in:mine,tiny", ["mine", "tiny"]),
        ("/image/v2/images?visibility=public", ["tiny"]),
        ("/image/v2/images?visibility=community", ["common"]),
        ("/image/v2/images?tag=a", ["mine"]),
        ("/image/v2/images?tag=a&tag=b", []),
        ("/image/v2/images?os_distro=debian", ["mine"]),
        ("/image/v2/images?os_distro=fedora", []),
        ("/image/v2/images?size_min=2000", ["mine"]),
        ("/image/v2/images?sort=name:desc", ["tiny", "mine"]),
        ("/image/v2/images?sort_key=name&sort_dir=asc", ["mine", "tiny"]),
        ("/image/v2/images?limit=1", ["mine"]),
        ("/image/v2/images?created_at=gt:2026-11-01T12:00:00", ["mine"]),
        ("/image/v2/images?created_at=2026-11-01T13:00:00%2B01:00", ["tiny"]),
        ("/network/v2.0/networks", ["public", "own"]),
        ("/network/v2.0/networks?router:external=True", ["public"]),
        ("/network/v2.0/networks?router:external=False", ["own"]),
        ("/network/v2.0/networks?status=DOWN", []),
        ("/network/v2.0/networks?id=x", []),
    ],
)
def test_other_lists(api: Api, world: World, path: str, expected: list[str]) -> None:
    more = {"tags": ["a"], "properties": {"os_distro": "debian"}, "size": 4096}
    later = START + timedelta(seconds=1)
    world.picture("mine", world.demo, created_at=later, **more)
    world.picture("theirs", world.other)
    world.picture("hidden", world.demo, os_hidden=True)
    world.picture("common", world.other, "community")
    world.net("own", world.demo)
    world.net("theirs", world.other)
    found = names(api.get(path))
    assert (found if "image" in path else sorted(found)) == (
        expected if "image" in path else sorted(expected)
    )


def test_fields_and_ports(api: Api, world: World) -> None:
    server = world.server()
    port = world.with_address(server, "198.18.0.9")
    path = f"/network/v2.0/ports?device_id={server.uuid}"
    assert api.get(f"{path}&fields=id&fields=name") == {
        "ports": [{"id": str(port.uuid), "name": ""}]
    }
    found = api.get(f"{path}&fixed_ips=ip_address=198.18.0.9")["ports"][0]
    assert found["fixed_ips"] == [{"subnet_id": str(world.subnet.uuid), "ip_address": "198.18.0.9"}]
    assert api.get(f"{path}&fixed_ips=ip_address_substr=18.0.9")["ports"]
    assert not api.get(f"{path}&fixed_ips=ip_address=198.18.0.8")["ports"]


def test_a_full_page_leads_to_the_next(
    api: Api, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        world.net("own", world.demo)
    monkeypatch.setattr(collections, "limit_of", lambda request: 2)
    first = api.get("/network/v2.0/networks")
    href = first["networks_links"][0]["href"]
    second = api.get(href.removeprefix("http://testserver"))
    found = [one["id"] for one in first["networks"] + second["networks"]]
    assert len(set(found)) == 4


def test_ips(api: Api, world: World) -> None:
    server = world.server()
    world.with_address(server, "198.18.0.9")
    base = f"/compute/v2.1/servers/{server.uuid}/ips"
    expected = {"public": [{"version": 4, "addr": "198.18.0.9"}]}
    assert api.get(base) == {"addresses": expected}
    assert api.get(f"{base}/public") == expected
    assert api("GET", f"{base}/nowhere").status == 404


def test_history(api: Api, world: World) -> None:
    server = world.server()
    world.deed(server)
    base = f"/compute/v2.1/servers/{server.uuid}/os-instance-actions"
    assert [deed["action"] for deed in api.get(base)["instanceActions"]] == ["create"]
    assert (
        api.get(f"{base}/req-1", version="2.51")["instanceAction"]["events"][0]["result"]
        == "Success"
    )
    assert api("GET", f"{base}/req-2").status == 404


def test_limits(api: Api, world: World) -> None:
    world.quota(world.demo, instances=77)
    absolute = api.get("/compute/v2.1/limits")["limits"]["absolute"]
    assert (absolute["maxTotalInstances"], absolute["totalInstancesUsed"]) == (77, 0)
    quota = api.get(f"/compute/v2.1/os-quota-sets/{world.demo.id}")["quota_set"]
    assert quota["instances"] == 77
    detail = api.get(f"/compute/v2.1/os-quota-sets/{world.demo.id}/detail")["quota_set"]
    assert detail["instances"] == {"limit": 77, "in_use": 0, "reserved": 0}


def test_private_flavors_are_for_administrators(api: Api) -> None:
    assert api("GET", "/compute/v2.1/flavors/9").status == 404
    assert api("GET", "/compute/v2.1/flavors/9", as_="admin").status == 200
    assert names(api.get("/compute/v2.1/flavors/detail?is_public=None")) == ["m1.tiny", "m1.small"]
    assert api.get("/compute/v2.1/flavors/1/os-extra_specs") == {"extra_specs": {}}
