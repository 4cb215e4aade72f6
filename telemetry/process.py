"""What the kernel knows of this process, under the names that Prometheus' users expect."""

from __future__ import annotations

import os
from pathlib import Path

from telemetry.metrics import Counter, Gauge, Registry

MEMORY = Gauge("process_resident_memory_bytes", "Memory of this process, shared pages included.")
PROCESSOR = Counter("process_cpu_seconds_total", "Time of processors that this process has used.")
FILES = Gauge("process_open_fds", "Open files and sockets.")
THREADS = Gauge("process_threads", "Threads.")
STARTED = Gauge("process_start_time_seconds", "When this process began, in seconds since 1970.")
ALL = (MEMORY, PROCESSOR, FILES, THREADS, STARTED)


def register(registry: Registry) -> None:
    """Show them in this registry."""
    registry.ask(look, *ALL)


def look() -> None:
    """Set them all."""
    ticks, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    # The name in brackets may contain anything.
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    MEMORY.set(int(fields[21]) * page)
    PROCESSOR.replace({(): (int(fields[11]) + int(fields[12])) / ticks})
    THREADS.set(int(fields[17]))
    FILES.set(len(os.listdir("/proc/self/fd")))
    STARTED.set(_booted() + int(fields[19]) / ticks)


def _booted() -> float:
    with open("/proc/stat") as stream:
        return next(float(line.split()[1]) for line in stream if line.startswith("btime "))
