"""Networks from the outside: made, connected, full, and refused where they cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from ganeti_backend import errors, opcodes
from tests.unit.ganeti_backend.core.conftest import Lab


def create(**values: Any) -> opcodes.OpInstanceCreate:
    return opcodes.OpInstanceCreate(**{"instance_name": "vm1", **values})


def test_networks(lab: Lab) -> None:
    lab.network()
    net = lab.master.config.network("net1")
    group = lab.master.config.group("default")
    assert group.networks == {net.uuid: {"mode": "bridged", "link": "br0", "vlan": ""}}
    add = opcodes.OpNetworkAdd(network_name="net1", network="10.0.0.0/24")
    assert lab.fail(add)[1][1] == errors.ECODE_EXISTS
    assert lab.fail(opcodes.OpNetworkRemove(network_name="net1"))[1][1] == errors.ECODE_STATE
    lab.succeed(create(nics=[{"network": "net1", "ip": "pool"}]))
    disconnect = opcodes.OpNetworkDisconnect(network_name="net1", group_name="default")
    assert "used by instances: vm1" in lab.fail(disconnect)[1][0]
    lab.succeed(opcodes.OpInstanceRemove(instance_name="vm1"))
    lab.succeed(disconnect)
    lab.succeed(opcodes.OpNetworkRemove(network_name="net1"))
    assert lab.master.config.networks() == []


@pytest.mark.parametrize(
    "wish",
    [
        {"network": "10.0.0.0/8"},
        {"network": "10.0.0.1/24"},
        {"network": "x"},
        {"gateway": "10.1.0.1"},
        {"mac_prefix": "zz:00:00"},
        {"network6": "10.0.0.0/24"},
        {"add_reserved_ips": ["10.9.9.9"]},
    ],
)
def test_impossible_networks_are_refused(lab: Lab, wish: dict[str, Any]) -> None:
    op = opcodes.OpNetworkAdd(**{"network_name": "n", "network": "10.0.0.0/24", **wish})
    assert lab.fail(op)[1][1] == errors.ECODE_INVAL


def test_a_full_pool_is_a_lack_of_resources(lab: Lab) -> None:
    lab.succeed(opcodes.OpNetworkAdd(network_name="net1", network="192.0.2.0/30"))
    lab.succeed(
        opcodes.OpNetworkConnect(network_name="net1", group_name="default", network_link="br0")
    )
    nics = [{"network": "net1", "ip": "pool"}]
    assert lab.fail(create(nics=nics * 3))[1][1] == errors.ECODE_NORES
    lab.succeed(create(nics=nics * 2))
