"""Whole documents against tests/golden/domain_xml; REGENERATE_GOLDEN=1 writes them anew."""

import os
from pathlib import Path

import pytest

from ganeti_backend.errors import HypervisorError
from ganeti_backend.hypervisor import domain_xml
from ganeti_backend.hypervisor.devices import Devices

GOLDEN = Path(__file__).parents[3] / "golden" / "domain_xml"
BASE = {
    "name": "snf-7",
    "uuid": "9f2c1d3e-0001-4000-8000-000000000007",
    "beparams": {"maxmem": 512, "minmem": 256, "vcpus": 2},
    "hvparams": {},
    "disks": [],
    "nics": [],
}
DISK = {"uuid": "d1b2c3d4-0000-4000-8000-000000000001", "mode": "rw", "size": 1024}
NIC = {"uuid": "n1", "mac": "aa:00:00:00:00:07"}


def changed(**changes):
    return {**BASE, **changes}


CASES = {
    "diskless": (BASE, Devices([], []), "qemu"),
    "disk_seed_and_user_nic": (
        changed(disks=[DISK], nics=[NIC]),
        Devices(["/n/disks/a.raw"], [{"type": "user"}], "/n/seeds/snf-7.iso"),
        "qemu",
    ),
    "kvm_two_disks_bridge_and_tap": (
        changed(
            disks=[DISK, {**DISK, "uuid": "d2", "mode": "ro"}],
            nics=[NIC, {**NIC, "mac": "aa:00:00:00:00:08"}],
        ),
        Devices(
            ["/n/disks/a.raw", "/n/disks/b.raw"],
            [
                {"type": "bridge", "bridge": "br0", "tap": "snf-7-0"},
                {"type": "ethernet", "tap": "t1"},
            ],
        ),
        "kvm",
    ),
    "direct_kernel_boot": (
        changed(
            disks=[DISK],
            hvparams={
                "kernel_path": "/boot/vmlinuz",
                "initrd_path": "/boot/initrd",
                "kernel_args": "quiet",
                "root_path": "/dev/vda1",
                "cpu_type": "Nehalem",
                "machine_version": "q35",
            },
        ),
        Devices(["/n/disks/a.raw"], []),
        "qemu",
    ),
    "name_that_needs_escaping": (changed(name="a&b<c>"), Devices([], []), "qemu"),
}


@pytest.mark.parametrize("case", CASES)
def test_document_is_the_golden_one(case):
    instance, devices, kind = CASES[case]
    machine = domain_xml.Machine(kind, "node1.local", "/n/console/snf-7.log")
    document = domain_xml.domain(instance, devices, machine)
    path = GOLDEN / f"{case}.xml"
    if os.environ.get("REGENERATE_GOLDEN"):
        path.write_text(document)
    assert document == path.read_text()


def test_every_golden_document_has_a_case():
    assert {path.stem for path in GOLDEN.glob("*.xml")} == set(CASES)


def test_disk_without_a_path_is_a_mistake():
    machine = domain_xml.Machine("qemu", "n", "/c")
    with pytest.raises(ValueError, match="shorter"):
        domain_xml.domain(changed(disks=[DISK]), Devices([], []), machine)


def test_unknown_attachment_is_refused():
    with pytest.raises(HypervisorError, match="'vde'"):
        domain_xml.interface(NIC, {"type": "vde"})
