"""Measures the public API on a cloud of its own with pretended guests and prints one JSON object.

`./cloud bench api [--profile full] [--servers N]`: each call with few and with many servers, in
milliseconds. `./cloud bench api --fuzz N`: N generated requests instead, as a user and as an
administrator; it prints what is wrong and ends with 1 where anything is.
"""

import argparse
import json
import re
import socket
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import httpx
from argon2 import PasswordHasher

from synnefo.settings.password_hasher import Argon2
from tests.bench import fuzz, many
from tests.bench.spine import (
    create,
    fill,
    measure_latency,
    measure_rate,
    own_cloud,
    percentiles,
    resident_memory,
    settled,
)
from tests.system.cloud import Cloud, issue_token, wait_until

SERVERS = "/compute/v2.1/servers/detail"
TOKENS = "/identity/v3/auth/tokens"
LENGTH = re.compile(rb"(?i)content-length: *([0-9]+)")
# p50 of a Nova 34 (uWSGI with 2 workers, MariaDB, RabbitMQ, fake driver) on this kind of machine.
PEER = {
    "list_1000": 2680, "one": 35, "post_accept": 131, "post_to_active": 893,
    "servers_per_s": 1.45, "token_issue": 261, "token_validate": 6.2, "memory_mib": 2500,
}  # fmt: skip


def repeated(count: int, call: Callable[[], Any]) -> dict[str, float]:
    """Percentiles of so many calls, each of which must succeed."""
    samples = []
    for _ in range(count):
        began = time.perf_counter()
        answer = call()
        samples.append(time.perf_counter() - began)
        answer.raise_for_status()
    return percentiles(samples)


class Answer(NamedTuple):
    """As much of one as a measurement looks at."""

    status: int
    content: bytes

    def raise_for_status(self) -> None:
        """An error for whatever is no success."""
        if not 200 <= self.status < 300:
            raise RuntimeError(f"{self.status}: {self.content[:500]!r}")


class Wire:
    """A kept connection without a client library: httpx alone takes half a millisecond a call,
    http.client a quarter, which are no time of the service's.
    """

    def __init__(self, api: httpx.Client) -> None:
        host, port = str(api.base_url.host), api.base_url.port
        self._socket = socket.create_connection((host, port or 80), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._common = f"Host: {host}:{port}\r\nX-Auth-Token: {api.headers['X-Auth-Token']}\r\n"

    def get(self, path: str, **headers: str) -> Answer:
        """The answer, read to its end."""
        more = "".join(f"{name.replace('_', '-')}: {said}\r\n" for name, said in headers.items())
        self._socket.sendall(f"GET {path} HTTP/1.1\r\n{self._common}{more}\r\n".encode())
        received = self._receive()
        while b"\r\n\r\n" not in received:
            received += self._receive()
        head, _, content = received.partition(b"\r\n\r\n")
        length, parts = int(LENGTH.findall(head)[0]), [content]
        missing = length - len(content)
        while missing > 0:
            parts.append(self._receive())
            missing -= len(parts[-1])
        return Answer(int(head[9:12]), b"".join(parts))

    def _receive(self) -> bytes:
        data = self._socket.recv(1 << 18)
        if not data:
            raise RuntimeError("the API closed the connection")
        return data


def calls(api: httpx.Client, body: dict[str, Any], size: int) -> dict[str, Any]:
    """What each call costs while there are this many servers."""
    listed = api.get("/compute/v2.1/servers", params={"limit": 1}).json()["servers"]
    server, token = listed[0]["id"], api.headers["X-Auth-Token"]
    one, wire = f"/compute/v2.1/servers/{server}", Wire(api)
    port = api.get("/network/v2.0/ports", params={"device_id": server}).json()["ports"][0]["id"]
    found = {
        "list": repeated(30, lambda: wire.get(f"{SERVERS}?limit={size}")),
        "token_validate": repeated(200, lambda: wire.get(TOKENS, X_Subject_Token=token)),
    }
    paths = {
        "one": one,
        "one_port": f"/network/v2.0/ports/{port}",
        "10_servers": f"{SERVERS}?limit=10",
        "10_ports": "/network/v2.0/ports?limit=10",
        "10_volumes": "/volume/v3/volumes/detail?limit=10",
        "10_by_name": f"{SERVERS}?name=fill-1&limit=10",
        "ports_of_one": f"/network/v2.0/ports?device_id={server}",
        "limits": "/compute/v2.1/limits",
        "images": "/image/v2/images",
        "networks": "/network/v2.0/networks",
        "flavors": "/compute/v2.1/flavors/detail",
    }
    for name, path in paths.items():
        found[name] = repeated(100, partial(wire.get, path))
    wish = {"server": {"name": "measured"}}
    found["put"] = repeated(30, lambda: api.put(one, json=wish))
    return found | _made_and_removed(api, body)


def _made_and_removed(api: httpx.Client, body: dict[str, Any]) -> dict[str, Any]:
    """Creations and removals of a few, until they are accepted; nothing else goes on meanwhile."""
    accepted = [create(api, f"one-{number}", body) for number in range(20)]
    wait_until(lambda: settled(api), "the measured servers are built", 600)
    ids = iter([made for made, _, _ in accepted])
    return {
        "post_accept": percentiles([took for _, _, took in accepted]),
        "delete_accept": repeated(20, lambda: api.delete(f"/compute/v2.1/servers/{next(ids)}")),
    }


def token_issue(cloud: Cloud) -> dict[str, Any]:
    """A sign-in by password, and what of it the password's hash takes alone."""
    credentials, samples = cloud.credentials(), []
    with httpx.Client(base_url=cloud.url, timeout=30) as client:
        for _ in range(20):
            began = time.perf_counter()
            issue_token(client, credentials)
            samples.append(time.perf_counter() - began)
    hasher = PasswordHasher(Argon2.time_cost, Argon2.memory_cost, Argon2.parallelism)
    digest, hashed = hasher.hash("secret"), []
    for _ in range(20):
        began = time.perf_counter()
        hasher.verify(digest, "secret")
        hashed.append(time.perf_counter() - began)
    return {"issue": percentiles(samples), "hash_alone": percentiles(hashed)}


def measure(profile: str, total: int) -> dict[str, Any]:
    """Everything, with 10 and with `total` servers."""
    with own_cloud(profile) as cloud, cloud.api() as api:
        body = many.prepare(cloud, api)
        result: dict[str, Any] = {"profile": profile, "token": token_issue(cloud)}
        fill(api, 10, body)
        few = calls(api, body, 10)
        result["one_at_a_time"] = measure_latency(api, 30, body)
        result["concurrent"] = measure_rate(api, 200, body)
        fill(api, total, body)
        result["calls"] = beside(few, calls(api, body, min(total, 1000)), total)
        result["memory_mib"] = resident_memory(cloud)["total"]
    return result | {"times_ahead": ahead(result, total)}


def beside(few: dict[str, Any], found: dict[str, Any], total: int) -> dict[str, Any]:
    """Each call's p50 with 10 and with many servers, and how many times the one the other is.

    `list` is of all of them in one answer, at most 1,000; nothing else should grow.
    """
    return {
        name: {
            "with_10": few[name]["p50"],
            f"with_{total}": row["p50"],
            "times": round(row["p50"] / max(few[name]["p50"], 0.1), 2),
        }
        for name, row in found.items()
    }


def ahead(result: dict[str, Any], total: int) -> dict[str, float]:
    """How many times better than the peer, at what both do."""
    found = {name: row[f"with_{total}"] for name, row in result["calls"].items()}
    ours = {
        "one": found["one"],
        "post_accept": result["one_at_a_time"]["post_accept"]["p50"],
        "post_to_active": result["one_at_a_time"]["post_to_active"]["p50"],
        "token_issue": result["token"]["issue"]["p50"],
        "token_validate": found["token_validate"],
        "memory_mib": result["memory_mib"],
    }
    if total >= 1000:
        ours["list_1000"] = found["list"]
    times = {name: round(PEER[name] / max(value, 0.1), 1) for name, value in ours.items()}
    rate = result["concurrent"]["servers_per_s"]
    return times | {"servers_per_s": round(rate / PEER["servers_per_s"], 1)}


def fuzzed(wanted: int) -> bool:
    """At least so many generated requests; prints what is wrong and says whether nothing is."""
    count, good, seed = 0, True, 1
    with own_cloud("embedded") as cloud:
        while count < wanted:
            before = count
            for found in fuzz.everything(cloud, seed=seed):
                count += found.requests
                good = good and found.good and found.requests > 0
                if not found.good:
                    print(found.report)
                print(found, flush=True)
            print(f"{count} requests in all", flush=True)
            if count == before:
                return False
            seed += 1
    return good


def main() -> int:
    """The command."""
    options = argparse.ArgumentParser(prog="cloud bench api", description=__doc__)
    options.add_argument("--profile", choices=["embedded", "full"], default="embedded")
    options.add_argument("--servers", type=int, default=1000, metavar="N")
    options.add_argument("--fuzz", type=int, metavar="N", help="so many generated requests")
    chosen = options.parse_args()
    if chosen.fuzz:
        return int(not fuzzed(chosen.fuzz))
    print(json.dumps(measure(chosen.profile, chosen.servers), indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
