"""What the microversions of 2025 and 2026 changed."""

from __future__ import annotations

import hashlib
from typing import Any

from synnefo.db.models import Aggregate, ConsoleToken, Image, Node, Server, Volume, VolumeAttachment
from tests.integration.api.client import Api
from tests.integration.api.test_writes import NOWHERE, SERVERS
from tests.integration.api.versioned import built, post, shown
from tests.integration.api.world import FAR, START, World

COMPUTE = "/compute/v2.1"


def test_shares(api: Api, world: World) -> None:  # 2.97
    path = f"{SERVERS}/{world.server().uuid}/shares"
    assert api("GET", path, version="2.96").status == 404
    assert api.get(path, version="2.97") == {"shares": []}
    wish = {"share": {"share_id": NOWHERE, "tag": "t"}}
    assert api("POST", path, wish, version="2.97").status == 404
    assert api("POST", path, {"share": {"share_id": "x"}}, version="2.97").status == 400
    for method in ("GET", "DELETE"):
        assert api(method, f"{path}/{NOWHERE}", version="2.97").status == 404


def test_image_properties(api: Api, world: World) -> None:  # 2.98
    Image.objects.filter(pk=world.image.pk).update(properties={"os_distro": "debian"})
    server = built(api, world)
    assert "properties" not in shown(api, server, 97)["image"]
    assert shown(api, server, 98)["image"]["properties"] == {"os_distro": "debian"}
    path = f"{SERVERS}/{server.uuid}"
    (listed,) = api.get(f"{SERVERS}/detail", version="2.98")["servers"]
    changed = api("PUT", path, {"server": {"name": "n"}}, version="2.98").body["server"]
    wish = {"rebuild": {"imageRef": str(world.image.uuid)}}
    rebuilt = api("POST", f"{path}/action", wish, version="2.98").body["server"]
    for record in (listed, changed, rebuilt):
        assert record["image"]["properties"] == {"os_distro": "debian"}
    Server.objects.update(image=None)
    assert shown(api, server, 98)["image"] == ""


def test_consoles(api: Api, world: World) -> None:  # 2.99
    digest = hashlib.sha256(b"t").hexdigest()
    server = world.server(state="ACTIVE")
    ConsoleToken.objects.create(digest=digest, server=server, host="h", port=1, expires_at=FAR)
    path = f"{COMPUTE}/os-console-auth-tokens/t"
    old, new = (
        api.get(path, as_="admin", version=version)["console"] for version in ("2.98", "2.99")
    )
    assert new == old | {"tls_port": None}
    assert api("GET", f"{path}?x=1", as_="admin", version="2.98").status == 200
    assert api("GET", f"{path}?x=1", as_="admin", version="2.99").status == 400
    wish = {"remote_console": {"protocol": "spice", "type": "spice-direct"}}
    consoles = f"{SERVERS}/{server.uuid}/remote-consoles"
    for version in ("2.98", "2.99"):
        assert api("POST", consoles, wish, version=version).status == 400


def test_hints(api: Api, world: World) -> None:  # 2.100
    wish = {
        "server": {"name": "s", "flavorRef": "1", "imageRef": str(world.image.uuid),
                   "networks": "none"},
        "os:scheduler_hints": {"own": "word"},
    }  # fmt: skip
    made = api("POST", SERVERS, wish, version="2.100").body["server"]["id"]
    server = Server.objects.get(uuid=made)
    assert "scheduler_hints" not in shown(api, server, 99)
    assert shown(api, server, 100)["scheduler_hints"] == {"own": "word"}
    (listed,) = api.get(f"{SERVERS}/detail", version="2.100")["servers"]
    assert listed["scheduler_hints"] == {"own": "word"}
    assert shown(api, world.server(), 100)["scheduler_hints"] == {}


def test_attaching(api: Api, world: World) -> None:  # 2.101
    world.backend.features = ["synnefo-volumes"]
    world.backend.save()
    for minor, status in ((100, 200), (101, 202)):
        server = built(api, world)
        volume = Volume.objects.create(
            project=world.demo, name="v", size=1024, local=False, status="available",
            created_at=START,
        )  # fmt: skip
        path = f"{SERVERS}/{server.uuid}/os-volume_attachments"
        wish = {"volumeAttachment": {"volumeId": str(volume.uuid)}}
        answer = api("POST", path, wish, version=f"2.{minor}")
        assert (answer.status, bool(answer.raw)) == (status, minor == 100), answer
        assert VolumeAttachment.objects.filter(volume=volume).exists()


def test_flavors(api: Api, world: World) -> None:  # 2.102
    detail = f"{COMPUTE}/flavors/detail"
    for path in (detail, f"{COMPUTE}/flavors"):
        assert len(api.get(f"{path}?name=m1.tiny", version="2.74")["flavors"]) == 2
        assert api("GET", f"{path}?name=m1.tiny", version="2.101").status == 400
        for pattern in ("m1.tiny", "TINY", "^m1.t"):
            (found,) = api.get(f"{path}?name={pattern}", version="2.102")["flavors"]
            assert found["name"] == "m1.tiny"
        assert api.get(f"{path}?name=1.tiny$", version="2.102")["flavors"] != []
        assert api.get(f"{path}?name=^tiny", version="2.102")["flavors"] == []
    gone = {"rxtx_factor", "OS-FLV-DISABLED:disabled"}
    old, new = (
        api.get(f"{COMPUTE}/flavors/1", version=version)["flavor"].keys()
        for version in ("2.101", "2.102")
    )
    assert old - new == gone
    wish: dict[str, Any] = {"name": "f", "ram": 64, "vcpus": 1, "disk": 1, "rxtx_factor": 1.0}
    for version, status in (("2.101", 200), ("2.102", 400)):
        body = {"flavor": wish}
        assert api("POST", f"{COMPUTE}/flavors", body, as_="admin", version=version).status == (
            status
        )
    keys = f"{COMPUTE}/os-keypairs?colour=red"
    assert api("GET", keys, version="2.102").status == 400
    path = f"{SERVERS}/{world.server().uuid}?colour=red"
    assert api("GET", path, version="2.101").status == 200
    assert api("GET", path, version="2.102").status == 400
    assert api("GET", path.replace("v2.1", "v2"), version="2.102").status == 200


def test_paths_gone(api: Api) -> None:  # 2.103
    for version in ("2.102", "2.103"):
        assert api("GET", f"{COMPUTE}/os-volumes_boot", version=version).status == 404


def test_pinning(api: Api, world: World) -> None:  # 2.104
    made = post(api, world, 104, availability_zone="nova").body["server"]["id"]
    path, pin = f"{SERVERS}/{made}", "pinned_availability_zone"
    assert api("PUT", path, {"server": {pin: None}}, version="2.103").status == 400

    def put(zone: str | None) -> Any:
        answer = api("PUT", path, {"server": {pin: zone}}, version="2.104")
        return answer.body["server"][pin] if answer.status == 200 else answer.status

    node = Node.objects.create(
        backend=world.backend, name="n", up_since=START, seen_at=START, created_at=START
    )
    Aggregate.objects.create(name="a", zone="z", created_at=START).nodes.add(node)
    assert put("nova") == "nova"
    assert put("z") == 409
    assert put(None) is None
    assert put(None) is None
    Server.objects.filter(uuid=made).update(node="n")
    assert put("nova") == 409
    assert put("z") == "z"
    assert shown(api, Server.objects.get(uuid=made), 104)[pin] == "z"
