"""Writes the guest's initramfs: busybox, kernel modules in loading order, our init."""

from __future__ import annotations

import gzip
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from synnefo.cloud import commands
from synnefo.cloud.errors import CloudError

HERE = Path(__file__).parent
MODULES = (
    "virtio_pci", "virtio_blk", "virtio_scsi", "sd_mod", "ata_piix", "sr_mod", "isofs", "vfat",
    "nls_cp437", "nls_ascii", "nls_iso8859_1", "ext4", "virtio_net", "e1000", "button", "evdev",
    "virtio_balloon", "virtio_rng", "atkbd", "i8042",
)  # fmt: skip
FOLDERS = (
    "bin", "dev", "proc", "sys", "run", "tmp", "seed", "persist", "etc", "lib/modules",
    "lib/acpi/PWRF", "root/.ssh", "usr", "var/run", "var/log",
)  # fmt: skip
DEPENDS = re.compile(rb"\0depends=([^\0]*)\0")


def build(target: Path, tree: Path, kernel_root: Path, busybox: Path, dropbear: str | None) -> None:
    """Lay out the tree and pack it into target."""
    for folder in FOLDERS:
        (tree / folder).mkdir(parents=True, exist_ok=True)
    _copy(busybox, tree / "bin/busybox", 0o755)
    for applet in commands.run([busybox, "--list"]).split():
        if applet != "busybox":
            (tree / "bin" / applet).symlink_to("busybox")
    _copy(HERE / "init", tree / "init", 0o755)
    _copy(HERE / "udhcpc.script", tree / "lib/udhcpc.script", 0o755)
    _copy(HERE / "power_button", tree / "lib/acpi/PWRF/00000080", 0o755)
    _copy(HERE / "network-config.awk", tree / "lib/network-config.awk", 0o644)
    _accounts(tree / "etc")
    _modules(tree / "lib/modules", kernel_root)
    if dropbear:
        _with_libraries(tree, Path(dropbear))
    # No name and no time in the header: the same content makes the same file.
    with (
        target.open("wb") as raw,
        gzip.GzipFile("", "wb", compresslevel=1, fileobj=raw, mtime=0) as stream,
    ):
        for piece in archive(tree):
            stream.write(piece)


def _accounts(etc: Path) -> None:
    (etc / "passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (etc / "group").write_text("root:x:0:\n")
    (etc / "shells").write_text("/bin/sh\n")
    (etc / "shadow").write_text("root:*:19000:0:99999:7:::\n")
    (etc / "shadow").chmod(0o600)


def _modules(target: Path, kernel_root: Path) -> None:
    """Copy the modules with what they depend on, and write the order to load them in."""
    available = {
        path.name.split(".ko")[0].replace("-", "_"): path
        for path in (kernel_root / "lib/modules").rglob("*.ko*")
    }
    order = loading_order(available, MODULES)
    for name in order:
        _copy(available[name], target / available[name].name, 0o644)
    (target / "order").write_text("".join(f"{available[name].name}\n" for name in order))


def loading_order(available: dict[str, Path], wanted: tuple[str, ...]) -> list[str]:
    """Dependencies first. What is not available is built into the kernel."""
    order: list[str] = []

    def visit(name: str) -> None:
        if name in order or name not in available:
            return
        found = DEPENDS.search(available[name].read_bytes())
        for needed in found.group(1).decode().split(",") if found else ():
            visit(needed.replace("-", "_"))
        order.append(name)

    for name in wanted:
        visit(name)
    return order


def _with_libraries(tree: Path, program: Path) -> None:
    _copy(program, tree / "bin" / program.name, 0o755)
    try:
        listing = commands.run(["ldd", program])
    except CloudError:
        return  # A static program has no libraries.
    for library in re.findall(r"(/\S+)", listing):
        _copy(Path(library), tree / library.lstrip("/"), 0o755)


def _copy(source: Path, target: Path, mode: int) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(source.read_bytes())
    target.chmod(mode)


def archive(tree: Path) -> Iterator[bytes]:
    """The tree in cpio's "newc" format, owned by root whoever builds it."""
    inode = 0
    for path in sorted(tree.rglob("*")):
        inode += 1
        yield _member(str(path.relative_to(tree)), path.lstat().st_mode, inode, _content(path))
    # The kernel opens /dev/console before init mounts anything.
    yield _member("dev/console", stat.S_IFCHR | 0o600, inode + 1, b"", device=(5, 1))
    yield _member("TRAILER!!!", 0, 0, b"")


def _content(path: Path) -> bytes:
    if path.is_symlink():
        return os.fsencode(path.readlink())
    return path.read_bytes() if path.is_file() else b""


def _member(
    name: str, mode: int, inode: int, content: bytes, *, device: tuple[int, int] = (0, 0)
) -> bytes:
    encoded = name.encode() + b"\0"
    links = 2 if stat.S_ISDIR(mode) else 1
    fields = (inode, mode, 0, 0, links, 0, len(content), 0, 0, *device, len(encoded), 0)
    header = b"070701" + b"".join(b"%08X" % field for field in fields) + encoded
    return _padded(header) + _padded(content)


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)
