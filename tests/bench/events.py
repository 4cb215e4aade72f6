"""Measures the update path on a cloud of its own and prints one JSON object.

`./cloud bench events [--profile full]`: from a job file to the database at rest, a steady stream of
ended jobs, and a backlog drained while somebody reads the API. Every event that is counted ends a
job and an intent: those under way change nothing and cost less. Nothing is asserted: machines are
shared, so read ratios of one run.
"""

import argparse
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from synnefo.bus import open_bus
from synnefo.cloud import layout, processes
from synnefo.cloud.python_environment import PythonEnvironment
from tests.bench.job_file_lag import measure as measure_job_file_lag
from tests.bench.spine import DETAIL, family, own_cloud, percentiles, references
from tests.system.cloud import Cloud, wait_until

READ_EVERY = 0.05
LOOK_EVERY = 0.5
TOGETHER = 50  # As many as eventd publishes at once.


class Reader:
    """Reads a page of ten servers twenty times a second, as an open browser may."""

    def __init__(self, api: httpx.Client) -> None:
        self._api = api
        self._end = threading.Event()
        self._samples: list[float] = []
        self._thread = threading.Thread(target=self._read, name="reader")

    def __enter__(self) -> "Reader":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _read(self) -> None:
        while not self._end.wait(READ_EVERY):
            began = time.perf_counter()
            self._api.get(DETAIL, params={"limit": 10}).raise_for_status()
            self._samples.append(time.perf_counter() - began)

    def seen(self) -> list[float]:
        """The samples since the last call."""
        samples, self._samples = self._samples, []
        return samples


@contextmanager
def frozen(cloud: Cloud, name: str) -> Iterator[None]:
    """One process of the cloud stands still."""
    pid = cloud.processes()[name]["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def reading(api: httpx.Client, seconds: float) -> list[float]:
    """What the reader sees while nothing else happens."""
    with Reader(api) as reader:
        threading.Event().wait(seconds)
        return reader.seen()


def drain(cloud: Cloud, api: httpx.Client, world: Any, count: int) -> dict[str, Any]:
    """A backlog that waited for the dispatcher, and a reader of the API before and meanwhile."""
    topology_bus = open_bus(processes.bus_url(layout.existing(cloud.state)), "snf")
    before = reading(api, 5)
    with frozen(cloud, "dispatcher"):
        bodies = world.endings(count)
        for start in range(0, count, TOGETHER):
            topology_bus.publish("ganeti.snf.event.op", bodies[start : start + TOGETHER])
    topology_bus.close()
    began, used = time.perf_counter(), processor_seconds(cloud)
    with Reader(api) as reader:
        # Rarely, since this question costs the reader's process and the database something, too.
        while world.unfinished():
            threading.Event().wait(LOOK_EVERY)
        took = time.perf_counter() - began
        during = reader.seen()
    used = {name: now - used[name] for name, now in processor_seconds(cloud).items()}
    return {
        "events": count,
        "drained_after_s": round(took, 2),
        "events_per_s": round(count / took),
        "processor_ms_per_event": {
            name: round(1000 * seconds / count, 3)
            for name, seconds in used.items()
            if name in ("dispatcher", "rabbitmq", "postgres", "api")
        },
        "reader_before": percentiles(before),
        "reader_during": percentiles(during),
    }


def processor_seconds(cloud: Cloud) -> dict[str, float]:
    """What each part has used of the processors so far: other work on the machine is not in it."""
    tick = os.sysconf("SC_CLK_TCK")
    return {
        name: sum(map(_ticks, family(entry["pid"]))) / tick
        for name, entry in cloud.processes().items()
        if entry.get("pid")
    }


def _ticks(pid: int) -> int:
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(words[11]) + int(words[12])


def stream(cloud: Cloud, world: Any, rate: int, seconds: int) -> dict[str, Any]:
    """Ended jobs at a steady rate through an eventd of this measurement's own."""
    with world.eventd(cloud):
        jobs = world.jobs(rate * seconds)
        began = time.perf_counter()
        pause = threading.Event()
        for number, job in enumerate(jobs):
            ahead = began + number / rate - time.perf_counter()
            if ahead > 0.002:
                pause.wait(ahead)
            world.write(job)
        written = time.perf_counter()
        wait_until(lambda: not world.unfinished(), "the stream is applied", 900)
        ended = time.perf_counter()
    return {
        "events": len(jobs),
        "written_per_s": round(len(jobs) / (written - began)),
        "applied_per_s": round(len(jobs) / (ended - began)),
        "behind_at_the_end_ms": round(1000 * (ended - written)),
    }


def main() -> None:
    """Run every measurement in one cloud and print the object."""
    options = argparse.ArgumentParser(prog="cloud bench events", description=__doc__)
    options.add_argument("--profile", choices=["embedded", "full"], default="full")
    options.add_argument("--servers", type=int, default=1000, metavar="N")
    options.add_argument("--backlog", type=int, default=10_000, metavar="N")
    options.add_argument("--rate", type=int, default=1000, metavar="N", help="events per second")
    options.add_argument("--seconds", type=int, default=10, metavar="N")
    chosen = options.parse_args()
    result: dict[str, Any] = {"profile": chosen.profile}
    with own_cloud(chosen.profile) as cloud, cloud.api() as api:
        body = references(api)
        found = layout.existing(cloud.state)
        os.environ.update(processes.frontend_environment(found, PythonEnvironment(layout.CHECKOUT)))
        os.environ["SYNNEFO_LOG"] = "WARNING"
        lags = measure_job_file_lag(cloud, api, body)
        result["job_file_to_database"] = percentiles(lags)
        from tests.bench.events_world import World

        # The reconciler would find that no backend knows the servers of this measurement.
        with frozen(cloud, "reconciler"):
            world = World(chosen.servers)
            result["stream"] = stream(cloud, world, chosen.rate, chosen.seconds)
            result["backlog"] = drain(cloud, api, world, chosen.backlog)
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
