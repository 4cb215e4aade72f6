"""What may become of networks on a backend: made on purpose, told, repaired."""

import pytest

from synnefo.core import naming
from synnefo.core.network_drift import Kind
from synnefo.db.models import Address, RetiredNetwork, Server
from synnefo.intents.compute import interfaces
from synnefo.intents.network import networks as wishes
from synnefo.intents.network import ports, subnets
from synnefo.ports import NetworkSpec
from synnefo.reconciler import networks
from tests.integration.truth.test_drift_kinds import _report


@pytest.fixture
def name(spine):
    """How the network is called on the backend."""
    return naming.network_name("snf", spine.network.pk)


@pytest.fixture
def found(spine, server):
    """What a look at the networks finds."""
    assert networks.look(spine.backend, spine.cluster) == []
    return lambda: [one.kind for one in networks.look(spine.backend, spine.cluster)]


def test_missing(spine, found, name):
    spine.cluster.submit_network_remove(name, "by hand")
    assert found() == [Kind.MISSING]
    text, code = _report(spine)
    assert (Kind.MISSING in text, code) == (True, 1)
    assert found() == [Kind.MISSING], "a report changes nothing"
    spine.reconciler.turn(spine.backend)
    assert found() == []


def _network_of_a_user(spine, server):
    """It was on the cluster for a card, which is gone, and its user deletes it."""
    row = wishes.create(spine.caller, [{"name": "mine"}])[0]
    subnet = {"network_id": str(row.uuid), "cidr": "10.7.0.0/24", "ip_version": 4}
    subnets.create(spine.caller, [subnet])
    port = interfaces.attach(spine.caller, str(server.uuid), {"net_id": str(row.uuid)})
    _calm(spine)
    name = naming.network_name("snf", row.pk)
    assert name in {one.name for one in spine.cluster.networks()}
    ports.delete(spine.caller, str(port.uuid))
    _calm(spine)
    wishes.delete(spine.caller, str(row.uuid))
    return name


def _calm(spine):
    for _ in range(4):
        spine.settle()


def test_network_that_was_deleted_leaves_the_backend(spine, server, found):
    name = _network_of_a_user(spine, server)
    assert found() == [Kind.RETIRED]
    text, code = _report(spine)
    assert (Kind.RETIRED in text, code) == (True, 1)
    for _ in range(2):  # Its groups first, then itself.
        spine.reconciler.turn(spine.backend)
    assert name not in {one.name for one in spine.cluster.networks()}
    assert found() == []


def test_network_that_was_to_be_removed_and_is_gone(spine, server, found):
    name = _network_of_a_user(spine, server)
    assert RetiredNetwork.objects.exists()
    spine.cluster.submit_network_disconnect(name, "default", "by hand")
    spine.cluster.submit_network_remove(name, "by hand")
    assert found() == []
    before = spine.cluster.latest_job()
    spine.reconciler.turn(spine.backend)
    assert spine.cluster.latest_job() == before, "nothing is asked for"


def test_not_connected_to_all_groups(spine, found, name):
    spine.cluster.submit_network_disconnect(name, "default", "by hand")
    assert found() == [Kind.UNCONNECTED]
    spine.reconciler.turn(spine.backend)
    assert found() == []


def test_jobs_under_way_are_not_asked_for_again(spine, found, name):
    spine.cluster.submit_network_remove(name, "by hand")
    spine.cluster.holding = True
    before = spine.cluster.latest_job()
    for _ in range(3):
        spine.reconciler.turn(spine.backend)
    assert spine.cluster.latest_job() == before + 2  # Its making and its connection.
    spine.cluster.run()
    assert found() == []


def test_network_that_nobody_needs_there_is_not_made(spine, server, found, name):
    Server.objects.update(state="ERROR")
    spine.cluster.submit_network_remove(name, "by hand")
    assert found() == []


def test_orphan_is_told_only(spine, found, name):
    spine.cluster.submit_network_add(NetworkSpec(f"{name}0000", "10.7.0.0/24"), "by hand")
    spine.cluster.submit_network_add(NetworkSpec("office", "10.8.0.0/24"), "by hand")
    assert found() == [Kind.ORPHAN]
    spine.reconciler.turn(spine.backend)
    assert found() == [Kind.ORPHAN]


def test_addresses_that_an_administrator_keeps_are_not_handed_out(spine, found, name):
    kept = tuple(f"10.9.0.{n}" for n in (0, 1, *range(3, 19), 255))
    spine.cluster.set_network(name, external=kept)
    assert found() == [Kind.RESERVED]
    spine.reconciler.turn(spine.backend)
    assert found() == []
    spine.create()
    assert set(Address.objects.values_list("address", flat=True)) == {"10.9.0.2", "10.9.0.19"}
    spine.cluster.set_network(name, external=())
    spine.reconciler.turn(spine.backend)
    spine.subnet.refresh_from_db()
    assert spine.subnet.reserved == {}
