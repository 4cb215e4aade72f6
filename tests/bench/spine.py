"""Measures the spine on a cloud of its own with pretended guests and prints one JSON object.

`./cloud bench spine [--profile full] [--creates N] [--latency N]`. Times are milliseconds. Nothing
is asserted: machines are shared, so read medians and ratios of one run.
"""

import argparse
import json
import os
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.bench.job_file_lag import measure as measure_job_file_lag
from tests.system.cloud import Cloud, free_port_range, wait_until

DETAIL = "/compute/v2.1/servers/detail"
Sample = dict[str, float]


def percentiles(samples: list[float]) -> Sample:
    """p50, p95 and the number of samples; seconds in, milliseconds out."""
    ordered = sorted(samples)
    last = len(ordered) - 1
    return {
        "p50": round(1000 * statistics.median(ordered), 1),
        "p95": round(1000 * ordered[min(last, int(0.95 * len(ordered)))], 1),
        "n": len(ordered),
    }


class Watcher:
    """Notes when each server became ACTIVE, from the pushed events, re-reading what they name."""

    def __init__(self, api: httpx.Client) -> None:
        self._api = api
        self.active_at: dict[str, float] = {}
        self._listening = threading.Event()
        self._closing = threading.Event()
        self._socket: socket.socket | None = None
        self._thread = threading.Thread(target=self._follow, name="watcher")

    def __enter__(self) -> "Watcher":
        self._thread.start()
        if not self._listening.wait(10):
            raise RuntimeError("the cloud pushes no events")
        return self

    def __exit__(self, *_: object) -> None:
        """End the stream under the thread that reads it: that sees the end and stops."""
        self._closing.set()
        if self._socket is not None:
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)

    def _follow(self) -> None:
        own = {"base_url": self._api.base_url, "headers": self._api.headers, "timeout": None}
        with httpx.Client(**own) as reader, httpx.Client(**own) as pushed:
            try:
                with pushed.stream("GET", "/events") as stream:
                    self._socket = stream.extensions["network_stream"].get_extra_info("socket")
                    self._note(stream.iter_lines(), reader)
            except httpx.TransportError:
                if not self._closing.is_set():
                    raise

    def _note(self, lines: Iterator[str], reader: httpx.Client) -> None:
        for line in lines:
            self._listening.set()
            if not line.startswith("data:"):
                continue
            server_id = json.loads(line[5:]).get("id")
            if not server_id or server_id in self.active_at:
                continue
            answer = reader.get(f"/compute/v2.1/servers/{server_id}")
            if answer.status_code == 200 and answer.json()["server"]["status"] == "ACTIVE":
                self.active_at[server_id] = time.perf_counter()


def references(api: httpx.Client) -> dict[str, Any]:
    """The first flavor, image and network, as a creation names them."""
    flavor = api.get("/compute/v2.1/flavors").json()["flavors"][0]["id"]
    image = api.get("/image/v2/images").json()["images"][0]["id"]
    network = api.get("/network/v2.0/networks").json()["networks"][0]["id"]
    return {"flavorRef": flavor, "imageRef": image, "networks": [{"uuid": network}]}


def create(api: httpx.Client, name: str, body: dict[str, Any]) -> tuple[str, float, float]:
    """(id, moment of the request, seconds until it was accepted)."""
    began = time.perf_counter()
    answer = api.post("/compute/v2.1/servers", json={"server": {"name": name, **body}})
    answer.raise_for_status()
    return answer.json()["server"]["id"], began, time.perf_counter() - began


def measure_latency(api: httpx.Client, count: int, body: dict[str, Any]) -> dict[str, Sample]:
    """One creation after another: accepted, and ACTIVE in the eyes of an open page."""
    accepted, active = [], []
    with Watcher(api) as watcher:
        for number in range(count):
            server_id, began, took = create(api, f"latency-{number}", body)
            wait_until(
                lambda wanted=server_id: wanted in watcher.active_at, f"{server_id} is ACTIVE"
            )
            accepted.append(took)
            active.append(watcher.active_at[server_id] - began)
    return {"post_accept": percentiles(accepted), "post_to_active": percentiles(active)}


def measure_rate(api: httpx.Client, count: int, body: dict[str, Any]) -> dict[str, Any]:
    """`count` creations from 50 threads at once, until the last one is ACTIVE."""
    before = len(active_servers(api))
    began = time.perf_counter()
    with ThreadPoolExecutor(50) as threads:
        made = list(threads.map(lambda n: create(api, f"rate-{n}", body), range(count)))
    accepted_after = time.perf_counter() - began
    wait_until(lambda: settled(api), f"{count} servers are built", 600)
    took = time.perf_counter() - began
    check_active(api, before + count)
    return {
        "servers": count,
        "accepted_after_s": round(accepted_after, 2),
        "active_after_s": round(took, 2),
        "servers_per_s": round(count / took, 1),
        "post_accept": percentiles([seconds for _, _, seconds in made]),
    }


def settled(api: httpx.Client) -> bool:
    """Whether no server is being built; one row at most is read, however many there are."""
    query = {"status": "BUILD", "limit": 1}
    return not api.get("/compute/v2.1/servers", params=query).json()["servers"]


def active_servers(api: httpx.Client) -> list[dict[str, Any]]:
    """All servers that are ACTIVE now, page by page."""
    found: list[dict[str, Any]] = []
    query: dict[str, Any] = {"status": "ACTIVE"}
    while True:
        page = api.get("/compute/v2.1/servers", params=query).json()
        found += page["servers"]
        if "servers_links" not in page:
            return found
        query["marker"] = found[-1]["id"]


def check_active(api: httpx.Client, total: int) -> None:
    """What was built has to be there."""
    found = len(active_servers(api))
    if found < total:
        failed = api.get(DETAIL, params={"status": "ERROR", "limit": 1}).json()["servers"]
        raise RuntimeError(f"{found} servers are ACTIVE, not {total}; one that is not: {failed}")


def measure_list(api: httpx.Client, sizes: list[int]) -> dict[str, Sample]:
    """GET /servers/detail of the newest 10, 100, 1000 servers."""
    return {str(size): percentiles(timed(api, size)) for size in sizes}


def timed(api: httpx.Client, size: int) -> list[float]:
    """Seconds of thirty reads of one page of `size` servers."""
    samples = []
    for _ in range(30):
        began = time.perf_counter()
        answer = api.get(DETAIL, params={"limit": size})
        samples.append(time.perf_counter() - began)
        found = len(answer.json()["servers"])
        if found != size:
            raise RuntimeError(f"asked for {size} servers, got {found}")
    return samples


def fill(api: httpx.Client, total: int, body: dict[str, Any]) -> None:
    """Make servers until there are `total`, so that the list is one of real rows."""
    missing = total - len(active_servers(api))
    if missing > 0:
        with ThreadPoolExecutor(20) as threads:
            list(threads.map(lambda n: create(api, f"fill-{n}", body), range(missing)))
    wait_until(lambda: settled(api), f"{total} servers are built", 3600)
    check_active(api, total)


def resident_memory(cloud: Cloud) -> dict[str, float]:
    """MiB by process as the kernel counts them; a part's children are added to it."""
    measured = {
        name: round(sum(map(resident, family(entry["pid"]))), 1)
        for name, entry in cloud.processes().items()
        if entry.get("pid")
    }
    supervisor = cloud.state / "run" / "supervisor.pid"
    if supervisor.exists():
        measured["supervisor"] = round(resident(int(supervisor.read_text().split()[0])), 1)
    measured["total"] = round(sum(measured.values()), 1)
    return measured


def family(pid: int) -> Iterator[int]:
    """A process and all its descendants."""
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from family(int(child))


def resident(pid: int) -> float:
    """MiB resident, shared pages counted in full; 0 for a kernel thread."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


@contextmanager
def own_cloud(profile: str) -> Iterator[Cloud]:
    """A cloud in a temporary folder that goes with the measurement."""
    with tempfile.TemporaryDirectory(prefix="cloud-bench-") as folder:
        os.chmod(folder, 0o755)  # PostgreSQL runs as a user of its own.
        cloud = Cloud(Path(folder) / "state", free_port_range(), profile)
        try:
            cloud.up("--hypervisor", "fake", "--no-first-server")
            yield cloud
        finally:
            cloud.down()


def main() -> None:
    """Run every measurement in one cloud and print the object."""
    options = argparse.ArgumentParser(prog="cloud bench spine", description=__doc__)
    options.add_argument("--profile", choices=["embedded", "full"], default="embedded")
    options.add_argument("--latency", type=int, default=50, metavar="N")
    options.add_argument("--creates", type=int, default=200, metavar="N")
    options.add_argument("--servers", type=int, default=1000, metavar="N")
    chosen = options.parse_args()
    steps: dict[str, Callable[[], Any]]
    with own_cloud(chosen.profile) as cloud, cloud.api() as api:
        body = references(api)
        sizes = [size for size in (10, 100, 1000) if size <= chosen.servers]
        steps = {
            "memory_idle_mib": lambda: resident_memory(cloud),
            "one_at_a_time": lambda: measure_latency(api, chosen.latency, body),
            "concurrent": lambda: measure_rate(api, chosen.creates, body),
            "job_file_to_database": lambda: percentiles(measure_job_file_lag(cloud, api, body)),
            "fill": lambda: fill(api, chosen.servers, body),
            "get_servers_detail": lambda: measure_list(api, sizes),
            "memory_after_mib": lambda: resident_memory(cloud),
        }
        result = {name: step() for name, step in steps.items()}
    result.pop("fill")
    print(json.dumps({"profile": chosen.profile, "hypervisor": "fake", **result}, indent=2))


if __name__ == "__main__":
    main()
