"""Small resources below a server: diagnostics, topology, cards, groups, password, tokens."""

from __future__ import annotations

from synnefo.db.models import Port, SecurityGroup
from synnefo.intents.network import security_groups
from tests.integration.api.client import Api
from tests.integration.api.test_writes import NOWHERE, SERVERS
from tests.integration.api.world import World


def test_diagnostics(api: Api, world: World) -> None:
    server = world.server()
    world.with_address(server, "198.18.0.9")
    path = f"{SERVERS}/{server.uuid}/diagnostics"
    old = api.get(path, as_="admin", version="2.47")
    assert old["memory"] == 128 * 1024
    new = api.get(path, as_="admin", version="2.48")
    assert (new["state"], new["driver"], new["num_cpus"], new["num_nics"]) == (
        "running", "libvirt", 1, 1,
    )  # fmt: skip
    assert new["memory_details"] == {"maximum": 128, "used": None}
    assert api("GET", path).status == 403
    stopped = world.server(state="STOPPED")
    answer = api("GET", f"{SERVERS}/{stopped.uuid}/diagnostics", as_="admin")
    assert answer.status == 409


def test_topology(api: Api, world: World) -> None:
    path = f"{SERVERS}/{world.server().uuid}/topology"
    assert api.get(path, version="2.78") == {"nodes": [], "pagesize_kb": None}
    assert api("GET", path, version="2.77").status == 404
    assert api("GET", f"{SERVERS}/{NOWHERE}/topology", version="2.78").status == 404


def test_virtual_interfaces(api: Api, world: World) -> None:
    server = world.server()
    port = world.with_address(server, "198.18.0.9")
    path = f"{SERVERS}/{server.uuid}/os-virtual-interfaces"
    assert api.get(path)["virtual_interfaces"] == [
        {"id": str(port.uuid), "mac_address": port.mac_address}
    ]
    newer = api.get(path, version="2.12")["virtual_interfaces"]
    assert newer[0]["net_id"] == str(world.network.uuid)
    assert api("GET", path, version="2.44").status == 404


def test_security_groups(api: Api, world: World) -> None:
    server = world.server()
    port = world.with_address(server, "198.18.0.9")
    group = security_groups.ensure_default(world.demo.id)
    port.security_groups.add(group)
    found = api.get(f"{SERVERS}/{server.uuid}/os-security-groups")["security_groups"]
    assert [one["name"] for one in found] == ["default"]
    assert all(rule["parent_group_id"] == str(group.uuid) for rule in found[0]["rules"])
    record = api.get(f"{SERVERS}/{server.uuid}")["server"]
    assert record["security_groups"] == [{"name": "default"}]
    assert SecurityGroup.objects.count() == 1
    assert Port.objects.get().security_groups.count() == 1


def test_password(api: Api, world: World) -> None:
    path = f"{SERVERS}/{world.server().uuid}/os-server-password"
    assert api.get(path) == {"password": ""}
    assert api("DELETE", path).status == 204
    assert api("GET", path, as_="stranger").status == 404
