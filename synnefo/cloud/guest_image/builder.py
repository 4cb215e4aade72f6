"""Puts the guest image together, once per version of its recipe, in a cache folder."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from synnefo.cloud import commands
from synnefo.cloud.errors import CloudError
from synnefo.cloud.guest_image import boot_disk, initramfs
from synnefo.cloud.guest_image.debian_packages import PackageStore

HERE = Path(__file__).parent
META_PACKAGE = "linux-image-cloud-amd64"


@dataclass(frozen=True)
class GuestImage:
    """The finished files: a disk, and its kernel and initramfs for a direct boot."""

    disk: Path
    kernel: Path
    initrd: Path


def recipe() -> str:
    """A digest of everything here that decides what the image contains."""
    digest = hashlib.sha256()
    for path in sorted(HERE.iterdir()):
        if path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def ensure(cache: Path) -> GuestImage:
    """The image of the present recipe, built if it is not cached."""
    folder = cache / f"guest-{recipe()}"
    image = GuestImage(folder / "guest.raw", folder / "vmlinuz", folder / "initrd.gz")
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "guest.lock").open("w") as lock:
        # Two clouds that start side by side share the cache and build once.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not image.disk.exists():
            _build(cache, folder)
    return image


def _build(cache: Path, folder: Path) -> None:
    if commands.find("apt-get") is None or commands.find("dpkg-deb") is None:
        raise CloudError("the guest image is made from Debian packages, and apt-get is missing")
    packages = PackageStore(cache / "packages")
    kernel_root = packages.unpacked(packages.dependency(META_PACKAGE, "linux-image-"))
    busybox = Path(packages.unpacked("busybox-static") / "bin/busybox")
    kernels = sorted((kernel_root / "boot").glob("vmlinuz-*"))
    if not kernels:
        raise CloudError(f"{META_PACKAGE} holds no kernel")
    with tempfile.TemporaryDirectory(dir=cache) as name:
        work = Path(name)
        output = work / "output"
        output.mkdir()
        initrd = output / "initrd.gz"
        initramfs.build(initrd, work / "tree", kernel_root, busybox, commands.find("dropbear"))
        shutil.copyfile(kernels[-1], output / "vmlinuz")
        boot_disk.build(output / "guest.raw", work, output / "vmlinuz", initrd, packages)
        shutil.rmtree(folder, ignore_errors=True)
        output.rename(folder)


if __name__ == "__main__":
    sys.stdout.write(f"{ensure(Path(sys.argv[1])).disk}\n")
