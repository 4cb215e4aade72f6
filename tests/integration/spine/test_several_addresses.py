"""Cards with several addresses and networks with several subnets, up to what the guest is told.

A card has one address on its backend, the first one that a network there can hold. The guest is
told all of them.
"""

import json
from dataclasses import replace

import pytest

from synnefo.dispatcher.instances import instance_of
from synnefo.intents.compute import interfaces, server_network
from synnefo.intents.network import networks, ports, subnets
from synnefo.intents.server_request import NetworkRequest
from tests.integration.spine.test_cards import _calm, _cards, _port


@pytest.fixture
def network(spine):
    row = networks.create(spine.caller, [{"name": "mine"}])[0]
    _subnet(spine, row, "10.7.0.0/24", dns_nameservers=["10.7.0.53"])
    return row


def _subnet(spine, network, cidr, **more):
    wish = {"network_id": str(network.uuid), "cidr": cidr, **more}
    return subnets.create(spine.caller, [wish])[0]


def _on(spine, port):
    """A server with this port as its only card, and how the card is called."""
    server = spine.create(networks=[NetworkRequest(port_id=str(port.uuid))])
    _calm(spine)
    return server, f"snf-nic-{port.pk}"


def _held(port):
    return list(port.addresses.order_by("pk").values_list("address", flat=True))


def _give(spine, port, *held):
    wish = [{"ip_address": one} for one in held]
    ports.update(spine.caller, str(port.uuid), {"fixed_ips": wish}, None)


def test_further_addresses_are_none_of_the_backends_business(spine, network):
    port = _port(spine, network, network.subnets.get())
    server, name = _on(spine, port)
    card, before = (f"snf-net-{network.pk}", "10.7.0.2"), spine.cluster.latest_job()
    _give(spine, port, "10.7.0.2", "10.7.0.20")
    server_network.add_fixed_ip(spine.caller, str(server.uuid), str(network.uuid))
    _calm(spine)
    assert _held(port) == ["10.7.0.2", "10.7.0.20", "10.7.0.3"]
    server_network.remove_fixed_ip(spine.caller, str(server.uuid), "10.7.0.20")
    _calm(spine)
    assert (_cards(spine, server), spine.cluster.latest_job()) == ({name: card}, before)
    # The card follows when its own one goes.
    server_network.remove_fixed_ip(spine.caller, str(server.uuid), "10.7.0.2")
    _calm(spine)
    assert _cards(spine, server) == {name: (card[0], "10.7.0.3")}
    assert spine.cluster.latest_job() == before + 1


def test_an_address_in_another_subnet_moves_no_card(spine, network):
    further = _subnet(spine, network, "10.8.0.0/24")
    port = _port(spine, network, further)
    server, name = _on(spine, port)
    before = spine.cluster.latest_job()
    _give(spine, port, "10.8.0.2", "10.7.0.9")
    _calm(spine)
    assert _cards(spine, server) == {name: (f"snf-subnet-{further.pk}", "10.8.0.2")}
    assert spine.cluster.latest_job() == before


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        ("10.7.0.20", ["10.7.0.20", "10.7.0.2"]),  # It was the second one.
        ("10.7.0.30", ["10.7.0.30", "10.7.0.20"]),  # It is a new one.
    ],
)
def test_an_administrators_choice_comes_first(spine, network, seen, expected):
    port = _port(spine, network, network.subnets.get())
    server, name = _on(spine, port)
    _give(spine, port, "10.7.0.2", "10.7.0.20")
    _calm(spine)
    cards = spine.cluster.instance(f"snf-{server.pk}").nics
    spine.cluster.set_instance(f"snf-{server.pk}", nics=(replace(cards[0], ip=seen),))
    spine.reconciler.turn(spine.backend)
    assert _held(port) == expected
    _calm(spine)
    assert _cards(spine, server)[name][1] == seen


def test_the_guest_is_told_all_addresses(spine, network):
    six = {"ip_version": 6, "gateway_ip": "fe80::1"}
    static = _subnet(spine, network, "2001:db8:7::/64", **six)
    modes = {"ipv6_ra_mode": "slaac", "ipv6_address_mode": "slaac", "ip_version": 6}
    _subnet(spine, network, "2001:db8:8::/64", **modes)
    route = {"destination": "10.99.0.0/16", "nexthop": "10.8.0.254"}
    further = _subnet(spine, network, "10.8.0.0/24", gateway_ip=None, host_routes=[route])
    port = _port(spine, network, network.subnets.order_by("pk")[0], further, static)
    server, _ = _on(spine, port)
    told = json.loads(instance_of(server, "snf").osparams["img_properties"])["addresses"]
    mac = port.mac_address
    first = {"mac": mac, "address": "10.7.0.2", "prefix": 24, "gateway": "10.7.0.1"}
    second = {"mac": mac, "address": "10.8.0.1", "prefix": 24, "gateway": None}
    assert told == [
        {**first, "nameservers": ["10.7.0.53"]},
        {**second, "routes": [{"to": "10.99.0.0/16", "via": "10.8.0.254"}]},
        {"mac": mac, "address": "2001:db8:7::1", "prefix": 64, "gateway": "fe80::1"},
    ]


def test_what_no_network_of_a_backend_can_hold_is_told_to_the_guest_only(spine):
    """Ganeti knows ranges from /16 to /30, and no gateways outside of them."""
    for cidr, address in (("10.0.0.0/8", "10.0.0.2"), ("10.7.0.0/31", "10.7.0.1")):
        network = networks.create(spine.caller, [{"name": cidr}])[0]
        port = _port(spine, network, _subnet(spine, network, cidr))
        server, name = _on(spine, port)
        assert _cards(spine, server) == {name: (f"snf-net-{network.pk}", None)}, cidr
        assert address in instance_of(server, "snf").osparams["img_properties"]
    network = networks.create(spine.caller, [{"name": "outside"}])[0]
    _subnet(spine, network, "2001:db8::/64", ip_version=6, gateway_ip="fe80::1")
    port = _port(spine, network, _subnet(spine, network, "10.3.0.0/24", gateway_ip="10.4.0.1"))
    server, name = _on(spine, port)
    assert _cards(spine, server) == {name: (f"snf-net-{network.pk}", "10.3.0.1")}


def test_a_first_range_comes_to_a_network_that_is_in_use(spine):
    """The backend has the network already, for cards without an address."""
    network = networks.create(spine.caller, [{"name": "late"}])[0]
    early = ports.create(spine.caller, [{"network_id": str(network.uuid)}])[0]
    first, bare = _on(spine, early)
    assert _cards(spine, first) == {bare: (f"snf-net-{network.pk}", None)}
    subnet = _subnet(spine, network, "10.7.0.0/24")
    port = _port(spine, network, subnet)
    server, name = _on(spine, port)
    assert _cards(spine, server) == {name: (f"snf-subnet-{subnet.pk}", "10.7.0.2")}
    interfaces.detach(spine.caller, str(first.uuid), str(early.uuid))
    _calm(spine)
    _give(spine, port, "10.7.0.9")
    _calm(spine)
    assert _cards(spine, server)[name][1] == "10.7.0.9"


def test_a_range_that_no_card_is_on_is_not_asked_for(spine, network):
    """A card with a second address there is on the network of its first one."""
    further = _subnet(spine, network, "10.8.0.0/24")
    port = _port(spine, network, network.subnets.order_by("pk")[0], further)
    _on(spine, port)
    assert f"snf-subnet-{further.pk}" not in {one.name for one in spine.cluster.networks()}
