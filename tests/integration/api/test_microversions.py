"""Each microversion of the compute service: what it changed, on both sides of the step."""

from __future__ import annotations

import ast
import base64
from pathlib import Path
from typing import Any

import pytest

from synnefo.api.microversions import STEPS
from synnefo.db.models import Node, Server
from synnefo.intents import server_groups
from tests.integration.api.client import Answer, Api
from tests.integration.api.test_writes import NOWHERE, SERVERS, wish
from tests.integration.api.world import START, World

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


def post(api: Api, world: World, minor: int, **more: Any) -> Answer:
    return api("POST", SERVERS, wish(world, **more), version=f"2.{minor}")


def act(api: Api, server: Server, minor: int, body: dict[str, Any], **more: Any) -> Answer:
    path = f"{SERVERS}/{server.uuid}/action"
    return api("POST", path, body, version=f"2.{minor}", **more)


def built(api: Api, world: World) -> Server:
    """A server with all that a creation gives it, and done with it."""
    made = Server.objects.filter(uuid=post(api, world, 1).body["server"]["id"])
    made.update(state="ACTIVE", task=None, placed=True, backend=world.backend)
    return made.get()


def understood(answer: Answer) -> bool:
    """Whether the form of the body was right, whatever came of it."""
    return "Invalid input for field/attribute" not in answer.raw.decode()


def shown(api: Api, server: Server, minor: int, **more: Any) -> dict[str, Any]:
    record: dict[str, Any] = api.get(f"{SERVERS}/{server.uuid}", version=f"2.{minor}", **more)[
        "server"
    ]
    return record


def node(world: World, name: str = "node1.fake") -> Node:
    return Node.objects.create(
        backend=world.backend, name=name, cpus=8, memory_total=1024, memory_free=512,
        created_at=START, seen_at=START,
    )  # fmt: skip


# --- servers: what is shown -----------------------------------------------------------------------

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


# --- servers: what may be asked -------------------------------------------------------------------


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


# --- actions --------------------------------------------------------------------------------------


def test_consoles(api: Api, world: World) -> None:
    server = world.server()
    old = act(api, server, 6, {"os-getVNCConsole": {"type": "novnc"}})
    assert old.status == 404
    path = f"{SERVERS}/{server.uuid}/remote-consoles"
    usual = {"remote_console": {"protocol": "vnc", "type": "novnc"}}
    assert api("POST", path, usual, version="2.5").status == 404
    asked = {"remote_console": {"protocol": "mks", "type": "webmks"}}
    for minor in (6, 8):
        assert api("POST", path, asked, version=f"2.{minor}").status == 400


def test_console_tokens(api: Api) -> None:
    for minor in (30, 31):
        path = f"{COMPUTE}/os-console-auth-tokens/{NOWHERE}"
        assert api("GET", path, as_="admin", version=f"2.{minor}").status == 404
        assert api("GET", path, version=f"2.{minor}").status == 403


@pytest.mark.parametrize(
    ("minor", "arguments", "known"),
    [
        (13, {"onSharedStorage": False}, True),
        (14, {"onSharedStorage": False}, False),
        (28, {"force": True}, False),
        (29, {"force": True, "host": "n"}, True),
        (68, {"force": True, "host": "n"}, False),
        (95, {}, True),
    ],
)
def test_evacuate(
    api: Api, world: World, minor: int, arguments: dict[str, Any], known: bool
) -> None:
    answer = act(api, world.server(), minor, {"evacuate": arguments}, as_="admin")
    assert understood(answer) is known


def test_crash_dump(api: Api, world: World) -> None:
    server = world.server()
    assert act(api, server, 16, {"trigger_crash_dump": None}).status in (400, 404)
    assert act(api, server, 17, {"trigger_crash_dump": None}).status in (400, 409, 501)


@pytest.mark.parametrize(
    ("minor", "block", "known"), [(24, "auto", False), (25, "auto", True), (34, True, True)]
)
def test_live_migration(api: Api, world: World, minor: int, block: Any, known: bool) -> None:
    body: dict[str, Any] = {"host": None, "block_migration": block}
    if minor < 25:
        body["disk_over_commit"] = False
    answer = act(api, world.server(), minor, {"os-migrateLive": body}, as_="admin")
    assert understood(answer) is known
    forced = {"host": None, "block_migration": False, "force": True}
    assert act(api, world.server(), 68, {"os-migrateLive": forced}, as_="admin").status == 400


def test_migrate(api: Api, world: World) -> None:
    body = {"migrate": {"host": "nowhere"}}
    assert act(api, world.server(), 55, body, as_="admin").status == 400
    newer = act(api, world.server(), 56, body, as_="admin")
    assert "takes no arguments" not in newer.raw.decode()
    assert act(api, world.server(), 56, {"migrate": None}).status == 403


def test_image_actions(api: Api, world: World) -> None:
    """The answer's form; the image itself is the actions' own test."""
    for minor in (44, 45):
        answer = act(api, world.server(), minor, {"createImage": {"name": "i"}})
        if answer.status == 202:
            assert ("Location" in answer.headers) is (minor < 45)
            assert (answer.body is not None) is (minor >= 45)
        else:
            assert answer.status == 501  # This cluster says of nothing that it can.


def test_rebuild(api: Api, world: World) -> None:
    image = str(world.image.uuid)
    for minor, field, value in ((54, "key_name", None), (57, "user_data", None)):
        body = {"rebuild": {"imageRef": image, field: value}}
        server = built(api, world)
        assert act(api, server, minor - 1, body).status == 400
        answer = act(api, server, minor, body)
        assert answer.status == 202
        assert field in answer.body["server"]
    plain = built(api, world)
    whole = act(api, plain, 75, {"rebuild": {"imageRef": image}}, as_="admin").body["server"]
    assert "user_data" in whole
    assert "OS-EXT-SRV-ATTR:user_data" not in whole
    plain = built(api, world)
    assert act(api, plain, 93, {"rebuild": {"imageRef": image}}).status == 202


def test_rescue(api: Api, world: World) -> None:
    for minor in (86, 87):
        assert act(api, world.server(), minor, {"rescue": None}).status in (200, 501)


def test_unshelve(api: Api, world: World) -> None:
    zone, host = {"availability_zone": "nova"}, {"availability_zone": "nova", "host": "n"}
    for minor, body, known in ((76, zone, False), (77, zone, True), (90, host, False)):
        answer = act(api, world.server(), minor, {"unshelve": body}, as_="admin")
        assert (answer.status == 400) is not known
    assert act(api, world.server(), 91, {"unshelve": host}, as_="admin").status == 409


# --- volumes and cards ----------------------------------------------------------------------------


def attachment(api: Api, server: Server, minor: int, **fields: Any) -> Answer:
    body = {"volumeAttachment": {"volumeId": NOWHERE, **fields}}
    path = f"{SERVERS}/{server.uuid}/os-volume_attachments"
    return api("POST", path, body, version=f"2.{minor}")


def test_attachments(api: Api, world: World) -> None:
    server = world.server()
    assert attachment(api, server, 78, delete_on_termination=True).status == 400
    assert attachment(api, server, 79, delete_on_termination=True).status == 404
    path = f"{SERVERS}/{server.uuid}/os-volume_attachments"
    assert api.get(path, version="2.89") == {"volumeAttachments": []}
    change = {"volumeAttachment": {"volumeId": NOWHERE, "delete_on_termination": True}}
    assert api("PUT", f"{path}/{NOWHERE}", change, version="2.85").status in (403, 404)


def test_attached_tags(api: Api, world: World) -> None:
    server = world.server()
    assert attachment(api, server, 48, tag="t").status == 400
    assert attachment(api, server, 49, tag="t").status == 404
    world.with_address(server, "198.18.0.9")
    path = f"{SERVERS}/{server.uuid}/os-interface"
    for minor, known in ((69, False), (70, True)):
        card = api.get(path, version=f"2.{minor}")["interfaceAttachments"][0]
        assert ("tag" in card) is known


def test_volumes_of_shelved_servers(api: Api, world: World) -> None:
    server = world.server(state="STOPPED", mode="SHELVED_OFFLOADED")
    assert attachment(api, server, 20).status in (404, 409)


def test_multiattach(api: Api, world: World) -> None:
    """No disk of a cluster is on two servers at once: such volumes are refused with the reason."""
    server = world.server()
    for minor in (59, 60):
        assert attachment(api, server, minor).status == 404


# --- other resources ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "last"),
    [
        ("images", 35),
        ("os-networks", 35),
        ("os-floating-ips", 35),
        ("os-security-groups", 35),
        ("os-hosts", 42),
        ("servers/{server}/os-virtual-interfaces", 43),
        ("images/{image}/metadata", 38),
    ],
)
def test_paths_gone(api: Api, world: World, path: str, last: int) -> None:
    node(world)
    named = path.format(server=world.server().uuid, image=world.image.uuid)
    assert api("GET", f"{COMPUTE}/{named}", as_="admin", version=f"2.{last}").status == 200
    assert api("GET", f"{COMPUTE}/{named}", as_="admin", version=f"2.{last + 1}").status == 404
    assert api("GET", f"{COMPUTE}/os-fixed-ips/10.0.0.1", version="2.4").status in (404, 410)


def test_paths(api: Api, world: World) -> None:
    """The project's id in the path, as old catalogs have it, is understood at all versions."""
    for minor in (17, 18):
        path = f"{COMPUTE}/{world.demo.id}/servers"
        assert api("GET", path, version=f"2.{minor}").status == 200


def test_headers(api: Api) -> None:
    answer = api("GET", SERVERS, version="2.46")
    assert answer.headers["OpenStack-API-Version"] == "compute 2.46"
    assert answer.headers["X-OpenStack-Nova-API-Version"] == "2.46"
    assert answer.headers["X-OpenStack-Request-ID"].startswith("req-")
    both = answer.headers["X-Compute-Request-ID"], answer.headers["X-OpenStack-Request-ID"]
    assert both[0] == both[1]


def test_access_of_public_flavor(api: Api, world: World) -> None:
    body = {"addTenantAccess": {"tenant": world.other.id}}
    path = f"{COMPUTE}/flavors/1/action"
    assert api("POST", path, body, as_="admin", version="2.6").status in (200, 409)
    assert api("POST", path, body, as_="admin", version="2.7").status == 409


def test_flavors(api: Api) -> None:
    path = f"{COMPUTE}/flavors/1"
    assert "description" not in api.get(path, version="2.54")["flavor"]
    assert "description" in api.get(path, version="2.55")["flavor"]
    assert "extra_specs" not in api.get(path, version="2.60")["flavor"]
    assert "extra_specs" in api.get(path, version="2.61")["flavor"]
    bad = {"extra_specs": {"hw:cpu_policy": "no such policy"}}
    for minor, status in ((85, 200), (86, 400)):
        answer = api("POST", f"{path}/os-extra_specs", bad, as_="admin", version=f"2.{minor}")
        assert answer.status == status


def test_forced_down(api: Api, world: World) -> None:
    node(world)
    for minor in (10, 11):
        found = api.get(f"{COMPUTE}/os-services", as_="admin", version=f"2.{minor}")["services"]
        assert ("forced_down" in found[0]) is (minor >= 11)


def test_hypervisors(api: Api, world: World) -> None:
    node(world)
    path = f"{COMPUTE}/os-hypervisors/detail"

    def one(minor: int) -> dict[str, Any]:
        found: dict[str, Any] = api.get(path, as_="admin", version=f"2.{minor}")["hypervisors"][0]
        return found

    assert (isinstance(one(27)["cpu_info"], str), isinstance(one(28)["cpu_info"], dict)) == (
        True, True,
    )  # fmt: skip
    assert isinstance(one(52)["id"], int)
    assert isinstance(one(53)["id"], str)
    assert "vcpus" in one(87)
    assert "vcpus" not in one(88)
    assert "uptime" in one(88)
    paged = api.get(f"{path}?limit=1", as_="admin", version="2.33")
    assert len(paged["hypervisors"]) == 1


def test_aggregates(api: Api) -> None:
    body = {"aggregate": {"name": "a"}}
    path = f"{COMPUTE}/os-aggregates"
    made = api("POST", path, body, as_="admin", version="2.40").body["aggregate"]
    assert "uuid" not in made
    assert "uuid" in api.get(f"{path}/{made['id']}", as_="admin", version="2.41")["aggregate"]
    images = {"cache": [{"id": NOWHERE}]}
    for minor in (80, 81):
        answer = api(
            "POST", f"{path}/{made['id']}/images", images, as_="admin", version=f"2.{minor}"
        )
        assert (answer.status == 404) or minor == 81


def test_server_groups(api: Api) -> None:
    path = f"{COMPUTE}/os-server-groups"

    def make(minor: int, **fields: Any) -> Answer:
        return api("POST", path, {"server_group": {"name": "g", **fields}}, version=f"2.{minor}")

    assert "project_id" not in make(12, policies=["affinity"]).body["server_group"]
    assert "project_id" in make(13, policies=["affinity"]).body["server_group"]
    assert make(14, policies=["soft-affinity"]).status == 400
    assert make(15, policies=["soft-affinity"]).status == 200
    assert make(63, policy="affinity").status == 400
    made = make(64, policy="anti-affinity", rules={"max_server_per_host": 2})
    assert made.body["server_group"]["policy"] == "anti-affinity"


def test_quotas(api: Api) -> None:
    path = f"{COMPUTE}/os-quota-class-sets/default"
    old = api.get(path, as_="admin", version="2.49")["quota_class_set"]
    new = api.get(path, as_="admin", version="2.50")["quota_class_set"]
    assert "server_groups" not in old
    assert "server_groups" in new
    assert "floating_ips" not in new


def test_usage(api: Api, world: World) -> None:
    world.server()
    times = "start=2026-10-01T00:00:00&end=2026-11-02T00:00:00"
    path = f"{COMPUTE}/os-simple-tenant-usage?limit=1&{times}"
    old = api.get(path, as_="admin", version="2.39")
    assert "tenant_usages_links" not in old
    assert "tenant_usages" in api.get(path, as_="admin", version="2.40")


def test_migrations(api: Api, world: World) -> None:
    path = f"{COMPUTE}/os-migrations"
    assert api.get(path, as_="admin", version="2.59") == {"migrations": []}
    assert api("GET", f"{path}?limit=x", as_="admin", version="2.59").status == 400
    below = f"{SERVERS}/{world.server().uuid}/migrations"
    assert api("GET", below, as_="admin", version="2.22").status == 404
    assert api.get(below, as_="admin", version="2.23") == {"migrations": []}
    assert api("DELETE", f"{below}/1", as_="admin", version="2.24").status == 404
    body = {"force_complete": None}
    assert api("POST", f"{below}/1/action", body, as_="admin", version="2.22").status == 404
    assert api.get(f"{path}?project_id={world.demo.id}", as_="admin", version="2.80")


def test_resizing_may_say_how_disks_are_parted(api: Api, world: World) -> None:
    server = built(api, world)
    body = {"resize": {"flavorRef": "2", "OS-DCF:diskConfig": "AUTO"}}
    assert act(api, server, 1, body).status == 202
    assert shown(api, server, 1)["OS-DCF:diskConfig"] == "AUTO"
