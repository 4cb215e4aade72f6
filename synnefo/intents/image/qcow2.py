"""Writes a raw disk as a qcow2 image: only what it holds, in clusters one after the other.

Version 3, without compression, snapshots or anything else that a reader could stumble over.
"""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

CLUSTER_BITS = 16
CLUSTER = 1 << CLUSTER_BITS
PER_TABLE = CLUSTER // 8  # entries of a table of offsets
PER_BLOCK = CLUSTER // 2  # counts of references in a cluster of them
COPIED = 1 << 63  # exactly one reference
MAGIC, VERSION, COUNT_ORDER, HEADER_LENGTH = b"QFI\xfb", 3, 4, 104
HEADER = struct.Struct(">4sIQIIQIIQQIIQQQQII")


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything is, counted in clusters."""

    count_table: int  # how many clusters the table of reference counts takes
    count_blocks: int
    l1_entries: int
    l1: int
    used_l2: tuple[int, ...]  # the entries of L1 that lead to a table
    data: tuple[int, ...]  # the guest's clusters that hold something

    @property
    def total(self) -> int:
        """All clusters of the file."""
        return (
            1 + self.count_table + self.count_blocks + self.l1 + len(self.used_l2) + len(self.data)
        )

    @property
    def l1_at(self) -> int:
        """The cluster where L1 begins."""
        return 1 + self.count_table + self.count_blocks


def write(source: Path, target: IO[bytes]) -> None:
    """The whole image."""
    size = source.stat().st_size
    with source.open("rb") as disk:
        layout = _layout(size, tuple(_held(disk, size)))
        target.seek(0)
        target.truncate(0)
        _write_tables(target, layout, size)
        for number in layout.data:
            disk.seek(number * CLUSTER)
            target.write(disk.read(CLUSTER).ljust(CLUSTER, b"\0"))
    target.flush()
    os.fsync(target.fileno())


def _held(disk: IO[bytes], size: int) -> Iterator[int]:
    """The numbers of the clusters that are neither holes nor zeros."""
    position, zeros = 0, bytes(CLUSTER)
    while position < size:
        try:
            start = os.lseek(disk.fileno(), position, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:
                return
            raise
        end = os.lseek(disk.fileno(), start, os.SEEK_HOLE)
        for number in range(start // CLUSTER, -(-end // CLUSTER)):
            if number * CLUSTER < position - position % CLUSTER:
                continue
            disk.seek(number * CLUSTER)
            piece = disk.read(CLUSTER)
            if piece != zeros[: len(piece)]:
                yield number
        position = -(-end // CLUSTER) * CLUSTER


def _layout(size: int, data: tuple[int, ...]) -> Layout:
    l1_entries = max(1, -(-size // (CLUSTER * PER_TABLE)))
    used = tuple(dict.fromkeys(number // PER_TABLE for number in data))
    l1 = -(-l1_entries // PER_TABLE)
    blocks = 1
    while True:
        found = Layout(-(-blocks // PER_TABLE), blocks, l1_entries, l1, used, data)
        if found.total <= blocks * PER_BLOCK:
            return found
        blocks = -(-found.total // PER_BLOCK)


def _write_tables(target: IO[bytes], layout: Layout, size: int) -> None:
    first_block = 1 + layout.count_table
    target.write(_padded(_header(layout, size)))
    blocks = range(first_block, first_block + layout.count_blocks)
    target.write(_padded(_offsets(one * CLUSTER for one in blocks), layout.count_table))
    counts = struct.pack(">H", 1) * layout.total
    target.write(_padded(counts, layout.count_blocks))
    first_l2 = layout.l1_at + layout.l1
    places = {entry: first_l2 + n for n, entry in enumerate(layout.used_l2)}
    l1 = (_reference(places.get(entry)) for entry in range(layout.l1_entries))
    target.write(_padded(_offsets(l1), layout.l1))
    first_data = first_l2 + len(layout.used_l2)
    held = {number: first_data + n for n, number in enumerate(layout.data)}
    for entry in layout.used_l2:
        numbers = range(entry * PER_TABLE, (entry + 1) * PER_TABLE)
        target.write(_offsets(_reference(held.get(number)) for number in numbers))


def _header(layout: Layout, size: int) -> bytes:
    return HEADER.pack(
        MAGIC, VERSION, 0, 0, CLUSTER_BITS, size, 0,
        layout.l1_entries, layout.l1_at * CLUSTER, CLUSTER, layout.count_table,
        0, 0, 0, 0, 0, COUNT_ORDER, HEADER_LENGTH,
    )  # fmt: skip


def _reference(cluster: int | None) -> int:
    return 0 if cluster is None else cluster * CLUSTER | COPIED


def _offsets(values: Iterator[int]) -> bytes:
    found = list(values)
    return struct.pack(f">{len(found)}Q", *found)


def _padded(data: bytes, clusters: int = 1) -> bytes:
    return data.ljust(clusters * CLUSTER, b"\0")
