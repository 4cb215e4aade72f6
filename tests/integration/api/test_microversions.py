"""Each microversion of the compute service: what it changed, on both sides of the step."""

from __future__ import annotations

import ast
import base64
from pathlib import Path

import pytest

from synnefo.api.microversions import STEPS
from synnefo.db.models import Server
from synnefo.intents.compute import server_groups
from tests.integration.api.client import Api
from tests.integration.api.test_writes import NOWHERE, SERVERS, wish
from tests.integration.api.versioned import act, node, post, shown
from tests.integration.api.world import World

COMPUTE = "/compute/v2.1"
HERE = Path(__file__).parent


def defined(file: str) -> set[str]:
    tree = ast.parse((HERE / file).read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_each_step_has_its_test() -> None:
    files = {step.test.partition("::")[0] for step in STEPS.values()}
    known = {f"{file}::{name}" for file in files for name in defined(file)}
    assert [step.test for step in STEPS.values() if step.test not in known] == []


def test_no_step_is_left_out() -> None:
    assert list(STEPS) == [(2, minor) for minor in range(1, len(STEPS) + 1)]


NEW_FIELDS = [
    (9, "locked", "user"),
    (16, "host_status", "admin"),
    (26, "tags", "user"),
    (63, "trusted_image_certificates", "user"),
    (71, "server_groups", "user"),
    (73, "locked_reason", "user"),
    (90, "OS-EXT-SRV-ATTR:hostname", "user"),
    (96, "pinned_availability_zone", "user"),
]


@pytest.mark.parametrize(("minor", "field", "who"), NEW_FIELDS)
def test_a_field_comes_with_its_version(
    api: Api, world: World, minor: int, field: str, who: str
) -> None:
    server = world.server()
    assert field not in shown(api, server, minor - 1, as_=who)
    assert field in shown(api, server, minor, as_=who)


def test_attributes(api: Api, world: World) -> None:
    server = world.server(reservation_id="r-1", launch_index=2, hostname="guest")
    old, new = (shown(api, server, minor, as_="admin") for minor in (2, 3))
    added = {name.rpartition(":")[2]: new[name] for name in new.keys() - old.keys()}
    assert added == {
        "reservation_id": "r-1", "launch_index": 2, "hostname": "guest", "kernel_id": "",
        "ramdisk_id": "", "root_device_name": "/dev/vda", "user_data": None,
    }  # fmt: skip


def test_locked(api: Api, world: World) -> None:
    server = world.server()
    assert act(api, server, 72, {"lock": {"locked_reason": "x"}}).status == 400
    assert act(api, server, 73, {"lock": {"locked_reason": "mine"}}).status == 202
    record = shown(api, server, 73)
    assert (record["locked"], record["locked_reason"]) == (True, "mine")
    assert act(api, server, 73, {"os-stop": None}).status == 409
    found = api.get(f"{SERVERS}?locked=true", version="2.73")["servers"]
    assert len(found) == 1
    assert api.get(f"{SERVERS}?locked=false", version="2.73")["servers"] == []


def test_host_status(api: Api, world: World) -> None:
    assert shown(api, world.server(), 16, as_="admin")["host_status"] == "UP"
    assert shown(api, world.server(node=""), 16, as_="admin")["host_status"] == ""
    assert "host_status" not in shown(api, world.server(), 16)


def test_embedded_flavor(api: Api, world: World) -> None:
    server = world.server()
    assert set(shown(api, server, 46)["flavor"]) == {"id", "links"}
    assert shown(api, server, 47)["flavor"] == {
        "original_name": "m1.tiny", "vcpus": 1, "ram": 128, "disk": 1, "ephemeral": 0, "swap": 0,
        "extra_specs": {},
    }  # fmt: skip


def test_groups_of_a_server(api: Api, world: World) -> None:
    body = {"server_group": {"name": "g", "policies": ["affinity"]}}
    made = api("POST", f"{COMPUTE}/os-server-groups", body).body["server_group"]["id"]
    wished = wish(world) | {"os:scheduler_hints": {"group": made}}
    server = api("POST", SERVERS, wished).body["server"]["id"]
    record = api.get(f"{SERVERS}/{server}", version="2.71")["server"]
    assert record["server_groups"] == [made]
    listed = api.get(f"{SERVERS}/detail", version="2.71")["servers"][0]
    assert "server_groups" not in listed
    assert server_groups.__doc__


def test_whole_answers(api: Api, world: World) -> None:
    """No part of the cloud is ever left out of a list: there are no partial records."""
    world.server(backend=None, node="")
    record = api.get(f"{SERVERS}/detail", version="2.69")["servers"][0]
    assert {"flavor", "image", "metadata", "addresses"} <= set(record)


def test_ip6(api: Api, world: World) -> None:
    world.server()
    assert len(api.get(f"{SERVERS}?ip6=2001", version="2.4")["servers"]) == 1
    assert api.get(f"{SERVERS}?ip6=2001", version="2.5")["servers"] == []


def test_strictness(api: Api, world: World) -> None:
    server = world.server()
    assert api("GET", f"{SERVERS}?nonsense=1", version="2.74").status == 200
    assert api("GET", f"{SERVERS}?nonsense=1", version="2.75").status == 400
    path, body = f"{SERVERS}/{server.uuid}", {"server": {"name": "new"}}
    assert "key_name" not in api("PUT", path, body, version="2.74").body["server"]
    assert "key_name" in api("PUT", path, body, version="2.75").body["server"]


def test_networks(api: Api, world: World) -> None:
    assert post(api, world, 36, networks=...).status == 202
    assert post(api, world, 37, networks=...).status == 400
    assert post(api, world, 36, networks="none").status == 400
    assert post(api, world, 37, networks="none").status == 202
    assert post(api, world, 37, networks="auto").status == 202


@pytest.mark.parametrize(("minor", "status"), [(31, 400), (32, 202), (37, 400), (42, 202)])
def test_device_tags(api: Api, world: World, minor: int, status: int) -> None:
    card = {"uuid": str(world.network.uuid), "tag": "nic1"}
    assert post(api, world, minor, networks=[card]).status == status
    device = {
        "uuid": str(world.image.uuid), "boot_index": 0, "source_type": "image",
        "destination_type": "local", "tag": "disk1",
    }  # fmt: skip
    assert post(api, world, minor, block_device_mapping_v2=[device]).status == status


def test_personality(api: Api, world: World) -> None:
    files = [{"path": "/etc/motd", "contents": base64.b64encode(b"hello").decode()}]
    made = post(api, world, 56, personality=files)
    assert made.status == 202
    assert Server.objects.get(uuid=made.body["server"]["id"]).personality == files
    assert post(api, world, 57, personality=files).status == 400
    assert post(api, world, 1, personality=files * 6).status == 403
    assert post(api, world, 1, personality=[{"path": "/x", "contents": "%"}]).status == 400


def test_certificates(api: Api, world: World) -> None:
    """Nothing here can check them, so a wish for it is refused with the reason."""
    for minor in (62, 63):
        answer = post(api, world, minor, trusted_image_certificates=["c"])
        assert answer.status == 400
    assert "signed" in answer.message
    assert post(api, world, 63, trusted_image_certificates=None).status == 202


def test_volume_type(api: Api, world: World) -> None:
    device = {"boot_index": -1, "source_type": "blank", "destination_type": "volume",
              "volume_size": 1, "volume_type": "nothing-like-it"}  # fmt: skip
    old = post(api, world, 66, block_device_mapping_v2=[device])
    assert (old.status, "volume_type" in old.message) == (400, True)
    new = post(api, world, 67, block_device_mapping_v2=[device])
    assert (new.status, "not known here" in new.message) == (400, False)


def test_wanted_host(api: Api, world: World) -> None:
    node(world)
    body = wish(world, host="node1.fake")
    assert api("POST", SERVERS, body, as_="admin", version="2.73").status == 400
    assert api("POST", SERVERS, body, version="2.74").status == 403
    made = api("POST", SERVERS, body, as_="admin", version="2.74")
    assert made.status == 202
    assert Server.objects.get().wanted_node == "node1.fake"
    unknown = wish(world, hypervisor_hostname="nowhere")
    assert api("POST", SERVERS, unknown, as_="admin", version="2.74").status == 400


def test_hostname(api: Api, world: World) -> None:
    assert post(api, world, 89, hostname="guest").status == 400
    made = post(api, world, 90, hostname="guest")
    path = f"{SERVERS}/{made.body['server']['id']}"
    key = "OS-EXT-SRV-ATTR:hostname"
    assert api.get(path, version="2.90")["server"][key] == "guest"
    body = {"server": {"hostname": "other"}}
    assert api("PUT", path, body, version="2.90").body["server"][key] == "other"
    assert post(api, world, 93, hostname="guest.example.org").status == 400
    assert post(api, world, 94, hostname="guest.example.org").status == 202
    plain = post(api, world, 1, name="My Server_1.x").body["server"]["id"]
    assert api.get(f"{SERVERS}/{plain}", version="2.90")["server"][key] == "my-server-1-x"


def test_zone(api: Api, world: World) -> None:
    made = post(api, world, 96, availability_zone="nova").body["server"]["id"]
    record = api.get(f"{SERVERS}/{made}", version="2.96")["server"]
    assert record["pinned_availability_zone"] == "nova"
    assert shown(api, world.server(), 96)["pinned_availability_zone"] is None
    assert post(api, world, 1, availability_zone="elsewhere").status == 400


def test_bandwidth(api: Api, world: World) -> None:
    """No port has a wish for bandwidth: the network service knows no such thing."""
    body = {"port": {"network_id": str(world.network.uuid), "qos_policy_id": NOWHERE}}
    assert api("POST", "/network/v2.0/ports", body).status in (400, 404)
    assert post(api, world, 72).status == 202
