"""What microversions changed of the actions of servers, and of their volumes and cards."""

from __future__ import annotations

from typing import Any

import pytest

from synnefo.core.server_actions import VOLUMES
from synnefo.db.models import Server, Volume
from tests.integration.api.client import Answer, Api
from tests.integration.api.test_writes import NOWHERE, SERVERS
from tests.integration.api.versioned import act, built, understood
from tests.integration.api.world import START, World

COMPUTE = "/compute/v2.1"


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
            assert answer.status == 400  # This cluster says of nothing that it can.


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
    world.backend.features = [VOLUMES]
    world.backend.save()
    for minor in (86, 87):
        assert act(api, world.server(), minor, {"rescue": None}).status == 200
        booted = world.server()
        Volume.objects.create(
            project=world.demo, server=booted, index=0, size=1024, local=False, status="in-use",
            created_at=START,
        )  # fmt: skip
        wish = {"rescue": {"rescue_image_ref": str(world.image.uuid)}}
        assert act(api, booted, minor, wish).status == (400 if minor == 86 else 200)


def test_unshelve(api: Api, world: World) -> None:
    zone, host = {"availability_zone": "nova"}, {"availability_zone": "nova", "host": "n"}
    for minor, body, known in ((76, zone, False), (77, zone, True), (90, host, False)):
        answer = act(api, world.server(), minor, {"unshelve": body}, as_="admin")
        assert (answer.status == 400) is not known
    assert act(api, world.server(), 91, {"unshelve": host}, as_="admin").status == 409


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
