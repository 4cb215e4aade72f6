"""A hook's environment read, on environments of a real Ganeti."""

from pathlib import Path

import pytest

from hooks.environment import MOST_DEVICES, net_status

SAMPLES = Path(__file__).parents[2] / "data/ganeti/hooks"


def sample(name):
    lines = (SAMPLES / f"{name}.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


def test_a_creation():
    message = net_status(sample("instance-add-post"), (1, 2))
    assert (message.instance, message.operation) == ("vm1.gntlab.test", "OP_INSTANCE_CREATE")
    assert (message.memory, message.vcpus, message.node) == (16, 1, "node1.gntlab.test")
    (nic,), (disk,) = message.nics, message.disks
    assert (nic["name"], nic["network"], nic["ip"]) == ("nic0", "net1", "192.0.2.3")
    assert nic["mac"] == "aa:00:01:b5:df:59"
    assert disk == {"name": "root", "uuid": None, "size": 16}


def test_a_change_that_added_a_card():
    message = net_status(sample("instance-modify-post"), (1, 2))
    assert [nic["ip"] for nic in message.nics] == ["192.0.2.3", "192.0.2.4"]
    assert [nic["name"] for nic in message.nics] == ["nic0", None]
    assert message.memory == 32


def test_what_was_after_the_operation_counts():
    environment = sample("instance-modify-post")
    environment["GANETI_INSTANCE_NIC2_IP"] = "192.0.2.99"
    environment["GANETI_INSTANCE_NIC_COUNT"] = "3"
    assert len(net_status(environment, (1, 2)).nics) == 2


@pytest.mark.parametrize("name", ["instance-stop-pre", "network-connect-post"])
def test_other_phases_and_objects_say_nothing(name):
    assert net_status(sample(name), (1, 2)) is None


def test_broken_numbers_are_none():
    environment = sample("instance-add-post")
    environment |= {"GANETI_POST_INSTANCE_NIC_COUNT": "x", "GANETI_POST_INSTANCE_VCPUS": ""}
    message = net_status(environment, (1, 2))
    assert (message.nics, message.vcpus) == ((), None)
    environment |= {"GANETI_POST_INSTANCE_VCPUS": "²", "GANETI_POST_INSTANCE_MEMORY": "9" * 5000}
    assert net_status(environment, (1, 2)).vcpus is None


def test_a_count_beyond_reason_is_cut():
    environment = sample("instance-add-post") | {"GANETI_POST_INSTANCE_NIC_COUNT": "999999999"}
    assert len(net_status(environment, (1, 2)).nics) == MOST_DEVICES
