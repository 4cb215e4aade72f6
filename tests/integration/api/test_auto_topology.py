"""Networks that are made for projects which ask for any."""

from __future__ import annotations

from typing import Any

import pytest

from synnefo.db.models import AutoTopology, Network, Router, Server, Subnet
from tests.integration.api.client import Api
from tests.integration.api.test_networks import V, kind, post, put
from tests.integration.api.world import World

PATH = f"{V}/auto-allocated-topology"


@pytest.fixture
def outside(api: Api, world: World) -> str:
    """The way out that is taken unasked; nothing is shared with everybody."""
    Network.objects.filter(pk=world.network.pk).update(public=False, external=True)
    wish = {"network": {"is_default": True}}
    made = put(api, f"networks/{world.network.uuid}", wish, as_="admin")
    return str(made["id"])


@pytest.fixture
def pools(api: Api, world: World) -> None:
    for prefix, length in (("10.64.0.0/16", 24), ("2001:db8::/48", 64)):
        wish = {"name": prefix, "prefixes": [prefix], "default_prefixlen": length}
        wish |= {"is_default": True, "shared": True}
        post(api, "subnetpools", {"subnetpool": wish}, as_="admin")


def _auto(api: Api, name: str = "s") -> Any:
    server = {"name": name, "flavorRef": "1", "networks": "auto"}
    server["imageRef"] = str(api.world.image.uuid)
    return api("POST", "/compute/v2.1/servers", {"server": server}, version="2.60")


def test_what_an_operator_has_to_set_up_is_said(api: Api, world: World) -> None:
    for path in (f"{PATH}/None", f"{PATH}/{world.demo.id}?fields=dry-run"):
        answer = api("GET", path)
        assert kind(answer) == (409, "AutoAllocationFailure")
        assert "No default router:external network" in answer.message
    Network.objects.filter(pk=world.network.pk).update(external=True, is_default=True)
    answer = api("GET", f"{PATH}/None")
    assert "No default subnetpools defined" in answer.message
    assert api("GET", f"{PATH}/None?fields=name").status == 400
    assert api("DELETE", f"{PATH}/None").status == 204
    assert not AutoTopology.objects.exists()


def test_a_network_with_a_way_out_is_made_once(
    api: Api, world: World, outside: str, pools: None
) -> None:
    tried = api.get(f"{PATH}/{world.demo.id}?fields=dry-run")["auto_allocated_topology"]
    assert tried["id"] == "dry-run=pass"
    assert Network.objects.count() == 1
    made = api.get(f"{PATH}/None", as_="reader")["auto_allocated_topology"]
    assert made["tenant_id"] == made["project_id"] == world.demo.id
    assert api.get(f"{PATH}/{world.demo.id}")["auto_allocated_topology"] == made
    assert api.get(f"{PATH}/{world.demo.id}", as_="admin")["auto_allocated_topology"] == made
    net = api.get(f"{V}/networks/{made['id']}")["network"]
    assert (net["name"], net["shared"]) == ("auto_allocated_network", False)
    found = api.get(f"{V}/subnets?network_id={made['id']}&sort_key=ip_version")["subnets"]
    assert [one["cidr"] for one in found] == ["10.64.0.0/24", "2001:db8::/64"]
    router = api.get(f"{V}/routers")["routers"][0]
    assert router["external_gateway_info"]["network_id"] == outside
    inside = api.get(f"{V}/ports?device_owner=network:router_interface")["ports"]
    assert {one["device_id"] for one in inside} == {router["id"]}
    assert len(inside) == len(found)
    # Strangers have one of their own, and an administrator makes them for others.
    assert api("GET", f"{PATH}/{world.demo.id}", as_="stranger").status == 404
    assert api("DELETE", f"{PATH}/{world.demo.id}", as_="stranger").status == 404
    theirs = api.get(f"{PATH}/{world.other.id}", as_="admin")["auto_allocated_topology"]
    assert api.get(f"{PATH}/null", as_="stranger")["auto_allocated_topology"] == theirs
    assert api.get(f"{V}/networks/{theirs['id']}", as_="stranger")["network"]["tenant_id"] == (
        world.other.id
    )


def test_it_goes_as_a_whole(api: Api, world: World, outside: str, pools: None) -> None:
    made = api.get(f"{PATH}/None")["auto_allocated_topology"]
    port = post(api, "ports", {"port": {"network_id": made["id"]}})
    assert kind(api("DELETE", f"{PATH}/None")) == (409, "NetworkInUse")
    assert Router.objects.count() == 1, "all or nothing"
    assert api("DELETE", f"{PATH}/None", as_="reader").status == 403
    assert api("DELETE", f"{V}/ports/{port['id']}").status == 204
    assert api("DELETE", f"{PATH}/None").status == 204
    assert (Network.objects.count(), Subnet.objects.count(), Router.objects.count()) == (1, 1, 0)
    again = api.get(f"{PATH}/None")["auto_allocated_topology"]
    assert again["id"] != made["id"]


def test_what_users_take_apart_is_made_anew(
    api: Api, world: World, outside: str, pools: None
) -> None:
    made = api.get(f"{PATH}/None")["auto_allocated_topology"]
    router = api.get(f"{V}/routers")["routers"][0]["id"]
    for subnet in api.get(f"{V}/subnets?network_id={made['id']}")["subnets"]:
        body = {"subnet_id": subnet["id"]}
        assert api("PUT", f"{V}/routers/{router}/remove_router_interface", body).status == 200
    assert api("DELETE", f"{V}/routers/{router}").status == 204
    assert api.get(f"{PATH}/None")["auto_allocated_topology"] == made
    assert api("DELETE", f"{V}/networks/{made['id']}").status == 204
    assert api.get(f"{PATH}/None")["auto_allocated_topology"]["id"] != made["id"]


def test_servers_on_any_network(api: Api, world: World, outside: str, pools: None) -> None:
    assert _auto(api).status == 202
    made = AutoTopology.objects.get(project=world.demo)
    assert [port.network for port in Server.objects.get().ports.all()] == [made.network]
    assert _auto(api, "another").status == 202
    assert AutoTopology.objects.count() == 1
    assert {port.network for row in Server.objects.all() for port in row.ports.all()} == {
        made.network
    }


def test_servers_on_any_network_where_none_can_be_made(api: Api, world: World) -> None:
    assert _auto(api).status == 202, "there is one that everybody may use"
    assert [port.network for port in Server.objects.get().ports.all()] == [world.network]
    Network.objects.filter(pk=world.network.pk).update(public=False, external=True)
    answer = _auto(api, "another")
    assert answer.status == 400
    text = f"Unable to automatically allocate a network for project {world.demo.id}"
    assert answer.message.startswith(text)
    assert Server.objects.count() == 1


def test_one_way_out_is_taken_unasked(api: Api, world: World, outside: str) -> None:
    wish = {"network": {"router:external": True, "is_default": True}}
    answer = api("POST", f"{V}/networks", wish, as_="admin")
    assert kind(answer) == (409, "DefaultExternalNetworkExists")
    other = post(api, "networks", {"network": {"router:external": True}}, as_="admin")
    change = {"network": {"is_default": True}}
    answer = api("PUT", f"{V}/networks/{other['id']}", change, as_="admin")
    assert kind(answer) == (409, "DefaultExternalNetworkExists")
    put(api, f"networks/{outside}", change, as_="admin")
    put(api, f"networks/{outside}", {"network": {"is_default": False}}, as_="admin")
    put(api, f"networks/{other['id']}", change, as_="admin")
