from __future__ import annotations

from typing import Any

import pytest

from ganeti_backend import objects, opcodes
from tests.unit.ganeti_backend.core.conftest import Lab

GUEST = "192.0.2.2"


@pytest.fixture
def net1(lab: Lab) -> Lab:
    lab.network()
    return lab


def network(lab: Lab, name: str = "net1") -> objects.Network:
    found = lab.master.config.network(name)
    assert found is not None
    return found


def modify(**values: Any) -> opcodes.OpNetworkSetParams:
    return opcodes.OpNetworkSetParams(network_name="net1", **values)


def create(lab: Lab, name: str = "web1", **nic: Any) -> objects.Instance:
    given = {"network": "net1", "ip": "pool", **nic}
    lab.succeed(opcodes.OpInstanceCreate(instance_name=name, nics=[given], pnode="node1.local"))
    found = lab.master.config.instance(name)
    assert found is not None
    return found


def test_everything_but_the_range_can_be_changed(net1: Lab) -> None:
    values = {"gateway": "192.0.2.14", "network6": "2001:db8::/64", "gateway6": "2001:db8::1"}
    assert net1.succeed(modify(mac_prefix="AA:00:02", **values)) is None
    found = network(net1)
    assert (found.gateway, found.mac_prefix) == ("192.0.2.14", "aa:00:02")
    assert (found.network6, found.gateway6) == ("2001:db8::/64", "2001:db8::1")
    nothing = dict.fromkeys(("gateway", "gateway6", "network6", "mac_prefix"), "none")
    net1.succeed(modify(**nothing))
    found = network(net1)
    assert (found.gateway, found.network6, found.gateway6, found.mac_prefix) == (None,) * 4


def test_the_old_gateway_is_free_again(net1: Lab) -> None:
    net1.succeed(modify(gateway="192.0.2.14"))
    assert create(net1).nics[0].ip == "192.0.2.1"


def test_a_gateway_that_a_guest_has_is_refused(net1: Lab) -> None:
    assert create(net1).nics[0].ip == GUEST
    assert net1.fail(modify(gateway=GUEST))[1][1] == "resource_not_unique"


def test_addresses_are_kept_from_guests_and_given_back(net1: Lab) -> None:
    net1.succeed(modify(add_reserved_ips=[GUEST, "192.0.2.3"]))
    assert network(net1).reserved_ips == (GUEST, "192.0.2.3")
    assert create(net1).nics[0].ip == "192.0.2.4"
    net1.succeed(modify(remove_reserved_ips=["192.0.2.3"]))
    assert create(net1, "web2").nics[0].ip == "192.0.2.3"


@pytest.mark.parametrize(
    ("values", "warning"),
    [
        ({"add_reserved_ips": ["192.0.2.1"]}, "reserved already"),
        ({"remove_reserved_ips": ["192.0.2.1"]}, "the gateway's"),
        ({"remove_reserved_ips": ["192.0.2.7"]}, "not reserved"),
        ({"add_reserved_ips": ["198.51.100.1"]}, "192.0.2.0/28 does not contain 198.51.100.1"),
        ({"remove_reserved_ips": ["198.51.100.1"]}, "does not contain 198.51.100.1"),
    ],
)
def test_what_is_so_already_is_a_warning(net1: Lab, values: dict[str, Any], warning: str) -> None:
    job = net1.run(modify(**values))
    assert any(warning in entry[3] for entry in job.ops[0].log)
    assert network(net1).reserved_ips == ()


@pytest.mark.parametrize(
    "values",
    [
        {"gateway": "198.51.100.1"},
        {"gateway": "nosuch"},
        {"add_reserved_ips": ["nosuch"]},
        {"remove_reserved_ips": ["nosuch"]},
        {"network6": "nosuch"},
        {"gateway6": "2001:db8::1"},
        {"network6": "2001:db8::/64", "gateway6": "2001:db9::1"},
        {"mac_prefix": "aa"},
    ],
)
def test_what_makes_no_sense_is_refused(net1: Lab, values: dict[str, Any]) -> None:
    before = network(net1)
    assert net1.fail(modify(**values))[1][1] == "wrong_input"
    assert network(net1) is before


def test_an_unknown_network(lab: Lab) -> None:
    assert lab.fail(modify(gateway="none"))[1][1] == "unknown_entity"
    op = opcodes.OpNetworkRename(network_name="net1", new_name="net2")
    assert lab.fail(op)[1][1] == "unknown_entity"


def test_a_network_is_renamed_with_its_guests(net1: Lab) -> None:
    create(net1)
    op = opcodes.OpNetworkRename(network_name="net1", new_name="net2")
    assert net1.succeed(op) == "net2"
    assert net1.master.config.network("net1") is None
    instance = net1.master.config.instance("web1")
    assert instance is not None
    assert instance.nics[0].network == network(net1, "net2").uuid
    net1.succeed(opcodes.OpNetworkAdd(network_name="net1", network="198.51.100.0/28"))
    back = opcodes.OpNetworkRename(network_name="net2", new_name="net1")
    assert net1.fail(back)[1][1] == "already_exists"


def test_hooks_hear_of_changes(net1: Lab) -> None:
    net1.succeed(modify(mac_prefix="aa:00:09"))
    net1.succeed(opcodes.OpNetworkRename(network_name="net1", new_name="net2"))
    ran = {a["hooks_path"]: a["env"] for _, a in net1.calls("hooks_run") if a["phase"] == "pre"}
    assert ran["network-modify"]["GANETI_NETWORK_NAME"] == "net1"
    assert ran["network-rename"]["GANETI_NEW_NAME"] == "net2"


def test_the_nodes_own_addresses_are_kept_from_guests(lab: Lab) -> None:
    node = lab.master.config.node("node2.local")
    assert node is not None
    lab.master.config.commit([node.replace(secondary_ip="198.51.100.2")])
    lab.succeed(opcodes.OpNetworkAdd(network_name="net2", network="198.51.100.0/28"))
    assert network(lab, "net2").reserved_ips == ("198.51.100.2",)
    op = opcodes.OpNetworkAdd(network_name="net3", network="198.51.100.0/28", conflicts_check=False)
    lab.succeed(op)
    assert network(lab, "net3").reserved_ips == ()


def test_guests_that_have_such_addresses_already(net1: Lab) -> None:
    create(net1, network=None, ip="198.51.100.5", mode="bridged", link="br9")
    net1.succeed(opcodes.OpNetworkAdd(network_name="net2", network="198.51.100.0/28"))
    connect = {"network_name": "net2", "group_name": "default"}
    op = opcodes.OpNetworkConnect(network_link="br9", **connect)
    text, code = net1.fail(op)[1]
    assert "web1/0: 198.51.100.5" in text
    assert code == "wrong_state"
    # Another link is another network, and who says so may do it all the same.
    net1.succeed(opcodes.OpNetworkConnect(network_link="br8", **connect))
    net1.succeed(opcodes.OpNetworkDisconnect(**connect))
    net1.succeed(op.replace(conflicts_check=False))


def test_mode_link_and_vlan_reach_the_guest(net1: Lab) -> None:
    net1.succeed(opcodes.OpNetworkAdd(network_name="net2", network="198.51.100.0/28"))
    net1.succeed(
        opcodes.OpNetworkConnect(
            network_name="net2", group_name="default", network_mode="openvswitch",
            network_link="ovs0", network_vlan=".100",
        )
    )  # fmt: skip
    nic = create(net1, network="net2").nics[0]
    assert (nic.mode, nic.link, nic.vlan) == ("openvswitch", "ovs0", ".100")


def test_an_ipv6_gateway_needs_its_range(lab: Lab) -> None:
    common = {"network_name": "net2", "network": "198.51.100.0/28", "gateway6": "2001:db8::1"}
    assert lab.fail(opcodes.OpNetworkAdd(**common))[1][1] == "wrong_input"
    lab.succeed(opcodes.OpNetworkAdd(network6="2001:db8::/64", **common))


def warnings(lab: Lab, op: opcodes.OpCode) -> list[str]:
    job = lab.run(op)
    assert job.status == "success"
    return [entry[3] for entry in job.ops[0].log]


def test_what_is_connected_already_stays_as_it_is(net1: Lab) -> None:
    group = {"network_name": "net1", "group_name": "default"}
    before = net1.master.config.groups()[0]
    said = warnings(net1, opcodes.OpNetworkConnect(network_link="br7", **group))
    assert len(said) == 1
    assert "already mapped to group 'default', with other parameters, which stay" in said[0]
    assert net1.master.config.groups()[0] is before
    assert warnings(net1, opcodes.OpNetworkDisconnect(**group)) == []
    (said_then,) = warnings(net1, opcodes.OpNetworkDisconnect(**group))
    assert said_then == " - WARNING: Network 'net1' is not mapped to group 'default'"


def test_without_a_link_a_network_is_at_that_of_new_cards(net1: Lab) -> None:
    net1.succeed(opcodes.OpNetworkAdd(network_name="net2", network="198.51.100.0/28"))
    net1.succeed(opcodes.OpNetworkConnect(network_name="net2", group_name="default"))
    (group,) = net1.master.config.groups()
    known = group.networks[network(net1, "net2").uuid]
    assert known == {"mode": "bridged", "link": "br0", "vlan": ""}
