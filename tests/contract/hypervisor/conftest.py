"""One driver of each kind. libvirt's lives in this process, and there may be only one of it."""

import shutil
import uuid

import pytest

from ganeti_backend import hypervisor
from ganeti_backend.hypervisor.base import Place


def place(folder, **more):
    for name in ("instances", "console"):
        (folder / "node1" / name).mkdir(parents=True)
    return Place(folder / "node1", "node1.local", **more)


@pytest.fixture(scope="session")
def embedded(tmp_path_factory):
    pytest.importorskip("libvirt", reason="python3-libvirt is not installed")
    if shutil.which("qemu-system-x86_64") is None:
        pytest.skip("QEMU is not installed")
    here = place(tmp_path_factory.mktemp("libvirt"), uri="qemu:///embed?root={node_dir}/libvirt")
    driver = hypervisor.build("libvirt", here)
    yield driver
    for name in driver.instances():
        driver.forget(name)
    driver.close()


@pytest.fixture(params=["fake", pytest.param("libvirt", marks=pytest.mark.system)])
def driver(request, tmp_path):
    if request.param == "libvirt":
        yield request.getfixturevalue("embedded")
    else:
        yield hypervisor.build("fake", place(tmp_path))


@pytest.fixture
def instance(driver):
    """A guest without a disk: its BIOS looks for one for ever, which is enough to be running."""
    name = f"guest-{uuid.uuid4().hex[:8]}"
    yield {
        "name": name,
        "uuid": str(uuid.uuid4()),
        "beparams": {"maxmem": 64, "vcpus": 1},
        "hvparams": {},
        "disks": [],
        "nics": [],
    }
    driver.forget(name)
