"""Copies the content of a disk to the same disk on another node, in pieces as node calls.

Each piece says where it belongs, so one that is sent twice does no harm; holes and zeros are not
sent, since the target's disk was made for this copy and is empty.
"""

import base64
import errno
import os
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ganeti_backend.errors import StorageError
from ganeti_backend.node_rpc import calls
from ganeti_backend.node_rpc.calls import Nodes
from ganeti_backend.settings import Settings
from ganeti_backend.storage.base import Progress, Storage

PIECE = 2 << 20
PLAIN, PACKED = "plain", "zlib"
NO_COMPRESSION = "none"
FASTEST = 1

Disk = Mapping[str, Any]


def send(settings: Settings, driver: Storage, order: Mapping[str, Any], progress: Progress) -> None:
    """The whole content to the peer of the order; `progress` stops it by raising."""
    peer, disk = order["peer"], order["disk"]
    packed = order.get("compress", NO_COMPRESSION) != NO_COMPRESSION
    nodes = line_to(settings, peer)
    try:
        for offset, piece, percent in pieces(Path(driver.path(disk))):
            data = zlib.compress(piece, FASTEST) if packed else piece
            nodes.call(
                peer["name"],
                calls.DISK_WRITE,
                disk=disk,
                offset=offset,
                data=base64.b64encode(data).decode(),
                encoding=PACKED if packed else PLAIN,
            )
            progress(percent)
        nodes.call(peer["name"], calls.DISK_WRITE, disk=disk, offset=0, data="", last=True)
    finally:
        nodes.close()


def line_to(settings: Settings, peer: Mapping[str, Any]) -> Nodes:
    """A node daemon's line to another one, which the settings file need not know."""
    # Loaded here because most node daemons never speak with another one.
    from ganeti_backend.node_rpc.node_pool import NodePool
    from ganeti_backend.node_rpc.places import Places

    places = Places(settings)
    places.introduce(str(peer["name"]), str(peer["address"]), int(peer["port"]))
    return NodePool(settings, places)


def pieces(path: Path) -> Iterator[tuple[int, bytes, int]]:
    """What the file holds besides zeros: offset, content, percent done with it."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        size = os.lseek(descriptor, 0, os.SEEK_END)
        offset = 0
        while (offset := _next_data(descriptor, offset)) < size:
            offset -= offset % PIECE
            piece = os.pread(descriptor, PIECE, offset)
            if not piece:
                return
            if piece.count(0) != len(piece):
                yield offset, piece, min(100 * (offset + len(piece)) // size, 99)
            offset += len(piece)
    finally:
        os.close(descriptor)


def _next_data(descriptor: int, offset: int) -> int:
    """Past the hole at this offset; a device has none."""
    try:
        return os.lseek(descriptor, offset, os.SEEK_DATA)
    except OSError as error:
        return os.lseek(descriptor, 0, os.SEEK_END) if error.errno == errno.ENXIO else offset


def receive(
    driver: Storage, disk: Disk, offset: int, data: str, encoding: str, *, last: bool
) -> None:
    """Write one piece; after the last one everything is on the disk."""
    raw = base64.b64decode(data)
    content = zlib.decompress(raw) if encoding == PACKED else raw
    try:
        descriptor = os.open(driver.path(disk), os.O_WRONLY | os.O_CLOEXEC)
    except OSError as error:
        raise StorageError(f"cannot write disk {disk.get('uuid')}: {error.strerror}") from error
    try:
        if offset + len(content) > os.lseek(descriptor, 0, os.SEEK_END):
            raise StorageError(f"disk {disk.get('uuid')} is smaller here than on the other node")
        while content:
            written = os.pwrite(descriptor, content, offset)
            content, offset = content[written:], offset + written
        if last:
            os.fsync(descriptor)
    except OSError as error:
        raise StorageError(f"cannot write disk {disk.get('uuid')}: {error.strerror}") from error
    finally:
        os.close(descriptor)
