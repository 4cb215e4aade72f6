"""Prepares a cloud for thousands of servers, as its administrator would by the public API."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from tests.system.cloud import Cloud, as_person

ENOUGH = "172.20.0.0/18"  # more than 16,000 addresses; those of the first network are 4,000
SIZE = {"name": "bench", "ram": 64, "vcpus": 1, "disk": 1}  # 10,000 of them fit on three nodes
UNLIMITED = {
    "/compute/v2.1/os-quota-sets": {"quota_set": {"instances": -1, "cores": -1, "ram": -1}},
    "/volume/v3/os-quota-sets": {"quota_set": {"volumes": -1, "gigabytes": -1}},
    "/network/v2.0/quotas": {"quota": {"port": -1}},
}


@contextmanager
def administrator(cloud: Cloud) -> Iterator[httpx.Client]:
    """A client that carries a token of the administrator."""
    with httpx.Client(base_url=cloud.url, timeout=30) as client:
        client.headers["X-Auth-Token"] = as_person(cloud.state, client, "admin")
        yield client


def prepare(cloud: Cloud, api: httpx.Client) -> dict[str, Any]:
    """What servers are created with: a small size, the first image, a network with room."""
    token = {"X-Subject-Token": api.headers["X-Auth-Token"]}
    project = api.get("/identity/v3/auth/tokens", headers=token).json()["token"]["project"]["id"]
    with administrator(cloud) as admin:
        for path, quota in UNLIMITED.items():
            admin.put(f"{path}/{project}", json=quota).raise_for_status()
        flavor = _made(admin, "/compute/v2.1/flavors", "flavor", SIZE)
        wish = {"name": "bench", "project_id": project}
        network = _made(admin, "/network/v2.0/networks", "network", wish)
        subnet = {"network_id": network, "cidr": ENOUGH, "ip_version": 4, "project_id": project}
        _made(admin, "/network/v2.0/subnets", "subnet", subnet)
    image = api.get("/image/v2/images").json()["images"][0]["id"]
    return {"flavorRef": flavor, "imageRef": image, "networks": [{"uuid": network}]}


def _made(admin: httpx.Client, path: str, noun: str, wish: dict[str, Any]) -> str:
    answer = admin.post(path, json={noun: wish})
    answer.raise_for_status()
    return str(answer.json()[noun]["id"])
