import pytest

from ganeti_backend import network
from ganeti_backend.errors import NetworkError
from ganeti_backend.hypervisor import host

NIC = {"uuid": "n-1", "mac": "aa:00:00:00:00:01"}


def test_memory_is_read_in_mebibytes(tmp_path):
    source = tmp_path / "meminfo"
    source.write_text("MemTotal:  2048 kB\nMemFree: 1 kB\nMemAvailable:  1024 kB\n")
    assert host.read_memory(source) == host.Memory(total=2, available=1)


def test_processors_are_counted():
    found = host.processors()
    assert found["cpu_total"] >= 1
    assert found["cpu_nodes"] >= 1


@pytest.mark.parametrize("name", network.DRIVERS)
def test_attachment_may_be_made_and_released_again_and_again(name):
    driver = network.build(name)
    for _ in range(2):
        assert driver.attachment("web", NIC)["type"] == "user"
    for nic in (NIC, NIC, None):
        driver.release("web", nic)


def test_release_of_an_instance_leaves_the_others():
    driver = network.build("fake")
    driver.attachment("web", NIC)
    driver.attachment("db", {**NIC, "uuid": "n-2"})
    driver.release("web")
    assert driver.connected == {"n-2": "db"}


def test_unknown_network_names_those_there_are():
    with pytest.raises(NetworkError, match="fake, user"):
        network.build("ovs")
