"""Cards of servers that follow their ports, on a cluster that does what it is asked."""

import pytest

from synnefo.core.faults import Conflict
from synnefo.db.models import Address, Intent, Port
from synnefo.intents.compute import interfaces, servers
from synnefo.intents.network import networks, ports, subnets
from synnefo.intents.server_request import NetworkRequest


@pytest.fixture
def server(spine):
    server = spine.create()
    spine.settle()
    spine.reconciler.turn(spine.backend)  # Which also reads where it is.
    return server


@pytest.fixture
def network(spine):
    row = networks.create(spine.caller, [{"name": "mine"}])[0]
    wish = {"network_id": str(row.uuid), "cidr": "10.7.0.0/24", "ip_version": 4}
    subnets.create(spine.caller, [wish])
    return row


def _calm(spine):
    for _ in range(4):
        spine.settle()
    assert spine.reconciler.turn(spine.backend).drifts == []
    assert not Intent.objects.filter(state__in=Intent.UNFINISHED).exists()


def _cards(spine, server):
    report = spine.cluster.instance(f"snf-{server.pk}")
    return {nic.name: (nic.network, nic.ip) for nic in report.nics}


def test_a_card_comes_and_goes(spine, server, network):
    before = _cards(spine, server)
    port = interfaces.attach(spine.caller, str(server.uuid), {"net_id": str(network.uuid)})
    assert port.status == "BUILD"
    _calm(spine)
    port.refresh_from_db()
    assert port.status == "ACTIVE"
    name = f"snf-nic-{port.pk}"
    assert _cards(spine, server)[name] == (f"snf-net-{network.pk}", "10.7.0.2")
    interfaces.detach(spine.caller, str(server.uuid), str(port.uuid))
    with pytest.raises(Conflict):
        interfaces.detach(spine.caller, str(server.uuid), str(port.uuid))
    _calm(spine)
    assert _cards(spine, server) == before
    assert not Port.objects.filter(pk=port.pk).exists()
    assert not Address.objects.filter(address="10.7.0.2").exists()


def test_what_a_user_made_stays_when_it_is_no_card_any_more(spine, server, network):
    wish = {"network_id": str(network.uuid), "name": "kept"}
    made = ports.create(spine.caller, [wish])[0]
    interfaces.attach(spine.caller, str(server.uuid), {"port_id": str(made.uuid)})
    _calm(spine)
    interfaces.detach(spine.caller, str(server.uuid), str(made.uuid))
    _calm(spine)
    made.refresh_from_db()
    assert (made.server_id, made.status) == (None, "DOWN")
    interfaces.attach(spine.caller, str(server.uuid), {"port_id": str(made.uuid)})
    _calm(spine)
    servers.delete(spine.caller, str(server.uuid))
    _calm(spine)
    made.refresh_from_db()
    assert (made.server_id, made.name, made.addresses.count()) == (None, "kept", 1)
    assert Port.objects.count() == 1


def test_a_port_that_is_deleted_leaves_its_server(spine, server, network):
    port = interfaces.attach(spine.caller, str(server.uuid), {"net_id": str(network.uuid)})
    _calm(spine)
    ports.delete(spine.caller, str(port.uuid))
    _calm(spine)
    assert f"snf-nic-{port.pk}" not in _cards(spine, server)
    assert not Port.objects.filter(pk=port.pk).exists()


def test_other_addresses_reach_the_card(spine, server, network):
    port = interfaces.attach(spine.caller, str(server.uuid), {"net_id": str(network.uuid)})
    _calm(spine)
    wish = {"fixed_ips": [{"ip_address": "10.7.0.99"}]}
    ports.update(spine.caller, str(port.uuid), wish, None)
    _calm(spine)
    assert _cards(spine, server)[f"snf-nic-{port.pk}"][1] == "10.7.0.99"


@pytest.fixture
def further(spine, network):
    """Another subnet of the network."""
    wish = {"network_id": str(network.uuid), "cidr": "10.8.0.0/24", "ip_version": 4}
    return subnets.create(spine.caller, [wish])[0]


def _port(spine, network, subnet, *others):
    held = [{"subnet_id": str(one.uuid)} for one in (subnet, *others)]
    return ports.create(spine.caller, [{"network_id": str(network.uuid), "fixed_ips": held}])[0]


def test_addresses_of_a_further_subnet_reach_the_card(spine, network, further):
    """The network of a backend has one range, so such a subnet has a network of its own there."""
    port = _port(spine, network, further)
    server = spine.create(networks=[NetworkRequest(port_id=str(port.uuid))])
    _calm(spine)
    name, own = f"snf-nic-{port.pk}", f"snf-subnet-{further.pk}"
    assert _cards(spine, server) == {name: (own, "10.8.0.2")}
    assert own in _names(spine)
    ports.update(spine.caller, str(port.uuid), {"fixed_ips": [{"ip_address": "10.7.0.9"}]}, None)
    _calm(spine)
    assert _cards(spine, server) == {name: (f"snf-net-{network.pk}", "10.7.0.9")}
    ports.update(spine.caller, str(port.uuid), {"fixed_ips": [{"ip_address": "10.8.0.9"}]}, None)
    _calm(spine)
    assert _cards(spine, server) == {name: (own, "10.8.0.9")}


def test_a_further_subnet_that_is_deleted_leaves_the_cluster(spine, server, network, further):
    port = _port(spine, network, further)
    interfaces.attach(spine.caller, str(server.uuid), {"port_id": str(port.uuid)})
    _calm(spine)
    own = f"snf-subnet-{further.pk}"
    assert _cards(spine, server)[f"snf-nic-{port.pk}"] == (own, "10.8.0.2")
    spine.cluster.submit_network_disconnect(own, "default", "by hand")
    spine.reconciler.turn(spine.backend)
    _calm(spine)
    assert next(one for one in spine.cluster.networks() if one.name == own).groups == ("default",)
    ports.delete(spine.caller, str(port.uuid))
    _calm(spine)
    subnets.delete(spine.caller, str(further.uuid))
    for _ in range(3):
        spine.reconciler.turn(spine.backend)
    assert own not in _names(spine)


def test_a_card_with_addresses_of_two_subnets_has_the_first_one(spine, network, further):
    port = _port(spine, network, network.subnets.first(), further)
    server = spine.create(networks=[NetworkRequest(port_id=str(port.uuid))])
    _calm(spine)
    assert _cards(spine, server) == {f"snf-nic-{port.pk}": (f"snf-net-{network.pk}", "10.7.0.2")}


def test_the_range_of_the_first_subnet_goes_to_the_next_new_one(spine, network, further):
    """What is apart stays so, as cards may be on it."""
    subnets.delete(spine.caller, str(network.subnets.first().uuid))
    wish = {"network_id": str(network.uuid), "cidr": "10.9.9.0/24", "ip_version": 4}
    new = subnets.create(spine.caller, [wish])[0]
    further.refresh_from_db()
    assert (further.apart, new.apart) == (True, False)
    port = _port(spine, network, new)
    server = spine.create(networks=[NetworkRequest(port_id=str(port.uuid))])
    _calm(spine)
    assert _cards(spine, server)[f"snf-nic-{port.pk}"] == (f"snf-net-{network.pk}", "10.9.9.2")


def test_an_attachment_that_fails_leaves_nothing(spine, server, network):
    spine.cluster.remove_behind(spine.instance(server))
    interfaces.attach(spine.caller, str(server.uuid), {"net_id": str(network.uuid)})
    spine.settle()
    assert Port.objects.filter(network=network).count() == 0
    assert Intent.objects.get(action="attach_port").state == "FAILED"


def _names(spine):
    return {one.name for one in spine.cluster.networks()}


def test_a_network_is_on_the_cluster_while_servers_need_it(spine, server, network):
    name = f"snf-net-{network.pk}"
    assert name not in _names(spine)
    port = interfaces.attach(spine.caller, str(server.uuid), {"net_id": str(network.uuid)})
    _calm(spine)
    assert name in _names(spine)
    ports.delete(spine.caller, str(port.uuid))
    _calm(spine)
    networks.delete(spine.caller, str(network.uuid))
    for _ in range(3):
        spine.reconciler.turn(spine.backend)
    assert name not in _names(spine)


def test_a_network_that_was_made_for_other_subnets_is_made_again(spine, server, network):
    port = interfaces.attach(spine.caller, str(server.uuid), {"net_id": str(network.uuid)})
    _calm(spine)
    ports.delete(spine.caller, str(port.uuid))
    _calm(spine)
    subnets.delete(spine.caller, str(network.subnets.get().uuid))
    wish = {"network_id": str(network.uuid), "cidr": "10.8.0.0/24", "ip_version": 4}
    subnets.create(spine.caller, [wish])
    port = interfaces.attach(spine.caller, str(server.uuid), {"net_id": str(network.uuid)})
    _calm(spine)
    assert _cards(spine, server)[f"snf-nic-{port.pk}"][1] == "10.8.0.2"
