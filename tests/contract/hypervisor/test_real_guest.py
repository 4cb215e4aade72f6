"""A guest that boots from a disk, hears the power button and is seen when it stops by itself."""

import importlib
import os
import shutil
import time

import pytest

from ganeti_backend.errors import HypervisorError
from ganeti_backend.hypervisor.devices import Devices
from ganeti_backend.storage import seed
from synnefo.cloud.guest_image import builder
from synnefo.cloud.layout import cache_folder
from tests.conformance.namespaces import wait_for

pytestmark = pytest.mark.system
BOOT = 90
MORE = {"uuid": "5b0f9d8e-7f61-4a5c-8d05-7c1f1f0e6a11", "mode": "rw", "size": 1}


@pytest.fixture(scope="module")
def image():
    return builder.ensure(cache_folder())


@pytest.fixture
def guest(embedded, image, tmp_path):
    disk = tmp_path / "disk.raw"
    shutil.copyfile(image.disk, disk)
    instance = {
        "name": f"real-{tmp_path.name[-20:]}",
        "uuid": "7e0bd1a4-3f29-4b0e-9a5f-0e0b4a8a5f11",
        "beparams": {"maxmem": 128, "vcpus": 1},
        "disks": [{"uuid": "d0", "mode": "rw"}],
        "nics": [{"uuid": "n0", "mac": "aa:00:00:00:07:01"}],
    }
    address = {"mac": "aa:00:00:00:07:01", "address": "198.18.0.7", "prefix": 20}
    seed.write(tmp_path / "seed.iso", instance, {"hostname": "deep", "addresses": [address]})
    devices = Devices([str(disk)], [{"type": "user"}], str(tmp_path / "seed.iso"))
    embedded.start(instance, devices, paused=False)
    yield instance
    embedded.forget(instance["name"])


def said(driver, name, text, times=1):
    """Wait until the console has said this so often; the line on which it stands."""
    path, end = driver.place.console(name), time.monotonic() + BOOT
    while time.monotonic() < end:
        whole = path.read_text(errors="replace").rpartition("\n")[0]
        lines = [line for line in whole.splitlines() if text in line]
        if len(lines) >= times:
            return lines[-1]
    raise AssertionError(path.read_text(errors="replace")[-1000:])


def test_it_takes_its_name_and_address_from_the_seed(embedded, guest):
    line = said(embedded, guest["name"], "GUEST-READY")
    assert "host=deep" in line
    assert "eth0=198.18.0.7/20" in line


def test_devices_come_and_go_while_it_runs(embedded, guest, tmp_path):
    said(embedded, guest["name"], "GUEST-READY")
    path = tmp_path / "more.raw"
    path.write_bytes(bytes(1 << 20))
    nic = {"uuid": "n1", "mac": "aa:00:00:00:07:02"}
    for _ in range(2):
        embedded.attach_disk(guest, MORE, str(path))
        embedded.attach_nic(guest, nic, {"type": "user"})
    os.truncate(path, 2 << 20)
    for _ in range(2):
        embedded.disk_grown(str(path), 2)
    for _ in range(2):
        embedded.detach_disk(guest["name"], MORE)
        embedded.detach_nic(guest, nic)
    described = embedded._find(guest["name"]).XMLDesc()
    assert str(path) not in described
    assert nic["mac"] not in described


def test_memory_is_taken_and_given_while_it_runs(embedded, guest):
    said(embedded, guest["name"], "GUEST-READY")
    for memory in (96, 128):
        for _ in range(2):
            embedded.set_memory(guest["name"], memory)
        end = time.monotonic() + BOOT
        while embedded.instances()[guest["name"]]["memory"] != memory:
            assert time.monotonic() < end
    with pytest.raises(HypervisorError, match="at most 128 MiB"):
        embedded.set_memory(guest["name"], 256)


def test_deaf_guest_keeps_its_disk_and_that_is_said(embedded, guest, tmp_path, monkeypatch):
    monkeypatch.setattr(libvirt_driver(), "DETACH_TIMEOUT", 0.5)
    embedded._find(guest["name"]).suspend()
    path = tmp_path / "more.raw"
    path.write_bytes(bytes(1 << 20))
    embedded.attach_disk(guest, MORE, str(path))
    with pytest.raises(HypervisorError, match="does not let go of disk"):
        embedded.detach_disk(guest["name"], MORE)


def libvirt_driver():
    """Importable only where libvirt is."""
    return importlib.import_module("ganeti_backend.hypervisor.libvirt")


def test_power_button_is_heard_also_while_booting(embedded, guest):
    began = time.monotonic()
    embedded.shutdown(guest["name"], BOOT, force=False)
    assert time.monotonic() - began < BOOT
    assert guest["name"] not in embedded.instances()


def test_soft_reboot_is_done_by_the_guest(embedded, guest):
    said(embedded, guest["name"], "GUEST-READY")
    embedded.reboot(guest["name"], BOOT, hard=False)
    assert "boots=2" in said(embedded, guest["name"], "GUEST-READY", times=2)


def test_guest_that_powers_off_by_itself_is_listed_as_shutdown(embedded, guest, caplog):
    said(embedded, guest["name"], "GUEST-READY")
    embedded._find(guest["name"]).shutdown()
    wait_for(lambda: "stopped by itself" in caplog.text, "the guest has powered off", BOOT)
    assert embedded.instances()[guest["name"]]["state"] == "shutdown"
    with pytest.raises(HypervisorError, match="not running"):
        embedded.console(guest["name"])
