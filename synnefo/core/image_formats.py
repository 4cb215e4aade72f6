"""What bytes of an image are, told by their beginning and their end.

Only looks: nothing is unpacked and nothing is trusted. A disk that draws in other files would show
those of the node that copies it, so it is refused whatever it is called.
"""

import struct

from synnefo.core.faults import UnsupportedMediaType

HEAD = 1 << 16  # where the last of the marks ends, that of ISO 9660
TAIL = 512  # where fixed disks of Virtual PC have theirs
SECTOR = 512
QCOW2 = b"QFI\xfb"
QCOW2_HEADER = 80
EXTERNAL_DATA = 1 << 2  # among the features that a reader has to know
# Formats with a mark; bytes without any are "raw".
MARKED = frozenset({"qcow2", "vmdk", "vhd", "vhdx", "vdi", "qed", "iso", "luks"})
_BEGINNINGS = {
    QCOW2: "qcow2",
    b"KDMV": "vmdk",
    b"COWD": "vmdk",
    b"# Disk DescriptorFile": "vmdk",
    b"conectix": "vhd",
    b"vhdxfile": "vhdx",
    b"QED\0": "qed",
    b"LUKS\xba\xbe": "luks",
}


def recognized(head: bytes, tail: bytes) -> str:
    """The format by its mark; what has none is raw."""
    for mark, name in _BEGINNINGS.items():
        if head.startswith(mark):
            return name
    if head[64:68] == b"\x7f\x10\xda\xbe":
        return "vdi"
    if head[0x8001:0x8006] == b"CD001":
        return "iso"
    if tail[-TAIL:].startswith(b"conectix"):
        return "vhd"
    return "raw"


def check_match(disk_format: str, found: str) -> None:
    """Refuse bytes that are not what the image says; raw may be anything."""
    if disk_format in {"raw", found} or (found == "raw" and disk_format not in MARKED):
        return
    raise UnsupportedMediaType(
        f"Image disk_format {disk_format} does not match stream data {found}",
        field="disk_format",
    )


def check_safe(found: str, head: bytes) -> None:
    """Refuse disks that are broken or that refer to other files."""
    if found == "qcow2":
        _check_qcow2(head)
    elif found == "vmdk" and not _is_alone(head):
        raise _unsafe("An image must not refer to other files.")


def _unsafe(why: str) -> UnsupportedMediaType:
    return UnsupportedMediaType(why, field="disk_format")


def _check_qcow2(head: bytes) -> None:
    if len(head) < QCOW2_HEADER:
        raise _unsafe("The data is not a qcow2 image: it ends within its header.")
    version, backing = struct.unpack(">IQ", head[4:16])
    if version not in {2, 3}:
        raise _unsafe(f"Version {version} of qcow2 is not known.")
    features = struct.unpack(">Q", head[72:80])[0] if version == 3 else 0
    if backing or features & EXTERNAL_DATA:
        raise _unsafe("An image must not refer to other files.")


def _is_alone(head: bytes) -> bool:
    """Whether a disk of VMware holds its own data: a lone descriptor names other files."""
    if not head.startswith(b"KDMV"):
        return False
    text = head.partition(b"# Disk DescriptorFile")[2]
    kind = text.partition(b'createType="')[2].partition(b'"')[0]
    return kind in {b"", b"monolithicSparse", b"streamOptimized"}


def virtual_size(found: str, head: bytes, tail: bytes, size: int) -> int:
    """How large the disk is for its guest; its own size where no header says more."""
    if found == "qcow2" and len(head) >= QCOW2_HEADER:
        return int(struct.unpack(">Q", head[24:32])[0])
    if found == "vdi" and len(head) >= 376:
        return int(struct.unpack("<Q", head[368:376])[0])
    if found == "vmdk" and head.startswith(b"KDMV") and len(head) >= 20:
        return int(struct.unpack("<Q", head[12:20])[0]) * SECTOR
    if found == "vhd" and len(tail) == TAIL and tail.startswith(b"conectix"):
        return int(struct.unpack(">Q", tail[48:56])[0])
    return size
