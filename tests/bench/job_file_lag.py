"""How long after a job file was renamed the database has committed what it says.

The rename is the change time that the kernel notes on the job file; the commit is when the
doorbell, rung by the committing process, is heard here and the API shows the result. Both are
moments of one machine's clock; the doorbell's way makes the figure larger, never smaller.
"""

import time
from typing import Any

import httpx

from synnefo.cloud import layout
from synnefo.cloud.processes import database_url
from synnefo.ports import Doorbell, Listening
from tests.system.cloud import Cloud, wait_for_server

ROUNDS = 40


def doorbell_of(cloud: Cloud) -> Doorbell:
    """The bell that this cloud's processes ring."""
    if cloud.profile == "embedded":
        from synnefo.doorbell.local import LocalDoorbell

        return LocalDoorbell(cloud.state / "doorbell")
    from synnefo.doorbell.postgres import PostgresDoorbell

    return PostgresDoorbell(database_url(layout.existing(cloud.state)))


def measure(cloud: Cloud, api: httpx.Client, body: dict[str, Any]) -> list[float]:
    """Seconds from rename to commit, for stops and starts of one server in turn."""
    made = api.post("/compute/v2.1/servers", json={"server": {"name": "lag", **body}}).json()
    server = made["server"]["id"]
    wait_for_server(api, server, "ACTIVE")
    listening = doorbell_of(cloud).listen(["changes"])
    lags = []
    for number in range(ROUNDS):
        verb, status = (("os-stop", "SHUTOFF"), ("os-start", "ACTIVE"))[number % 2]
        api.post(f"/compute/v2.1/servers/{server}/action", json={verb: None}).raise_for_status()
        committed = _heard(listening, api, server, status)
        lags.append(committed - _renamed(cloud))
    return lags


def _heard(listening: Listening, api: httpx.Client, server: str, status: str) -> float:
    """When the ring came after which the API shows this status with nothing under way."""
    while True:
        ring = listening.get(timeout=30)
        moment = time.time()
        if ring is None:
            raise RuntimeError(f"server {server} is not {status} after 30 s")
        if server not in ring.payload.get("ids", [ring.payload.get("id")]):
            continue
        shown = api.get(f"/compute/v2.1/servers/{server}").json()["server"]
        if shown["status"] == status and not shown["OS-EXT-STS:task_state"]:
            return moment


def _renamed(cloud: Cloud) -> float:
    """When the newest job file got its name."""
    newest = max(
        (cloud.state / "cluster" / "queue").glob("job-*"),
        key=lambda path: int(path.name.removeprefix("job-")) if path.name[4:].isdigit() else 0,
    )
    return newest.stat().st_ctime_ns / 1e9
