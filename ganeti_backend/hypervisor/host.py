"""Memory and processors of the machine, as the kernel counts them."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Memory:
    """In MiB. `available` is what could be had without swapping."""

    total: int
    available: int


def read_memory(source: Path = Path("/proc/meminfo")) -> Memory:
    """The machine's memory."""
    found = {}
    for line in source.read_text().splitlines():
        key, _, rest = line.partition(":")
        found[key] = rest
    return Memory(*(int(found[key].split()[0]) // 1024 for key in ("MemTotal", "MemAvailable")))


def processors(nodes: Path = Path("/sys/devices/system/node")) -> dict[str, int]:
    """Processors, with the keys of the call node_info."""
    return {
        "cpu_total": os.cpu_count() or 1,
        "cpu_nodes": max(len(list(nodes.glob("node[0-9]*"))), 1),
        "cpu_sockets": 1,
        "cpu_dom0": 1,
    }
