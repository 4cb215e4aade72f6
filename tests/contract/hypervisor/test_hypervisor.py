"""What every hypervisor driver promises; the fake and libvirt are held to the same."""

import pytest

from ganeti_backend import hypervisor
from ganeti_backend.errors import HypervisorError
from ganeti_backend.hypervisor.base import Devices, Place

BARE = Devices(disks=[], attachments=[])
NIC = {"uuid": "n", "mac": "aa:00:00:00:00:01"}
HOST_KEYS = {
    "memory_total", "memory_free", "memory_dom0",
    "cpu_total", "cpu_nodes", "cpu_sockets", "cpu_dom0",
}  # fmt: skip


def test_host_counts_memory_and_processors(driver):
    host = driver.host()
    assert host.keys() == HOST_KEYS
    assert all(isinstance(value, int) for value in host.values())
    assert host["memory_total"] > host["memory_free"] > 0


def test_started_guest_is_listed_with_its_size(driver, instance):
    driver.start(instance, BARE, paused=False)
    facts = {"state": "running", "memory": 64, "vcpus": 1}
    assert driver.instances()[instance["name"]] == facts


def test_starting_twice_is_starting_once(driver, instance):
    driver.start(instance, BARE, paused=False)
    driver.start(instance, BARE, paused=False)
    assert driver.instances()[instance["name"]]["state"] == "running"


def test_paused_guest_is_resumed_by_a_start(driver, instance):
    driver.start(instance, BARE, paused=True)
    assert driver.instances()[instance["name"]]["state"] == "paused"
    driver.start(instance, BARE, paused=False)
    assert driver.instances()[instance["name"]]["state"] == "running"


def test_forced_shutdown_removes_it_from_the_list(driver, instance):
    driver.start(instance, BARE, paused=False)
    driver.shutdown(instance["name"], 120, force=True)
    assert instance["name"] not in driver.instances()


def test_shutdown_pulls_the_plug_after_the_timeout(driver, instance):
    """The BIOS hears no power button."""
    driver.start(instance, BARE, paused=False)
    driver.shutdown(instance["name"], 0.2, force=False)
    assert instance["name"] not in driver.instances()


def test_shutdown_of_an_unknown_guest_is_done_already(driver):
    driver.shutdown("nobody", 1, force=False)


def test_restart_takes_the_parameters_of_now(driver, instance):
    driver.start(instance, BARE, paused=False)
    driver.shutdown(instance["name"], 0, force=True)
    larger = {**instance, "beparams": {"maxmem": 96, "vcpus": 2}}
    driver.start(larger, BARE, paused=False)
    facts = {"state": "running", "memory": 96, "vcpus": 2}
    assert driver.instances()[instance["name"]] == facts


def test_hard_reboot_keeps_it_running(driver, instance):
    driver.start(instance, BARE, paused=False)
    driver.reboot(instance["name"], 1, hard=True)
    assert driver.instances()[instance["name"]]["state"] == "running"


def test_soft_reboot_of_a_deaf_guest_becomes_a_reset(driver, instance):
    driver.start(instance, BARE, paused=False)
    driver.reboot(instance["name"], 0.2, hard=False)
    assert driver.instances()[instance["name"]]["state"] == "running"


def test_reboot_of_an_unknown_guest_is_refused(driver):
    with pytest.raises(HypervisorError, match="not running"):
        driver.reboot("nobody", 1, hard=True)


def test_console_tells_where_to_look(driver, instance):
    driver.start(instance, BARE, paused=False)
    console = driver.console(instance["name"])
    if console["kind"] == "vnc":
        assert console["host"] == "127.0.0.1"
        assert console["port"] >= 5900
    else:
        assert instance["name"] in console["message"]


def test_console_of_an_unknown_guest_is_refused(driver):
    with pytest.raises(HypervisorError, match="not running"):
        driver.console("nobody")


def test_forget_leaves_no_trace_and_may_be_repeated(driver, instance):
    driver.start(instance, BARE, paused=False)
    driver.forget(instance["name"])
    assert instance["name"] not in driver.instances()
    assert not driver.place.console(instance["name"]).exists()
    driver.forget(instance["name"])


def test_interface_is_plugged_in_and_out_and_both_may_be_repeated(driver, instance):
    driver.start(instance, BARE, paused=False)
    for _ in range(2):
        driver.attach_nic(instance, NIC, {"type": "user"})
    for _ in range(2):
        driver.detach_nic(instance, NIC)


def test_interface_of_a_stopped_guest_cannot_be_plugged(driver, instance):
    with pytest.raises(HypervisorError, match="not running"):
        driver.attach_nic(instance, NIC, {"type": "user"})


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", None])
def test_name_that_is_a_path_is_refused(driver, instance, name):
    with pytest.raises(HypervisorError):
        driver.start({**instance, "name": name}, BARE, paused=False)


def test_too_much_memory_is_refused_and_leaves_nothing(driver, instance):
    huge = {**instance, "beparams": {"maxmem": 1 << 30, "vcpus": 1}}
    with pytest.raises(HypervisorError):
        driver.start(huge, BARE, paused=False)
    assert instance["name"] not in driver.instances()


def test_unknown_hypervisor_names_those_there_are(tmp_path):
    with pytest.raises(HypervisorError, match="fake, libvirt"):
        hypervisor.build("xen", Place(tmp_path, "n"))
