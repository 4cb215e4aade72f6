"""Makes a disk that a BIOS boots: syslinux on a FAT partition, ext4 on a second one."""

from __future__ import annotations

import os
import struct
from pathlib import Path

from synnefo.cloud import commands
from synnefo.cloud.errors import CloudError
from synnefo.cloud.guest_image.debian_packages import PackageStore

MIB = 1 << 20
SECTOR = 512
BOOT_MIB = 20
PERSIST_MIB = 12
FAT, LINUX = 0x0E, 0x83
CONFIGURATION = """\
DEFAULT guest
PROMPT 0
TIMEOUT 1
LABEL guest
  KERNEL vmlinuz
  INITRD initrd.gz
  APPEND console=tty0 console=ttyS0 quiet
"""


def build(target: Path, work: Path, kernel: Path, initrd: Path, packages: PackageStore) -> None:
    """Write the raw disk; it is sparse, and only complete under its final name."""
    boot = _boot_partition(work, kernel, initrd, packages)
    persist = _persistent_partition(work, packages)
    partial = target.with_suffix(".partial")
    with partial.open("wb") as disk:
        disk.truncate((1 + BOOT_MIB + PERSIST_MIB) * MIB)
        disk.write(_boot_code(packages))
        disk.seek(0x1BE)
        disk.write(_entry(FAT, 1, BOOT_MIB, active=True))
        disk.write(_entry(LINUX, 1 + BOOT_MIB, PERSIST_MIB))
        disk.seek(0x1FE)
        disk.write(b"\x55\xaa")
        _copy_sparse(boot, disk.fileno(), MIB)
        _copy_sparse(persist, disk.fileno(), (1 + BOOT_MIB) * MIB)
    partial.rename(target)


def _boot_partition(work: Path, kernel: Path, initrd: Path, packages: PackageStore) -> Path:
    image = work / "boot.fat"
    with image.open("wb") as stream:
        stream.truncate(BOOT_MIB * MIB)
    (work / "vmlinuz").write_bytes(kernel.read_bytes())
    (work / "syslinux.cfg").write_text(CONFIGURATION)
    mformat, mcopy = (packages.tool(name, "mtools") for name in ("mformat", "mcopy"))
    syslinux = packages.tool("syslinux", "syslinux")
    # syslinux calls mtools by name, so an unpacked one has to be on its PATH.
    path = os.pathsep.join([str(Path(mcopy).parent), commands.SEARCH_PATH])
    environment = {**os.environ, "PATH": path, "MTOOLS_SKIP_CHECK": "1"}
    geometry = ["-h", "64", "-s", "32", "-H", str(MIB // SECTOR)]
    size = ["-T", str(BOOT_MIB * MIB // SECTOR)]
    commands.run([mformat, "-i", image, *geometry, *size, "::"], env=environment)
    files = [work / "vmlinuz", initrd, work / "syslinux.cfg"]
    commands.run([mcopy, "-i", image, *files, "::"], env=environment)
    commands.run([syslinux, "--install", image], env=environment)
    return image


def _persistent_partition(work: Path, packages: PackageStore) -> Path:
    image = work / "persist.ext4"
    mke2fs = packages.tool("mke2fs", "e2fsprogs")
    options = ["-q", "-F", "-t", "ext4", "-L", "persist", "-m", "0", "-O", "^has_journal"]
    options += ["-E", "root_owner=0:0"]
    commands.run([mke2fs, *options, image, f"{PERSIST_MIB}M"])
    return image


def _boot_code(packages: PackageStore) -> bytes:
    places = [Path("/usr/lib/syslinux/mbr/mbr.bin"), Path("/usr/lib/SYSLINUX/mbr.bin")]
    found = [place for place in places if place.exists()]
    found = found or list(packages.unpacked("syslinux-common").rglob("mbr/mbr.bin"))
    if not found:
        raise CloudError("the package syslinux-common holds no mbr.bin")
    return found[0].read_bytes()[:440]


def _entry(kind: int, start_mib: int, size_mib: int, *, active: bool = False) -> bytes:
    """One row of the partition table; the ancient cylinder numbers say "see the sector numbers"."""
    beyond = b"\xfe\xff\xff"
    flag = b"\x80" if active else b"\x00"
    sectors = struct.pack("<II", start_mib * MIB // SECTOR, size_mib * MIB // SECTOR)
    return flag + beyond + bytes([kind]) + beyond + sectors


def _copy_sparse(source: Path, disk: int, offset: int) -> None:
    block = 64 * 1024
    zeros = bytes(block)
    with source.open("rb") as stream:
        while data := stream.read(block):
            if data != zeros[: len(data)]:
                os.pwrite(disk, data, offset)
            offset += len(data)
