"""Measures the cluster manager through RAPI, alone or beside a real Ganeti; prints one JSON object.

`./cloud bench backend [--real] [--latency N] [--creates N] [--instances N] [--many N]`. Pretended
guests, three nodes of ours, one node of the real one (which serves it best); its memory is also
taken with three. Times are milliseconds from the request to the job's own end stamp. Nothing is
asserted: machines are shared, so read medians and the ratios of one run.
"""

import argparse
import json
import os
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.bench import real_config
from tests.bench.kept_rapi import KeptRapi
from tests.conformance.own_cluster import OwnCluster, own_cluster
from tests.conformance.rapi import Rapi
from tests.conformance.real_ganeti import real_ganeti, why_unavailable

DOMAIN = "conf.test"
THREADS = 50
TICKS = os.sysconf("SC_CLK_TCK")
Result = dict[str, Any]


def creation(name: str, node: str | None) -> Result:
    """A small instance without disks, not started."""
    return {
        "__version__": 1,
        "mode": "create",
        "instance_name": f"{name}.{DOMAIN}",
        "disk_template": "diskless",
        "disks": [],
        "nics": [{"mac": "generate"}],
        "os_type": "noop",
        "start": False,
        "pnode": node,
        "name_check": False,
        "ip_check": False,
        "conflicts_check": False,
        "beparams": {"minmem": 16, "maxmem": 16, "vcpus": 1},
    }


def stamp(moment: list[int]) -> float:
    """Ganeti's [seconds, microseconds] as seconds."""
    return moment[0] + moment[1] / 1e6


def timed(rapi: Rapi, method: str, path: str, body: Any = None) -> float:
    """Milliseconds from the request to the end stamp of its job."""
    began = time.time()
    job = rapi.do(method, path, body)
    return 1000 * (stamp(job["end_ts"]) - began)


def median(samples: list[float]) -> Result:
    """What is printed of samples."""
    return {
        "median": round(statistics.median(samples), 1),
        "min": round(min(samples), 1),
        "max": round(max(samples), 1),
        "n": len(samples),
    }


def life(rapi: Rapi, node: str, name: str) -> dict[str, float]:
    """Each operation once, on one instance."""
    path = f"/2/instances/{name}.{DOMAIN}"
    return {
        "create": timed(rapi, "POST", "/2/instances", creation(name, node)),
        "start": timed(rapi, "PUT", f"{path}/startup", {}),
        "reboot": timed(rapi, "POST", f"{path}/reboot?type=hard", {}),
        "modify": timed(rapi, "PUT", f"{path}/modify", {"beparams": {"maxmem": 32}}),
        "stop": timed(rapi, "PUT", f"{path}/shutdown", {"timeout": 1}),
        "remove": timed(rapi, "DELETE", path),
    }


def latency(rapi: Rapi, node: str, count: int) -> Result:
    """One operation after another."""
    lives = [life(rapi, node, f"latency-{number}") for number in range(count)]
    return {name: median([one[name] for one in lives]) for name in lives[0]}


def flood(rapi: Rapi, names: list[str], nodes: list[str]) -> Result:
    """Creations from many threads at once, until the last one has ended."""

    def submit(pair: tuple[int, str]) -> int:
        number, name = pair
        answer = rapi.ask("POST", "/2/instances", creation(name, nodes[number % len(nodes)]))
        if answer.status != 200:
            raise RuntimeError(answer.text)
        return int(answer.body)

    began = time.time()
    with ThreadPoolExecutor(THREADS) as threads:
        ids = list(threads.map(submit, enumerate(names)))
    submitted = time.time() - began
    jobs = [rapi.ended(job_id, 600) for job_id in ids]
    failed = [job["opresult"] for job in jobs if job["status"] != "success"]
    if failed:
        raise RuntimeError(f"{len(failed)} creations failed: {failed[0]}")
    took = max(stamp(job["end_ts"]) for job in jobs) - began
    return {
        "jobs": len(ids),
        "submitted_after_s": round(submitted, 2),
        "ended_after_s": round(took, 2),
        "jobs_per_s": round(len(ids) / took, 1),
    }


def bulk(rapi: Rapi, expected: int) -> Result:
    """Twenty reads of all instances, until the last byte; what a client makes of it is its own."""
    samples = []
    for _ in range(20):
        began = time.perf_counter()
        answer = rapi.ask("GET", "/2/instances?bulk=1")
        samples.append(1000 * (time.perf_counter() - began))
        found = len(answer.body)
        if found != expected:
            raise RuntimeError(f"expected {expected} instances, got {found}")
    return median(samples)


def fill(cluster: OwnCluster, rapi: Rapi, total: int) -> None:
    """Create until there are so many; old jobs go to the archive, for a queue holds 5,000."""
    there = len(rapi.get("/2/instances"))
    for first in range(there, total, 500):
        cluster.command("gnt-job", "autoarchive", "all")
        flood(rapi, [f"fill-{n}" for n in range(first, min(first + 500, total))], cluster.nodes)


def resident(pids: list[int]) -> float:
    """MiB resident of all daemons, shared pages counted in each."""
    total = 0.0
    for pid in pids:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                total += int(line.split()[1]) / 1024
    return round(total, 1)


def processor_ms(pids: list[int]) -> float:
    """Processor time that processes have used."""
    used = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        used += int(fields[11]) + int(fields[12])
    return 1000 * used / TICKS


def cost(rapi: Rapi, node: str, pids: list[int], count: int) -> Result:
    """What a job takes now, one after another: time and the daemons' processor time."""
    life(rapi, node, "warm")
    before = processor_ms(pids)
    lives = [life(rapi, node, f"cost-{number}") for number in range(count)]
    spent = processor_ms(pids) - before
    samples = [one[name] for one in lives for name in one]
    return {"ms": median(samples), "processor_ms": round(spent / len(samples), 2)}


def measure_ours(chosen: argparse.Namespace) -> Result:
    """Three nodes, all measurements."""
    with own_cluster(3, hooks=False) as cluster:
        rapi, nodes, pids = KeptRapi(cluster.rapi()), cluster.nodes, cluster.pids()
        life(rapi, nodes[0], "warm")
        result: Result = {"nodes": 3, "memory_idle_mib": resident(pids)}
        result["one_at_a_time_ms"] = latency(rapi, nodes[0], chosen.latency)
        fill(cluster, rapi, 10)
        result["cost_at_10"] = cost(rapi, nodes[0], pids, chosen.latency)
        names = [f"flood-{n}" for n in range(chosen.creates)]
        result["concurrent"] = flood(rapi, names, nodes)
        fill(cluster, rapi, chosen.instances)
        result["instances"] = chosen.instances
        result["get_instances_bulk_ms"] = bulk(rapi, chosen.instances)
        result["one_at_a_time_when_full_ms"] = latency(rapi, nodes[0], chosen.latency)
        result["memory_full_mib"] = resident(pids)
        if chosen.many:
            fill(cluster, rapi, chosen.many)
            result[f"cost_at_{chosen.many}"] = cost(rapi, nodes[0], pids, chosen.latency)
        return result


def measure_real(chosen: argparse.Namespace) -> Result:
    """One node; thousand instances get into its configuration without as many jobs."""
    with real_ganeti(3, candidates=3, hooks=False) as cluster:
        result: Result = {"nodes": 1, "memory_idle_of_three_nodes_mib": resident(cluster.pids())}
    with real_ganeti(1, hooks=False) as cluster:
        rapi, nodes = KeptRapi(cluster.rapi()), cluster.nodes
        life(rapi, nodes[0], "warm")
        result["memory_idle_mib"] = resident(cluster.pids())
        result["one_at_a_time_ms"] = latency(rapi, nodes[0], max(5, chosen.latency // 4))
        names = [f"flood-{n}" for n in range(chosen.creates)]
        result["concurrent"] = flood(rapi, names, nodes)
        real_config.fill(cluster, chosen.instances)
        result["instances"] = chosen.instances
        result["get_instances_bulk_ms"] = bulk(rapi, chosen.instances)
        result["one_at_a_time_when_full_ms"] = latency(rapi, nodes[0], 5)
        result["memory_full_mib"] = resident(cluster.pids())
        return result


def ratios(real: Result, ours: Result) -> Result:
    """How many times better ours is."""

    def times(*path: str) -> float:
        one: Any = real
        other: Any = ours
        for key in path:
            one, other = one[key], other[key]
        return round(one / other, 1)

    kinds = ("one_at_a_time_ms", "one_at_a_time_when_full_ms")
    return {
        **{kind: {name: times(kind, name, "median") for name in ours[kind]} for kind in kinds},
        "jobs_per_s": round(ours["concurrent"]["jobs_per_s"] / real["concurrent"]["jobs_per_s"], 1),
        "get_instances_bulk": times("get_instances_bulk_ms", "median"),
        "memory_idle_of_three_nodes": round(
            real["memory_idle_of_three_nodes_mib"] / ours["memory_idle_mib"], 2
        ),
        "memory_full": times("memory_full_mib"),
    }


def main() -> None:
    """Measure ours, and the real one if asked to, and print the object."""
    options = argparse.ArgumentParser(prog="cloud bench backend", description=__doc__)
    options.add_argument("--real", action="store_true", help="measure a real Ganeti too (root)")
    options.add_argument("--latency", type=int, default=20, metavar="N")
    options.add_argument("--creates", type=int, default=200, metavar="N")
    options.add_argument("--instances", type=int, default=1000, metavar="N")
    options.add_argument("--many", type=int, default=5000, metavar="N", help="0: leave that out")
    chosen = options.parse_args()
    problem = why_unavailable() if chosen.real else None
    if problem:
        sys.exit(problem)
    result: Result = {"hypervisor": "fake", "ours": measure_ours(chosen)}
    many = result["ours"].get(f"cost_at_{chosen.many}")
    if many:
        few = result["ours"]["cost_at_10"]
        result["ours"]["cost_of_many_instances"] = {
            "time": round(many["ms"]["median"] / few["ms"]["median"], 2),
            "processor": round(many["processor_ms"] / few["processor_ms"], 2),
        }
    if chosen.real:
        result["real"] = measure_real(chosen)
        result["times_better"] = ratios(result["real"], result["ours"])
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
