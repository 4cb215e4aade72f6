"""SIGKILL of any one process during a create still ends in ACTIVE, with one instance each."""

import uuid

import httpx
import pytest

from tests.system.cloud import wait_for_server, wait_until

pytestmark = pytest.mark.system

PROCESSES = ["api", "dispatcher", "reconciler", "eventd", "master", "node1", "node2", "node3"]
PARTS = ["rabbitmq", "postgres"]
SERVERS = 12  # Enough that one is at every stage when the signal comes.


def _references(api):
    flavor = api.get("/compute/v2.1/flavors").json()["flavors"][0]["id"]
    image = api.get("/image/v2/images").json()["images"][0]["id"]
    network = api.get("/network/v2.0/networks").json()["networks"][0]["id"]
    return {"flavorRef": flavor, "imageRef": image, "networks": [{"uuid": network}]}


def _create(api, name, references):
    """POST with an idempotency key, repeated as a client does when the connection breaks."""
    key = {"Idempotency-Key": str(uuid.uuid4())}
    body = {"server": {"name": name, **references}}

    def accepted():
        try:
            answer = api.post("/compute/v2.1/servers", json=body, headers=key)
        except httpx.TransportError:
            return None
        if answer.status_code >= 500:
            return None
        assert answer.status_code == 202, answer.text
        return answer.json()["server"]["id"]

    return wait_until(accepted, f"{name} is accepted")


@pytest.mark.parametrize("fake_cloud", ["embedded", "full"], indirect=True)
@pytest.mark.parametrize("process", PROCESSES)
def test_create_survives(fake_cloud, process):
    _survives(fake_cloud, process)


@pytest.mark.parametrize("fake_cloud", ["full"], indirect=True)
@pytest.mark.parametrize("part", PARTS)
def test_create_survives_the_end_of_a_part(fake_cloud, part):
    _survives(fake_cloud, part)


def _survives(fake_cloud, process):
    with fake_cloud.api() as api:
        references = _references(api)
        made = [_create(api, f"before-{n}", references) for n in range(SERVERS // 2)]
        fake_cloud.kill(process)
        made += [_create(api, f"after-{n}", references) for n in range(SERVERS // 2)]
        names = set()
        for server in made:
            wait_for_server(api, server, "ACTIVE", seconds=90)
        listed = fake_cloud.run("gnt-instance", "list", "--no-headers", "-o", "name,status").split(
            "\n"
        )
        names = [line.split()[0] for line in listed if line.strip()]
        assert len(names) == len(set(names)) == len(made), listed
        created = fake_cloud.run(
            "gnt-job", "list", "--no-headers", "-o", "status,summary"
        ).splitlines()
        assert sum("INSTANCE_CREATE" in line and "success" in line for line in created) >= len(made)
        for server in made:
            assert api.delete(f"/compute/v2.1/servers/{server}").status_code == 204
        wait_until(
            lambda: not api.get("/compute/v2.1/servers").json()["servers"],
            "all servers are deleted",
            seconds=90,
        )


@pytest.mark.parametrize("fake_cloud", ["embedded"], indirect=True)
def test_events_of_a_renamed_cluster_are_taken_in(fake_cloud):
    """An administrator's stop is told by the event only: no job of ours is looked for."""
    position = fake_cloud.state / "eventd" / "position.json"
    with fake_cloud.api() as api:
        server = _create(api, "renamed", _references(api))
        wait_for_server(api, server, "ACTIVE")
        (name,) = fake_cloud.run("gnt-instance", "list", "--no-headers", "-o", "name").split()
        for new in ("renamed.local", "cluster.local"):
            fake_cloud.run("gnt-cluster", "rename", "-f", new)
            wait_until(lambda n=new: f'"{n}"}}' in position.read_text(), "eventd knows the name")
            fake_cloud.run("gnt-instance", "shutdown", name)
            wait_for_server(api, server, "SHUTOFF")
            fake_cloud.run("gnt-instance", "startup", name)
            wait_for_server(api, server, "ACTIVE")
        assert api.delete(f"/compute/v2.1/servers/{server}").status_code == 204
        wait_until(lambda: not api.get("/compute/v2.1/servers").json()["servers"], "it is gone")
