"""Looks at the machine before anything is started: ports, disk space, what can run guests."""

from __future__ import annotations

import json
import os
import platform
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from synnefo.cloud import commands
from synnefo.cloud.errors import CloudError
from synnefo.cloud.guest_image.builder import GuestImage
from synnefo.cloud.waiting import pause

MIB = 1 << 20
NEEDED_MIB = 700
QEMU = "qemu-system-x86_64"
HYPERVISOR_PACKAGES = (
    "qemu-system-x86", "qemu-utils", "libvirt-daemon", "python3-libvirt", "genisoimage",
)  # fmt: skip
KVM_SECONDS = 8.0


def ports_free(ports: list[int], public: int) -> None:
    """Raise when one of them is taken."""
    for port in ports:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            # As a server would bind it: the remains of an ended connection do not count.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise CloudError(_port_problem(port, public, error)) from None


def _port_problem(port: int, public: int, error: OSError) -> str:
    if isinstance(error, PermissionError):
        return f"port {port} needs root: choose one above 1023 with --port"
    suggestion = public + 100 if public + 100 < 65000 else 20000
    return f"port {port} is in use: choose another with --port, for example --port {suggestion}"


def space_free(folder: Path, needed_mib: int = NEEDED_MIB) -> None:
    """Raise when the file system below the folder is too full."""
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(existing).free // MIB
    if free < needed_mib:
        raise CloudError(
            f"{existing} has {free} MiB free and {needed_mib} MiB are needed:"
            " make room or choose another folder with --state"
        )


def hypervisor_missing(python: Path) -> str | None:
    """What keeps QEMU and libvirt from being used here, or None."""
    if platform.machine() != "x86_64":
        return f"the guest image is for x86_64, this machine is {platform.machine()}"
    for program in (QEMU, "qemu-img", "genisoimage"):
        if commands.find(program) is None:
            return f"{program} is not installed"
    try:
        commands.run([python, "-c", "import libvirt; libvirt.getVersion()"], timeout=30)
    except CloudError:
        return "libvirt's Python binding is not installed for this Python"
    drivers = Path("/usr/lib").glob("*/libvirt/connection-driver/libvirt_driver_qemu.so")
    if not any(drivers):
        return "libvirt's QEMU driver is not installed"
    return None


def accelerator(image: GuestImage, cache: Path) -> str:
    """`kvm` if a guest really boots with it, else `qemu`; remembered per machine."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "qemu"
    remembered = cache / "kvm.json"
    machine = _machine()
    try:
        known = json.loads(remembered.read_text())
    except (FileNotFoundError, ValueError):
        known = {}
    if machine not in known:
        known[machine] = boots_with_kvm(image)
        cache.mkdir(parents=True, exist_ok=True)
        remembered.write_text(json.dumps(known))
    return "kvm" if known[machine] else "qemu"


def _machine() -> str:
    """What the verdict depends on."""
    model = ""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return f"{platform.node()} {platform.release()} {model}"


def boots_with_kvm(image: GuestImage, seconds: float = KVM_SECONDS) -> bool:
    """An accessible /dev/kvm proves nothing: some only run paravirtual guests."""
    with tempfile.TemporaryDirectory() as name:
        serial, problems = Path(name) / "serial", Path(name) / "problems"
        serial.touch()
        with problems.open("wb") as errors:
            words = [commands.find(QEMU) or QEMU, "-accel", "kvm", "-cpu", "host", "-m", "128"]
            words += ["-display", "none", "-nic", "none", "-monitor", "none", "-no-reboot"]
            words += ["-serial", f"file:{serial}", "-kernel", str(image.kernel)]
            words += ["-initrd", str(image.initrd), "-append", "console=ttyS0 quiet"]
            guest = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors)
        try:
            return _becomes_ready(guest, serial, problems, seconds)
        finally:
            guest.kill()
            guest.wait()


def _becomes_ready(
    guest: subprocess.Popen[bytes], serial: Path, problems: Path, seconds: float
) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and guest.poll() is None:
        if b"GUEST-READY" in serial.read_bytes():
            return True
        if b"KVM internal error" in problems.read_bytes():
            return False
        pause(0.05)
    return False
