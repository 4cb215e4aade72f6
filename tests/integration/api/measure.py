"""How fast the API answers: `python -m tests.integration.api.measure [SERVERS] [PORT]`.

Fills a temporary SQLite database, starts the API's process on it and prints a JSON object with the
p50 and p95 of each call in milliseconds, as a client on the same machine sees them.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from tests.integration.api.process import running


def timed(call: Callable[[], httpx.Response], count: int) -> dict[str, float]:
    taken = []
    for _ in range(count):
        begin = time.perf_counter()
        answer = call()
        taken.append((time.perf_counter() - begin) * 1000)
        assert answer.status_code < 400, answer.text
    taken.sort()
    return {
        "p50": round(statistics.median(taken), 2),
        "p95": round(taken[int(len(taken) * 0.95)], 2),
    }


def measure(url: str, facts: dict[str, str]) -> dict[str, dict[str, float]]:
    headers = {"X-Auth-Token": facts["token"]}
    nova, tokens = f"{url}/compute/v2.1", f"{url}/identity/v3/auth/tokens"
    user = {"name": "demo", "domain": {"id": "default"}, "password": facts["password"]}
    identity = {"methods": ["password"], "password": {"user": user}}
    scope = {"project": {"name": "demo", "domain": {"id": "default"}}}
    login = {"auth": {"identity": identity, "scope": scope}}
    wish = {
        "server": {
            "name": "web",
            "flavorRef": "1",
            "imageRef": facts["image"],
            "networks": [{"uuid": facts["network"]}],
        }
    }
    subject = headers | {"X-Subject-Token": facts["token"]}
    with httpx.Client(headers=headers, timeout=60) as client:
        one = f"{nova}/servers/{facts['server']}"
        return {
            "GET servers/detail": timed(lambda: client.get(f"{nova}/servers/detail"), 40),
            "GET servers": timed(lambda: client.get(f"{nova}/servers"), 40),
            "GET servers/detail?limit=20": timed(
                lambda: client.get(f"{nova}/servers/detail?limit=20"), 100
            ),
            "GET one server": timed(lambda: client.get(one), 300),
            "GET flavors/detail": timed(lambda: client.get(f"{nova}/flavors/detail"), 200),
            "GET auth/tokens (validation)": timed(
                lambda: client.get(f"{tokens}?nocatalog", headers=subject), 300
            ),
            "GET version document": timed(lambda: client.get(f"{nova}/"), 300),
            "POST auth/tokens": timed(lambda: client.post(tokens, json=login), 30),
            "POST servers": timed(lambda: client.post(f"{nova}/servers", json=wish), 100),
            "DELETE server": timed(lambda: client.delete(one), 100),
        }


def main() -> None:
    servers = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder), servers=servers) as (url, facts),
    ):
        print(json.dumps(measure(url, facts), indent=2))


if __name__ == "__main__":
    main()
