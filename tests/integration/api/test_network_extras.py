"""What Neutron's reference plugin has beside its nouns: prefixes of pools, MACs, empty lists."""

from __future__ import annotations

from synnefo.db.models import Node
from tests.integration.api.client import Api
from tests.integration.api.test_networks import V, kind, network, port, post, put, subnet
from tests.integration.api.world import START, World

POOLS = f"{V}/subnetpools"


def test_prefixes_of_pools_come_and_go(api: Api, world: World) -> None:
    wish = {"name": "p", "prefixes": ["10.8.0.0/16"], "default_prefixlen": 24}
    pool = post(api, "subnetpools", {"subnetpool": wish})
    one = f"{POOLS}/{pool['id']}"
    more = api("PUT", f"{one}/add_prefixes", {"prefixes": ["10.64.0.0/16"]})
    assert (more.status, more.body) == (200, {"prefixes": ["10.8.0.0/16", "10.64.0.0/16"]})
    post(
        api, "subnets", {"subnet": {"network_id": network(api)["id"], "subnetpool_id": pool["id"]}}
    )
    used = api("PUT", f"{one}/remove_prefixes", {"prefixes": ["10.8.0.0/20"]})
    assert kind(used) == (400, "IllegalSubnetPoolPrefixUpdate")
    for gone, left in (
        (["10.8.128.0/17"], ["10.8.0.0/17", "10.64.0.0/16"]),
        (["10.64.0.0/15"], ["10.8.0.0/17"]),
        (["192.0.2.0/24"], ["10.8.0.0/17"]),
        ([], ["10.8.0.0/17"]),
    ):
        answer = api("PUT", f"{one}/remove_prefixes", {"prefixes": gone})
        assert (answer.status, answer.body) == (200, {"prefixes": left})
    assert api("PUT", f"{one}/add_prefixes", {"prefixes": ["2001:db8::/64"]}).status == 400
    assert api("PUT", f"{one}/add_prefixes", {"prefixes": []}, as_="stranger").status == 404
    assert api("PUT", f"{one}/add_prefixes", {"prefixes": []}, as_="reader").status == 403


def test_no_prefix_is_in_two_pools_of_a_scope(api: Api, world: World) -> None:
    scope = post(api, "address-scopes", {"address_scope": {"name": "s", "ip_version": 4}})
    pools = [
        post(
            api,
            "subnetpools",
            {"subnetpool": {"name": "p", "prefixes": [one], "address_scope_id": scope["id"]}},
        )
        for one in ("10.8.0.0/16", "10.9.0.0/16")
    ]
    one, wish = f"{POOLS}/{pools[0]['id']}", {"prefixes": ["10.9.7.0/24"]}
    assert api("PUT", f"{one}/add_prefixes", wish).status == 400
    change = {"subnetpool": {"prefixes": ["10.8.0.0/16", "10.9.0.0/17"]}}
    assert api("PUT", one, change).status == 400
    assert api.get(one)["subnetpool"]["prefixes"] == ["10.8.0.0/16"]


def test_subnets_come_into_a_pool(api: Api, world: World) -> None:
    net = network(api)
    own = [subnet(api, net, cidr) for cidr in ("10.8.1.0/24", "10.9.0.0/24")]
    subnet(api, net, "2001:db8::/64", ip_version=6)
    wish = {"name": "p", "prefixes": ["10.8.0.0/16"]}
    pool = post(api, "subnetpools", {"subnetpool": wish})
    path, body = f"{POOLS}/{pool['id']}/onboard_network_subnets", {"network_id": net["id"]}
    answer = api("PUT", path, body)
    assert answer.status == 200
    assert answer.body == [{"id": one["id"], "cidr": one["cidr"]} for one in own]
    assert api.get(f"{POOLS}/{pool['id']}")["subnetpool"]["prefixes"] == [
        "10.8.0.0/16",
        "10.9.0.0/24",
    ]
    listed = api.get(f"{V}/subnets?subnetpool_id={pool['id']}")["subnets"]
    assert {one["id"] for one in listed} == {one["id"] for one in own}
    assert kind(api("PUT", path, body)) == (400, "IllegalSubnetPoolUpdate")
    shared = {"network_id": str(world.network.uuid)}
    assert kind(api("PUT", path, shared)) == (403, "PolicyNotAuthorized")
    theirs = post(api, "networks", {"network": {}}, as_="stranger")
    assert api("PUT", path, {"network_id": theirs["id"]}).status == 404


def test_a_port_gets_another_mac(api: Api, world: World) -> None:
    made = port(api, network(api))
    path, wish = f"ports/{made['id']}", {"port": {"mac_address": None}}
    assert api("PUT", f"{V}/{path}", wish).status == 403
    changed = put(api, path, wish, as_="admin")
    assert changed["mac_address"] != made["mac_address"]
    assert changed["mac_address"].startswith("fa:16:3e:")
    server = world.server()
    card = world.with_address(server, "198.18.0.99")
    assert api("PUT", f"{V}/ports/{card.uuid}", wish, as_="admin").status == 409


def test_lists_of_what_nobody_does_here_are_empty(api: Api, world: World) -> None:
    net, router = network(api), post(api, "routers", {"router": {}})
    times = {"created_at": START, "seen_at": START}
    node = Node.objects.create(backend=world.backend, name="node1", **times)
    for path, name in (
        (f"agents/{node.uuid}/dhcp-networks", "networks"),
        (f"agents/{node.uuid}/l3-routers", "routers"),
        (f"networks/{net['id']}/dhcp-agents", "agents"),
        (f"routers/{router['id']}/l3-agents", "agents"),
        ("flavors", "flavors"),
        ("service_profiles", "service_profiles"),
    ):
        assert api.get(f"{V}/{path}", as_="admin") == {name: []}, path
    assert api("GET", f"{V}/networks/{net['id']}/dhcp-agents").status == 403
    assert api("GET", f"{V}/networks/{router['id']}/dhcp-agents", as_="admin").status == 404
    assert api("GET", f"{V}/agents/{router['id']}/l3-routers", as_="admin").status == 404
    assert api.get(f"{V}/flavors") == {"flavors": []}


def test_where_floating_addresses_come_from(api: Api, world: World) -> None:
    shown = {
        "subnet_id": str(world.subnet.uuid),
        "subnet_name": world.subnet.name,
        "tenant_id": world.ops.id,
        "project_id": world.ops.id,
        "network_id": str(world.network.uuid),
        "network_name": "public",
    }
    subnet(api, network(api))
    assert api.get(f"{V}/floatingip_pools") == {"floatingip_pools": [shown]}


def test_what_is_made_may_have_tags_at_once(api: Api, world: World) -> None:
    net = network(api)
    way = str(world.network.uuid)
    for path, noun, fields in (
        ("networks", "network", {}),
        ("subnets", "subnet", {"network_id": net["id"], "cidr": "10.5.0.0/24"}),
        ("ports", "port", {"network_id": net["id"]}),
        ("routers", "router", {}),
        ("floatingips", "floatingip", {"floating_network_id": way}),
        ("security-groups", "security_group", {"name": "g"}),
        ("subnetpools", "subnetpool", {"name": "p", "prefixes": ["10.6.0.0/16"]}),
    ):
        made = post(api, path, {noun: fields | {"tags": ["b", "a", "b"]}})
        assert made["tags"] == ["a", "b"], noun
        assert api.get(f"{V}/{path}/{made['id']}")[noun]["tags"] == ["a", "b"]
        wrong = {noun: fields | {"tags": ["x" * 256]}}
        assert api("POST", f"{V}/{path}", wrong).status == 400, noun
        assert api("PUT", f"{V}/{path}/{made['id']}", {noun: {"tags": []}}).status == 400, noun
    many = {"networks": [{"tags": ["one"]}, {"name": "bare"}]}
    assert [one["tags"] for one in post(api, "networks", many)] == [["one"], []]
