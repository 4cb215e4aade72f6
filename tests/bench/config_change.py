"""Measures what one change of the configuration costs, with few and with many instances.

`python -m tests.bench.config_change [--few N] [--many N] [--changes N]` prints JSON: processor time
of the thread that commits, the bytes that reach the journal, and the clock time, which includes
the disk's fsync. The jobs of a whole cluster are measured by `backend.py`.
"""

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

from ganeti_backend import objects
from ganeti_backend.configuration.config import Config, new_uuid

Result = dict[str, float]
BLOCK = 20


def instance(number: int) -> objects.Instance:
    """As an instance with a disk and an interface is."""
    disk = objects.Disk(uuid=new_uuid(), size=1024, template="file", path="/disks/x")
    octets = f"{number >> 16 & 255:02x}:{number >> 8 & 255:02x}:{number & 255:02x}"
    nic = objects.Nic(uuid=new_uuid(), mac=f"aa:00:00:{octets}", link="br0")
    return objects.Instance(
        name=f"i{number}.test",
        uuid=new_uuid(),
        primary_node=f"node{number % 3}",
        disks=(disk,),
        nics=(nic,),
    )


class Bench:
    """One configuration with so many instances, and what its changes took."""

    def __init__(self, folder: Path, instances: int) -> None:
        self._journal = folder / "config.journal"
        self._config = Config(folder)
        self._config.load()
        self._config.commit([objects.Cluster(name="c", uuid=new_uuid())])
        for start in range(0, instances, 500):
            some = [instance(number) for number in range(start, min(start + 500, instances))]
            self._config.commit(some)
        self._config.compact()
        self._clock: list[float] = []
        self._processor: list[float] = []
        self._size = self._journal.stat().st_size

    def change(self, times: int) -> None:
        found = self._config.instances()
        for number in range(times):
            changed = found[number % len(found)].touched(float(number))
            begun, used = time.perf_counter(), time.thread_time()
            self._config.commit([changed])
            self._processor.append(time.thread_time() - used)
            self._clock.append(time.perf_counter() - begun)

    def result(self) -> Result:
        """Medians."""
        grown = self._journal.stat().st_size - self._size
        self._config.close()
        return {
            "processor_ms": round(1000 * statistics.median(self._processor), 4),
            "clock_ms": round(1000 * statistics.median(self._clock), 3),
            "bytes": round(grown / len(self._clock)),
        }


def compare(few: int, many: int, changes: int) -> tuple[Result, Result]:
    """Both in turns, so that a neighbour's load falls on both alike."""
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        benches = Bench(Path(first), few), Bench(Path(second), many)
        for _ in range(changes // BLOCK):
            for bench in benches:
                bench.change(BLOCK)
        return benches[0].result(), benches[1].result()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--few", type=int, default=10)
    options.add_argument("--many", type=int, default=5000)
    options.add_argument("--changes", type=int, default=600)
    chosen = options.parse_args()
    few, many = compare(chosen.few, chosen.many, chosen.changes)
    ratio = {name: round(many[name] / few[name], 2) for name in few}
    print(json.dumps({f"at_{chosen.few}": few, f"at_{chosen.many}": many, "ratio": ratio}))


if __name__ == "__main__":
    main()
