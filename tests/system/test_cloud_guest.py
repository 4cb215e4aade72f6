"""The guest image in a real QEMU, without libvirt: identity from a seed, power button, memory."""

import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from synnefo.cloud import probe
from synnefo.cloud.guest_image import builder
from synnefo.cloud.layout import cache_folder
from tests.system.cloud import wait_until

NEEDED = ("qemu-system-x86_64", "genisoimage", "apt-get")
pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(
        not all(shutil.which(name) for name in NEEDED), reason=f"needs {', '.join(NEEDED)}"
    ),
]
MAC = "52:54:00:12:34:56"
SEED = {
    "meta-data": "instance-id: 1\nlocal-hostname: web1\n",
    "user-data": "#cloud-config\nssh_authorized_keys:\n  - ssh-ed25519 AAAAC3Nz me@there\n",
    "network-config": f"""\
version: 2
ethernets:
  eth0:
    match: {{macaddress: "{MAC}"}}
    addresses: [198.18.0.5/20]
    gateway4: 198.18.0.1
""",
}


@pytest.fixture(scope="module")
def image():
    return builder.ensure(cache_folder())


@pytest.fixture
def disk(image, tmp_path):
    return Path(shutil.copy(image.disk, tmp_path / "disk.raw"))


def seed(folder):
    content = folder / "seed"
    content.mkdir()
    for name, text in SEED.items():
        (content / name).write_text(text)
    iso = folder / "seed.iso"
    words = ["genisoimage", "-quiet", "-V", "cidata", "-r", "-J", "-o", iso, content]
    subprocess.run(words, check=True)
    return iso


@contextmanager
def guest(disk, *options):
    """A running machine: its process, a reader of its console, and its monitor."""
    # The monitor's address must be short, whatever pytest calls its folders.
    with tempfile.TemporaryDirectory() as short:
        serial, monitor = Path(short) / "serial", Path(short) / "monitor"
        words = ["qemu-system-x86_64", "-accel", "tcg", "-m", "128", "-display", "none"]
        words += ["-serial", f"file:{serial}", "-qmp", f"unix:{monitor},server,nowait"]
        words += ["-drive", f"file={disk},format=raw,if=virtio", "-no-reboot", *options]
        serial.touch()
        process = subprocess.Popen(words)
        try:
            yield process, lambda: serial.read_text(errors="replace"), monitor
        finally:
            process.kill()
            process.wait()


def press_power_button(monitor):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(monitor))
        connection.sendall(b'{"execute": "qmp_capabilities"}{"execute": "system_powerdown"}')
        with connection.makefile() as answers:
            while '"POWERDOWN"' not in answers.readline():
                pass


def test_boots_takes_its_identity_and_powers_off(disk, tmp_path):
    card = ("-nic", f"user,model=virtio-net-pci,mac={MAC}")
    drive = ("-drive", f"file={seed(tmp_path)},format=raw,if=virtio,readonly=on")
    with guest(disk, *drive, *card) as (process, console, monitor):
        wait_until(lambda: "GUEST-READY" in console(), "the guest is ready", 60)
        assert "GUEST-READY host=web1 eth0=198.18.0.5/20 boots=1 up=" in console()
        press_power_button(monitor)
        wait_until(lambda: process.poll() is not None, "the guest powers off", 20)
        assert "GUEST-POWEROFF" in console()


def test_asks_for_an_address_without_a_seed_and_remembers_boots(disk):
    for boots in (1, 2):
        with guest(disk, "-nic", "user,model=virtio-net-pci") as (_, console, _monitor):
            wait_until(lambda: "GUEST-READY" in console(), "the guest is ready", 60)
            assert f"GUEST-READY host=guest eth0=10.0.2.15/24 boots={boots} " in console()


def test_seed_on_a_cd_and_no_card(disk, tmp_path):
    with guest(disk, "-cdrom", str(seed(tmp_path)), "-nic", "none") as (_, console, _monitor):
        wait_until(lambda: "GUEST-READY" in console(), "the guest is ready", 60)
        assert "GUEST-READY host=web1 boots=1" in console()


def test_image_is_small_and_cached(image):
    assert image.disk.stat().st_size <= 40 << 20
    before = image.disk.stat().st_mtime_ns
    assert builder.ensure(cache_folder()).disk.stat().st_mtime_ns == before


def test_kvm_is_decided_by_booting_and_remembered(image, tmp_path, monkeypatch):
    decided = probe.accelerator(image, tmp_path)
    assert decided in {"kvm", "qemu"}
    monkeypatch.setattr(probe, "boots_with_kvm", lambda _: pytest.fail("it was remembered"))
    assert probe.accelerator(image, tmp_path) == decided
