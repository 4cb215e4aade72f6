"""What every hypervisor driver promises; the fake and libvirt are held to the same."""

import pytest

from ganeti_backend import hypervisor
from ganeti_backend.errors import HypervisorError
from ganeti_backend.hypervisor.base import Place
from ganeti_backend.hypervisor.devices import Devices

BARE = Devices(disks=[], attachments=[])
NIC = {"uuid": "n", "mac": "aa:00:00:00:00:01"}
DISK = {"uuid": "5b0f9d8e-7f61-4a5c-8d05-7c1f1f0e6a10", "mode": "rw", "size": 1}
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


def test_suspended_guest_goes_on_by_a_start(driver, instance):
    driver.start(instance, BARE, paused=False)
    driver.suspend(instance["name"])
    driver.suspend(instance["name"])
    assert driver.instances()[instance["name"]]["state"] == "suspended"
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


def test_devices_are_plugged_in_and_that_may_be_repeated(driver, instance, tmp_path):
    driver.start(instance, BARE, paused=False)
    path = tmp_path / "disk.raw"
    path.write_bytes(bytes(1 << 20))
    for _ in range(2):
        driver.attach_nic(instance, NIC, {"type": "user"})
        driver.attach_disk(instance, DISK, str(path))


def test_devices_of_a_stopped_guest_are_unplugged_already(driver, instance):
    driver.detach_nic(instance, NIC)
    driver.detach_disk(instance["name"], DISK)


def test_guest_without_that_device_has_let_go_of_it(driver, instance):
    driver.start(instance, BARE, paused=False)
    driver.detach_nic(instance, NIC)
    driver.detach_disk(instance["name"], DISK)


def test_a_guest_is_held_and_let_go(driver, instance):
    name = instance["name"]
    assert not driver.hold(name)
    driver.let_go(name)
    driver.start(instance, BARE, paused=False)
    assert driver.hold(name)
    assert not driver.hold(name)
    assert driver.instances()[name]["state"] == "paused"
    for _ in range(2):
        driver.let_go(name)
        assert driver.instances()[name]["state"] == "running"


def test_memory_of_a_stopped_guest_cannot_change(driver, instance):
    with pytest.raises(HypervisorError, match="not running"):
        driver.set_memory(instance["name"], 32)


def test_nothing_can_be_plugged_into_a_stopped_guest(driver, instance):
    with pytest.raises(HypervisorError, match="not running"):
        driver.attach_nic(instance, NIC, {"type": "user"})
    with pytest.raises(HypervisorError, match="not running"):
        driver.attach_disk(instance, DISK, "/nowhere")


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
