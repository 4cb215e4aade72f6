"""Subnets live on while servers use them: what the predecessor froze with the first server."""

from __future__ import annotations

from typing import Any

from tests.integration.api.client import Api
from tests.integration.api.test_networks import kind, network, port, post, put, subnet
from tests.integration.api.world import World

V = "/network/v2.0"


def test_a_subnet_in_use_can_be_changed(api: Api, world: World) -> None:
    net = network(api)
    sub = subnet(api, net, allocation_pools=[{"start": "10.1.0.2", "end": "10.1.0.2"}])
    assert port(api, net)["fixed_ips"][0]["ip_address"] == "10.1.0.2"
    full = api("POST", f"{V}/ports", {"port": {"network_id": net["id"]}})
    assert kind(full) == (409, "IpAddressGenerationFailure")
    wish = {
        "name": "renamed",
        "dns_nameservers": ["9.9.9.9"],
        "host_routes": [{"destination": "10.2.0.0/24", "nexthop": "10.1.0.9"}],
        "allocation_pools": [{"start": "10.1.0.2", "end": "10.1.0.5"}],
        "enable_dhcp": False,
    }
    changed = put(api, f"subnets/{sub['id']}", {"subnet": wish})
    assert {name: changed[name] for name in wish} == wish
    assert api.get(f"{V}/subnets/{sub['id']}")["subnet"] == changed
    assert port(api, net)["fixed_ips"][0]["ip_address"] == "10.1.0.3"


def test_more_subnets_come_after_the_first_port(api: Api, world: World) -> None:
    """Two of each version on one network, and a port with an address of each."""
    net = network(api)
    subnet(api, net)
    port(api, net)
    second = subnet(api, net, "10.2.0.0/24")
    sixes = [subnet(api, net, f"fd0{n}::/64", ip_version=6) for n in (1, 2)]
    wanted = [{"subnet_id": one["id"]} for one in (second, *sixes)]
    made = post(api, "ports", {"port": {"network_id": net["id"], "fixed_ips": wanted}})
    assert [one["subnet_id"] for one in made["fixed_ips"]] == [one["subnet_id"] for one in wanted]
    assert made["fixed_ips"][0]["ip_address"].startswith("10.2.0.")


def test_guests_make_addresses_in_every_range_that_wants_them_to(api: Api, world: World) -> None:
    """Whatever else a port was asked to have, and also where the range comes later."""
    net = network(api)
    four, early = subnet(api, net), port(api, net)
    modes = {"ip_version": 6, "ipv6_ra_mode": "slaac", "ipv6_address_mode": "slaac"}
    six = subnet(api, net, "2001:db8::/64", **modes)
    both = {four["id"], six["id"]}
    assert _ranges(api, early) == both
    router = post(api, "routers", {"router": {}})
    inside = port(api, net, fixed_ips=[{"subnet_id": four["id"]}])
    assert _ranges(api, inside) == both
    put(api, f"ports/{inside['id']}", {"port": {"fixed_ips": [{"ip_address": "10.1.0.77"}]}})
    assert _ranges(api, inside) == both
    body = {"subnet_id": four["id"]}
    assert api("PUT", f"{V}/routers/{router['id']}/add_router_interface", body).status == 200
    last = subnet(api, net, "2001:db8:1::/64", **modes)
    assert _ranges(api, early) == both | {last["id"]}
    ports = api.get(f"{V}/ports?device_id={router['id']}")["ports"]
    assert [one["subnet_id"] for one in ports[0]["fixed_ips"]] == [four["id"]]
    wish = {"network_id": net["id"], "fixed_ips": [{"ip_address": "2001:db8::77"}]}
    answer = api("POST", f"{V}/ports", {"port": wish})
    assert kind(answer) == (400, "AllocationOnAutoAddressSubnet")


def _ranges(api: Api, port: dict[str, Any]) -> set[str]:
    held = api.get(f"{V}/ports/{port['id']}")["port"]["fixed_ips"]
    assert len({one["subnet_id"] for one in held}) == len(held)
    return {one["subnet_id"] for one in held}


def _server(api: Api, net: dict[str, Any], **fields: Any) -> list[str]:
    wish = {"name": "s", "flavorRef": "1", "imageRef": str(api.world.image.uuid)}
    wish["networks"] = [{"uuid": net["id"], **fields}]
    made = api("POST", "/compute/v2.1/servers", {"server": wish}, version="2.60")
    assert made.status == 202, made
    port = api.get(f"{V}/ports?device_id={made.body['server']['id']}")["ports"][0]
    return [one["ip_address"] for one in port["fixed_ips"]]


def test_ranges_for_some_kinds_of_ports_are_for_no_others(api: Api, world: World) -> None:
    net = post(api, "networks", {"network": {"router:external": True, "shared": True}}, as_="admin")
    ranges = {
        "10.1.0.0/24": ["network:floatingip"],
        "10.2.0.0/24": ["compute:nova"],
        "10.3.0.0/24": [],
    }
    for cidr, types in ranges.items():
        wish = {"network_id": net["id"], "cidr": cidr, "ip_version": 4, "service_types": types}
        post(api, "subnets", {"subnet": wish}, as_="admin")
    assert _server(api, net) == ["10.2.0.2"]
    assert port(api, net)["fixed_ips"][0]["ip_address"] == "10.3.0.2"
    path = f"/compute/v2.1/servers/{world.server().uuid}/os-interface"
    card = api("POST", path, {"interfaceAttachment": {"net_id": net["id"]}}).body
    assert card["interfaceAttachment"]["fixed_ips"][0]["ip_address"] == "10.2.0.3"
    floating = [
        post(api, "floatingips", {"floatingip": {"floating_network_id": net["id"]}})
        for _ in range(2)
    ]
    assert [one["floating_ip_address"] for one in floating] == ["10.1.0.2", "10.1.0.3"]


def test_a_server_with_an_address_of_its_choice_has_automatic_ones_too(
    api: Api, world: World
) -> None:
    net = network(api)
    subnet(api, net)
    modes = {"ip_version": 6, "ipv6_ra_mode": "slaac", "ipv6_address_mode": "slaac"}
    subnet(api, net, "2001:db8::/64", **modes)
    held = _server(api, net, fixed_ip="10.1.0.77")
    assert held[0] == "10.1.0.77"
    assert [one.startswith("2001:db8::") for one in held[1:]] == [True]
