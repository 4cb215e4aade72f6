"""Networks, subnets, ports and routers of users."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from synnefo.db.models import Address, Network, Port, RetiredNetwork
from tests.integration.api.client import Answer, Api
from tests.integration.api.world import World

V = "/network/v2.0"


def post(api: Api, path: str, body: dict[str, Any], **more: Any) -> Any:
    """What was made; the only value of the answer."""
    answer = api("POST", f"{V}/{path}", body, **more)
    assert answer.status == 201, answer
    return next(iter(answer.body.values()))


def put(api: Api, path: str, body: dict[str, Any], **more: Any) -> Any:
    answer = api("PUT", f"{V}/{path}", body, **more)
    assert answer.status == 200, answer
    return next(iter(answer.body.values()))


def kind(answer: Answer) -> tuple[int, str]:
    """Status and type of a fault."""
    return answer.status, answer.body["NeutronError"]["type"]


def network(api: Api, **fields: Any) -> Any:
    return post(api, "networks", {"network": {"name": "n", **fields}})


def subnet(api: Api, net: Any, cidr: str = "10.1.0.0/24", **fields: Any) -> Any:
    wish = {"network_id": net["id"], "cidr": cidr, "ip_version": 4, **fields}
    return post(api, "subnets", {"subnet": wish})


def port(api: Api, net: Any, **fields: Any) -> Any:
    return post(api, "ports", {"port": {"network_id": net["id"], **fields}})


def test_a_network_with_a_subnet_and_a_port(api: Api, world: World) -> None:
    net = network(api)
    assert net["status"] == "ACTIVE"
    assert not net["shared"]
    assert not net["router:external"]
    assert "provider:network_type" not in net
    sub = subnet(api, net)
    assert sub["gateway_ip"] == "10.1.0.1"
    assert sub["allocation_pools"] == [{"start": "10.1.0.2", "end": "10.1.0.254"}]
    one = port(api, net)
    assert one["fixed_ips"] == [{"subnet_id": sub["id"], "ip_address": "10.1.0.2"}]
    assert one["mac_address"].startswith("fa:16:3e:")
    assert len(one["security_groups"]) == 1
    assert api.get(f"{V}/networks/{net['id']}")["network"]["subnets"] == [sub["id"]]
    assert kind(api("DELETE", f"{V}/networks/{net['id']}")) == (409, "NetworkInUse")
    assert kind(api("DELETE", f"{V}/subnets/{sub['id']}")) == (409, "SubnetInUse")
    assert api("DELETE", f"{V}/ports/{one['id']}").status == 204
    assert api("DELETE", f"{V}/networks/{net['id']}").status == 204
    assert api("GET", f"{V}/subnets/{sub['id']}").status == 404
    assert RetiredNetwork.objects.count() == 1


def test_many_at_once_or_none(api: Api, world: World) -> None:
    made = post(api, "networks", {"networks": [{"name": "a"}, {"name": "b"}]})
    assert [one["name"] for one in made] == ["a", "b"]
    wishes = [
        {"network_id": made[0]["id"], "cidr": "10.1.0.0/24", "ip_version": 4},
        {"network_id": made[1]["id"], "cidr": "10.1.0.7", "ip_version": 4},
    ]
    assert api("POST", f"{V}/subnets", {"subnets": wishes}).status == 400
    assert api.get(f"{V}/subnets?network_id={made[0]['id']}") == {"subnets": []}


def test_a_range_may_be_written_with_the_address_of_a_host(api: Api, world: World) -> None:
    net = post(api, "networks", {"network": {"name": "a"}})
    wish = {"network_id": net["id"], "cidr": "10.1.0.7/24", "ip_version": 4}
    made = post(api, "subnets", {"subnet": wish})
    assert (made["cidr"], made["gateway_ip"]) == ("10.1.0.0/24", "10.1.0.1")


def test_strangers_see_nothing_and_change_nothing(api: Api, world: World) -> None:
    net = network(api)
    sub, one = subnet(api, net), port(api, net)
    router = post(api, "routers", {"router": {"name": "r"}})
    for path in (f"networks/{net['id']}", f"subnets/{sub['id']}", f"ports/{one['id']}"):
        assert api("GET", f"{V}/{path}", as_="stranger").status == 404
        assert api("DELETE", f"{V}/{path}", as_="stranger").status == 404
    assert api("PUT", f"{V}/routers/{router['id']}", {"router": {}}, as_="stranger").status == 404
    wish = {"port": {"network_id": net["id"]}}
    assert kind(api("POST", f"{V}/ports", wish, as_="stranger")) == (404, "NetworkNotFound")
    listed = api.get(f"{V}/ports", as_="stranger")["ports"]
    assert listed == []
    assert api("DELETE", f"{V}/networks/{world.network.uuid}").status == 403


@pytest.mark.parametrize("field", ["shared", "router:external"])
def test_only_administrators_share(api: Api, world: World, field: str) -> None:
    assert kind(api("POST", f"{V}/networks", {"network": {field: True}})) == (
        403,
        "PolicyNotAuthorized",
    )
    made = post(api, "networks", {"network": {field: True}}, as_="admin")
    assert made[field] is True
    assert api("GET", f"{V}/networks/{made['id']}").status == 200


def test_addresses_of_ones_choice(api: Api, world: World) -> None:
    net = network(api)
    first, second = subnet(api, net), subnet(api, net, "10.2.0.0/24")
    chosen = port(api, net, fixed_ips=[{"ip_address": "10.1.0.77"}])
    assert chosen["fixed_ips"][0]["subnet_id"] == first["id"]
    taken = {"port": {"network_id": net["id"], "fixed_ips": [{"ip_address": "10.1.0.77"}]}}
    assert kind(api("POST", f"{V}/ports", taken)) == (409, "IpAddressAlreadyAllocated")
    outside = {"port": {"network_id": net["id"], "fixed_ips": [{"ip_address": "9.9.9.9"}]}}
    assert kind(api("POST", f"{V}/ports", outside)) == (400, "InvalidIpForNetwork")
    both = [{"subnet_id": first["id"]}, {"subnet_id": second["id"]}]
    moved = put(api, f"ports/{chosen['id']}", {"port": {"fixed_ips": both}})
    assert {one["ip_address"] for one in moved["fixed_ips"]} == {"10.1.0.77", "10.2.0.2"}
    back = put(api, f"ports/{chosen['id']}", {"port": {"fixed_ips": both[1:]}})
    assert [one["ip_address"] for one in back["fixed_ips"]] == ["10.2.0.2"]
    assert Port.objects.filter(network__uuid=net["id"]).count() == 1


def test_pools_and_gateways_that_do_not_fit(api: Api, world: World) -> None:
    net = network(api)
    base = {"network_id": net["id"], "cidr": "10.1.0.0/24", "ip_version": 4}

    def refused(**fields: Any) -> tuple[int, str]:
        return kind(api("POST", f"{V}/subnets", {"subnet": base | fields}))

    pool = {"start": "10.1.0.10", "end": "10.1.0.20"}
    assert refused(gateway_ip="10.1.0.15", allocation_pools=[pool]) == (
        409,
        "GatewayConflictWithAllocationPools",
    )
    assert refused(allocation_pools=[pool, pool]) == (409, "OverlappingAllocationPools")
    backwards = {"start": "10.1.0.20", "end": "10.1.0.10"}
    assert refused(allocation_pools=[backwards]) == (400, "InvalidAllocationPool")
    out = {"start": "10.1.0.20", "end": "10.1.1.10"}
    assert refused(allocation_pools=[out]) == (400, "OutOfBoundsAllocationPool")
    assert refused(gateway_ip="10.1.0.255") == (400, "InvalidInput")
    subnet(api, net)
    answer = api("POST", f"{V}/subnets", {"subnet": base})
    assert "overlaps with another subnet" in answer.message


def test_several_pools_are_used_up_in_turn(api: Api, world: World) -> None:
    net = network(api)
    pools = [{"start": "10.1.0.10", "end": "10.1.0.11"}, {"start": "10.1.0.20", "end": "10.1.0.20"}]
    sub = subnet(api, net, allocation_pools=pools)
    assert sub["allocation_pools"] == pools
    found = {port(api, net)["fixed_ips"][0]["ip_address"] for _ in range(3)}
    assert found == {"10.1.0.10", "10.1.0.11", "10.1.0.20"}
    full = api("POST", f"{V}/ports", {"port": {"network_id": net["id"]}})
    assert kind(full) == (409, "IpAddressGenerationFailure")


def test_guests_of_ipv6_make_their_addresses(api: Api, world: World) -> None:
    net = network(api)
    wish = {"ipv6_ra_mode": "slaac", "ipv6_address_mode": "slaac", "ip_version": 6}
    sub = subnet(api, net, "2001:db8::/64", **wish)
    assert sub["ipv6_ra_mode"] == "slaac"
    one = port(api, net, mac_address="fa:16:3e:00:00:01")
    assert one["fixed_ips"][0]["ip_address"] == "2001:db8::f816:3eff:fe00:1"
    odd = {"network_id": net["id"], "cidr": "2001:db9::/64", **wish, "ipv6_ra_mode": None}
    made = post(api, "subnets", {"subnet": odd | {"enable_dhcp": True}})
    assert made["ipv6_address_mode"] == "slaac"


def test_a_router_between_a_network_and_the_world(api: Api, world: World) -> None:
    net = network(api)
    sub = subnet(api, net)
    gateway = {"network_id": str(world.network.uuid)}
    router = post(api, "routers", {"router": {"external_gateway_info": gateway}})
    assert router["external_gateway_info"]["external_fixed_ips"][0]["ip_address"] == "198.18.0.2"
    wish = {"subnet_id": sub["id"]}
    added = api("PUT", f"{V}/routers/{router['id']}/add_router_interface", wish)
    assert added.status == 200
    assert added.body["subnet_id"] == sub["id"]
    shown = api.get(f"{V}/ports/{added.body['port_id']}")["port"]
    assert shown["device_id"] == router["id"]
    assert shown["device_owner"] == "network:router_interface"
    assert shown["fixed_ips"][0]["ip_address"] == "10.1.0.1"
    assert api.get(f"{V}/ports?device_owner=network:router_gateway") == {"ports": []}
    one = port(api, net)
    floating = post(
        api,
        "floatingips",
        {"floatingip": {"floating_network_id": gateway["network_id"], "port_id": one["id"]}},
    )
    assert floating["status"] == "ACTIVE"
    assert floating["router_id"] == router["id"]
    assert floating["fixed_ip_address"] == one["fixed_ips"][0]["ip_address"]
    path = f"{V}/routers/{router['id']}"
    in_use = api("PUT", f"{path}/remove_router_interface", wish)
    assert kind(in_use) == (409, "RouterInterfaceInUseByFloatingIP")
    assert kind(api("DELETE", path)) == (409, "RouterInUse")
    assert kind(api("DELETE", f"{V}/ports/{shown['id']}")) == (409, "L3PortInUse")
    assert api("DELETE", f"{V}/floatingips/{floating['id']}").status == 204
    assert api("PUT", f"{path}/remove_router_interface", wish).status == 200
    assert api("DELETE", path).status == 204
    assert not Port.objects.exclude(uuid=one["id"]).exists()
    assert Address.objects.count() == 1


def test_a_floating_address_needs_a_way(api: Api, world: World) -> None:
    net = network(api)
    subnet(api, net)
    one = port(api, net)
    floating = post(
        api, "floatingips", {"floatingip": {"floating_network_id": str(world.network.uuid)}}
    )
    assert floating["status"] == "DOWN"
    path = f"{V}/floatingips/{floating['id']}"
    lost = api("PUT", path, {"floatingip": {"port_id": one["id"]}})
    assert kind(lost) == (404, "ExternalGatewayForFloatingIPNotFound")
    assert api.get(path)["floatingip"]["port_id"] is None


def test_tags_find_what_they_are_on(api: Api, world: World) -> None:
    first, second = network(api, name="a"), network(api, name="b")
    path = f"{V}/networks/{first['id']}/tags"
    assert api("PUT", path, {"tags": ["red", "blue"]}).body == {"tags": ["blue", "red"]}
    assert api("PUT", f"{V}/networks/{second['id']}/tags/red").status == 201
    assert api.get(f"{V}/networks/{first['id']}")["network"]["tags"] == ["blue", "red"]

    def found(query: str) -> list[str]:
        shown = api.get(f"{V}/networks?{query}&project_id={world.demo.id}&sort_key=name")
        return [one["name"] for one in shown["networks"]]

    assert found("tags=red") == ["a", "b"]
    assert found("tags=red,blue") == ["a"]
    assert found("tags-any=blue,green") == ["a"]
    assert found("not-tags=red,blue") == ["b"]
    assert found("not-tags-any=blue") == ["b"]
    assert api("DELETE", f"{path}/blue").status == 204
    assert kind(api("DELETE", f"{path}/blue")) == (404, "TagNotFound")
    assert api("GET", f"{path}/red").status == 204


def test_revisions_guard_changes(api: Api, world: World) -> None:
    net = network(api)
    path = f"{V}/networks/{net['id']}"
    wish = {"network": {"name": "new"}}
    late = api("PUT", path, wish, if_match="revision_number=7")
    assert late.status == 412
    done = api("PUT", path, wish, if_match=f"revision_number={net['revision_number']}")
    assert done.body["network"]["revision_number"] == net["revision_number"] + 1


def test_quotas_are_held(api: Api, world: World) -> None:
    path = f"{V}/quotas/{world.demo.id}"
    assert kind(api("PUT", path, {"quota": {"network": 1}}))[0] == 403
    changed = api("PUT", path, {"quota": {"network": 1}}, as_="admin")
    assert changed.body["quota"]["network"] == 1
    network(api)
    assert kind(api("POST", f"{V}/networks", {"network": {}})) == (409, "OverQuota")
    assert api.get(f"{path}/details.json")["quota"]["network"]["used"] == 1
    assert api("DELETE", path, as_="admin").status == 204
    assert Network.objects.filter(project=world.demo).count() == 1
    network(api)


LISTS = {
    "networks": 4, "subnets": 3, "ports": 6, "routers": 6, "floatingips": 3, "security-groups": 5,
    "security-group-rules": 3, "rbac-policies": 2,
}  # fmt: skip


def grown(api: Api, world: World, number: int) -> None:
    """One more of everything."""
    net = network(api)
    sub = subnet(api, net, f"10.{number}.0.0/24")
    gateway = {"network_id": str(world.network.uuid)}
    router = post(api, "routers", {"router": {"external_gateway_info": gateway}})
    wish = {"subnet_id": sub["id"]}
    assert api("PUT", f"{V}/routers/{router['id']}/add_router_interface", wish).status == 200
    one = port(api, net)
    floating = {"floating_network_id": gateway["network_id"], "port_id": one["id"]}
    post(api, "floatingips", {"floatingip": floating})
    group = post(api, "security-groups", {"security_group": {"name": f"g{number}"}})
    assert api("PUT", f"{V}/networks/{net['id']}/tags/t").status == 201
    target = {"object_type": "security_group", "object_id": group["id"]}
    granted = {"action": "access_as_shared", "target_tenant": world.other.id}
    post(api, "rbac-policies", {"rbac_policy": target | granted})


def test_query_counts(api: Api, world: World) -> None:
    for number in (1, 2):
        grown(api, world, number)
        for path, queries in LISTS.items():
            with CaptureQueriesContext(connection) as seen:
                found = api.get(f"{V}/{path}")[path.replace("-", "_")]
            assert len(found) >= number, path
            assert len(seen) == queries, (number, path, [query["sql"] for query in seen])


def test_what_lies_between_two_pools_takes_no_time(api: Api, world: World) -> None:
    net = network(api)
    pools = [
        {"start": "2001:db8::5", "end": "2001:db8::5"},
        {"start": "2001:db8::ffff:ffff:ffff:1", "end": "2001:db8::ffff:ffff:ffff:2"},
    ]
    subnet(api, net, "2001:db8::/64", ip_version=6, allocation_pools=pools)
    found = [port(api, net)["fixed_ips"][0]["ip_address"] for _ in range(3)]
    assert found == [
        "2001:db8::5",
        "2001:db8::ffff:ffff:ffff:1",
        "2001:db8::ffff:ffff:ffff:2",
    ]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("networks", {"network": {"name": "x" * 256}}),
        ("networks", {"network": {"name": None}}),
        ("networks", {"network": {"name": "\u0000"}}),
        ("networks", {"network": {"mtu": 2**62}}),
        ("networks", {"network": {"unknown": 1}}),
        ("networks", {"network": {}, "networks": []}),
        ("networks", {"networks": []}),
        ("networks", {}),
        ("networks", []),
        ("subnets", {"subnet": {"network_id": "x", "cidr": "10.0.0.0/24"}}),
        ("subnets", {"subnet": {"network_id": "N", "cidr": "10.0.0.0/33", "ip_version": 4}}),
        ("subnets", {"subnet": {"network_id": "N", "cidr": "0.0.0.0/0", "ip_version": 4}}),
        ("subnets", {"subnet": {"network_id": "N", "cidr": "10.0.0.0/24", "ip_version": 5}}),
        ("subnets", {"subnet": {"network_id": "N", "cidr": "2001::/64", "ip_version": 4}}),
        ("subnets", {"subnet": {"network_id": "N", "cidr": ["10.0.0.0/24"]}}),
        ("ports", {"port": {"network_id": "N", "mac_address": "01:00:00:00:00:00"}}),
        ("ports", {"port": {"network_id": "N", "fixed_ips": [{}]}}),
        ("ports", {"port": {"network_id": "N", "allowed_address_pairs": [{}]}}),
        ("routers", {"router": {"external_gateway_info": {"network_id": "N"}}}),
        ("security-group-rules", {"security_group_rule": {"direction": "ingress"}}),
        ("subnetpools", {"subnetpool": {"name": "p", "prefixes": ["10.0.0.0/8", "2001::/32"]}}),
        ("address-scopes", {"address_scope": {"name": "a", "ip_version": 5}}),
    ],
)
def test_bad_input_is_refused_and_leaves_nothing(
    api: Api, world: World, path: str, body: Any
) -> None:
    net = network(api)
    for inner in body.values() if isinstance(body, dict) else ():
        for part in (inner, *inner.values()) if isinstance(inner, dict) else ():
            if isinstance(part, dict) and part.get("network_id") == "N":
                part["network_id"] = net["id"]
    before = Port.objects.count(), Network.objects.count()
    answer = api("POST", f"{V}/{path}", body)
    assert answer.status == 400, answer
    assert answer.body["NeutronError"]["message"]
    assert (Port.objects.count(), Network.objects.count()) == before
    assert api("GET", f"{V}/{path}?name=%00").status == 400


def test_subnets_are_cut_from_pools(api: Api, world: World) -> None:
    wish = {"name": "p", "prefixes": ["10.20.0.0/22"], "default_prefixlen": 24, "min_prefixlen": 23}
    pool = post(api, "subnetpools", {"subnetpool": wish})
    net = network(api)

    def cut(**more: Any) -> Answer:
        fields = {"network_id": net["id"], "subnetpool_id": pool["id"], "ip_version": 4}
        return api("POST", f"{V}/subnets", {"subnet": fields | more})

    assert cut().body["subnet"]["cidr"] == "10.20.0.0/24"
    assert cut(prefixlen=23).body["subnet"]["cidr"] == "10.20.2.0/23"
    assert kind(cut(prefixlen=22)) == (400, "MinPrefixSubnetAllocationError")
    assert cut(cidr="10.20.1.0/25").status == 201
    assert kind(cut()) == (400, "SubnetAllocationError")
    assert kind(api("DELETE", f"{V}/subnetpools/{pool['id']}")) == (409, "SubnetPoolInUse")


def test_a_policy_shares_a_network_with_one_project(api: Api, world: World) -> None:
    net = network(api)
    sub = subnet(api, net)
    assert api("GET", f"{V}/networks/{net['id']}", as_="stranger").status == 404
    wish = {"object_type": "network", "object_id": net["id"], "action": "access_as_shared"}
    everybody = {"rbac_policy": wish | {"target_tenant": "*"}}
    assert api("POST", f"{V}/rbac-policies", everybody).status == 403
    one = {"rbac_policy": wish | {"target_tenant": world.other.id}}
    policy = post(api, "rbac-policies", one)
    assert kind(api("POST", f"{V}/rbac-policies", one)) == (409, "DuplicateRbacPolicy")
    seen = api.get(f"{V}/networks/{net['id']}", as_="stranger")["network"]
    assert seen["shared"] is True
    assert api.get(f"{V}/subnets/{sub['id']}", as_="stranger")["subnet"]["cidr"] == "10.1.0.0/24"
    theirs = post(api, "ports", {"port": {"network_id": net["id"]}}, as_="stranger")
    named = {"network": {"name": "mine now"}}
    assert api("PUT", f"{V}/networks/{net['id']}", named, as_="stranger").status == 403
    path = f"{V}/rbac-policies/{policy['id']}"
    assert kind(api("DELETE", path)) == (409, "RbacPolicyInUse")
    assert api("DELETE", f"{V}/ports/{theirs['id']}", as_="stranger").status == 204
    assert api("DELETE", path).status == 204
    assert api("GET", f"{V}/networks/{net['id']}", as_="stranger").status == 404
