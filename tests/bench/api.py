"""Measures the public API on a cloud of its own with pretended guests and prints one JSON object.

`./cloud bench api [--profile full] [--servers N]`: each call with few and with many servers, in
milliseconds. `./cloud bench api --fuzz N`: N generated requests instead, as a user and as an
administrator; it prints what is wrong and ends with 1 where anything is.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import httpx
from argon2 import PasswordHasher

from synnefo.settings.password_hasher import Argon2
from tests.bench import fuzz
from tests.bench.spine import (
    create,
    fill,
    measure_latency,
    measure_rate,
    own_cloud,
    percentiles,
    references,
    resident_memory,
)
from tests.system.cloud import Cloud, issue_token

TOKENS = "/identity/v3/auth/tokens"
# p50 of a Nova 34 (uWSGI with 2 workers, MariaDB, RabbitMQ, fake driver) on this kind of machine.
PEER = {
    "list_1000": 2680, "one": 35, "post_accept": 131, "post_to_active": 893,
    "servers_per_s": 1.45, "token_issue": 261, "token_validate": 6.2, "memory_mib": 2500,
}  # fmt: skip


def repeated(count: int, call: Callable[[], httpx.Response]) -> dict[str, float]:
    """Percentiles of so many calls, each of which must succeed."""
    samples = []
    for _ in range(count):
        began = time.perf_counter()
        answer = call()
        samples.append(time.perf_counter() - began)
        answer.raise_for_status()
    return percentiles(samples)


def calls(api: httpx.Client, body: dict[str, Any], size: int) -> dict[str, Any]:
    """What each call costs while there are this many servers."""
    server = api.get("/compute/v2.1/servers", params={"limit": 1}).json()["servers"][0]["id"]
    token = api.headers["X-Auth-Token"]
    page = {"limit": size}
    accepted = [create(api, f"one-{number}", body) for number in range(20)]
    return {
        "list": repeated(30, lambda: api.get("/compute/v2.1/servers/detail", params=page)),
        "one": repeated(200, lambda: api.get(f"/compute/v2.1/servers/{server}")),
        "post_accept": percentiles([took for _, _, took in accepted]),
        "token_validate": repeated(
            200, lambda: api.get(TOKENS, headers={"X-Subject-Token": token})
        ),
        "images": repeated(50, lambda: api.get("/image/v2/images")),
        "networks": repeated(50, lambda: api.get("/network/v2.0/networks")),
        "flavors": repeated(50, lambda: api.get("/compute/v2.1/flavors/detail")),
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
        body = references(api)
        result: dict[str, Any] = {"profile": profile, "token": token_issue(cloud)}
        result["one_at_a_time"] = measure_latency(api, 30, body)
        result["with_30"] = calls(api, body, 10)
        result["concurrent"] = measure_rate(api, 200, body)
        fill(api, total, body)
        result[f"with_{total}"] = calls(api, body, min(total, 1000))
        result["memory_mib"] = resident_memory(cloud)["total"]
    return result | {"times_ahead": ahead(result, total)}


def ahead(result: dict[str, Any], total: int) -> dict[str, float]:
    """How many times better than the peer, at what both do."""
    many = result[f"with_{total}"]
    ours = {
        "one": many["one"]["p50"],
        "post_accept": many["post_accept"]["p50"],
        "post_to_active": result["one_at_a_time"]["post_to_active"]["p50"],
        "token_issue": result["token"]["issue"]["p50"],
        "token_validate": many["token_validate"]["p50"],
        "memory_mib": result["memory_mib"],
    }
    if total >= 1000:
        ours["list_1000"] = many["list"]["p50"]
    times = {name: round(PEER[name] / max(value, 0.1), 1) for name, value in ours.items()}
    rate = result["concurrent"]["servers_per_s"]
    return times | {"servers_per_s": round(rate / PEER["servers_per_s"], 1)}


def fuzzed(wanted: int) -> bool:
    """At least so many generated requests; prints what is wrong and says whether nothing is."""
    count, good, seed = 0, True, 1
    with own_cloud("embedded") as cloud:
        passwords = json.loads((cloud.state / "passwords.json").read_text())
        while count < wanted:
            for user in ("demo", "admin"):
                token = _signed_in(cloud, user, passwords[f"{user}_password"])
                found = fuzz.run(cloud.url, token, examples=20 * seed, seed=seed)
                count += found.requests
                good = good and found.good
                if not found.good:
                    print(found.report)
                print(f"{found.requests} requests as {user}, {count} in all", flush=True)
                if not found.requests:
                    return False
            seed += 1
    return good


def _signed_in(cloud: Cloud, user: str, password: str) -> str:
    names = {"OS_USERNAME": user, "OS_PROJECT_NAME": user, "OS_PASSWORD": password}
    with httpx.Client(base_url=cloud.url, timeout=30) as client:
        return issue_token(client, names)


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
