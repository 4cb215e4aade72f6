"""Actions of servers over the API: who may, in which words refused, and what is answered."""

from __future__ import annotations

from typing import Any

import pytest

from synnefo.api.compute.actions import ACTIONS
from synnefo.api.routing import Who
from synnefo.core.server_actions import MOVE, PAUSE, SAVE, SUSPEND, VOLUMES
from synnefo.core.server_states import ServerMode
from synnefo.db.models import Image, Intent, QuotaUsage, Server, Volume
from tests.integration.api.client import Answer, Api
from tests.integration.api.world import START, World

SERVERS = "/compute/v2.1/servers"


@pytest.fixture
def able(world: World) -> World:
    """A backend that can do everything that ours can."""
    world.backend.features = [MOVE, PAUSE, SAVE, SUSPEND, VOLUMES]
    world.backend.save()
    return world


def _server(world: World, **more: Any) -> Server:
    server = world.server(placed=True, **more)
    Volume.objects.create(
        project=server.project, server=server, size=1024, disk_template="file", created_at=START
    )
    return server


def _do(api: Api, server: Server, word: str, given: Any = None, **more: Any) -> Answer:
    return api("POST", f"{SERVERS}/{server.uuid}/action", {word: given}, **more)


WISHES: list[tuple[str, Any, str, str | None, int, str | None]] = [
    ("pause", None, "ACTIVE", None, 202, "pausing"),
    ("unpause", None, "PAUSED", None, 202, "unpausing"),
    ("suspend", None, "ACTIVE", None, 202, "suspending"),
    ("resume", None, "SUSPENDED", None, 202, "resuming"),
    ("resize", {"flavorRef": "2"}, "ACTIVE", None, 202, "resize_prep"),
    ("confirmResize", None, "ACTIVE", "RESIZED", 204, None),
    ("shelve", None, "ACTIVE", None, 202, "shelving"),
    ("unshelve", None, "STOPPED", "SHELVED", 202, "unshelving"),
    ("rescue", None, "ACTIVE", None, 200, "rescuing"),
    ("unrescue", None, "ACTIVE", "RESCUED", 202, "unrescuing"),
    ("createImage", {"name": "i"}, "STOPPED", None, 202, "image_snapshot"),
    ("restore", None, "STOPPED", "SOFT_DELETED", 202, "restoring"),
    ("forceDelete", None, "ERROR", None, 202, "deleting"),
]


@pytest.mark.parametrize("wish", WISHES, ids=lambda wish: wish[0])
def test_what_is_recorded(api: Api, able: World, wish: tuple[Any, ...]) -> None:
    word, given, state, mode, status, task = wish
    server = _server(able, state=state, mode=mode)
    answer = _do(api, server, word, given)
    assert answer.status == status, answer
    server.refresh_from_db()
    assert server.task == task
    assert Intent.objects.filter(server=server).exists() is (task is not None)


CONFLICTS = [
    ("pause", None, "STOPPED", None, "Cannot 'pause' instance {} while it is in vm_state stopped"),
    ("resume", None, "ACTIVE", None, "Cannot 'resume' instance {} while it is in vm_state active"),
    ("confirmResize", None, "ACTIVE", None, "Cannot 'confirmResize' instance {} while"),
    ("revertResize", None, "ACTIVE", None, "Cannot 'revertResize' instance {} while"),
    ("unrescue", None, "ACTIVE", None, "Cannot 'unrescue' instance {} while"),
    ("rescue", None, "PAUSED", None, "Cannot 'rescue' instance {} while it is in vm_state paused"),
    ("unshelve", None, "ACTIVE", None, "Cannot 'unshelve' instance {} while"),
    ("restore", None, "ACTIVE", None, "Cannot 'restore' instance {} while"),
    ("os-stop", None, "ACTIVE", "RESCUED", "Cannot 'stop' instance {} while it is in vm_state res"),
    ("changePassword", {"adminPass": "x"}, "STOPPED", None, "Cannot 'changePassword' instance {}"),
]


@pytest.mark.parametrize("refused", CONFLICTS, ids=lambda refused: refused[0])
def test_conflicts_in_novas_words(api: Api, able: World, refused: tuple[Any, ...]) -> None:
    word, given, state, mode, text = refused
    server = _server(able, state=state, mode=mode)
    answer = _do(api, server, word, given)
    assert answer.status == 409
    assert answer.message.startswith(text.format(server.uuid))
    assert not Intent.objects.exists()


@pytest.mark.parametrize("word", [word for word, row in ACTIONS.items() if row.who is Who.ADMIN])
def test_what_administrators_do(api: Api, able: World, word: str) -> None:
    server = _server(able)
    bodies = {
        "os-resetState": {"state": "error"},
        "os-migrateLive": {"host": None, "block_migration": False, "disk_over_commit": False},
        "evacuate": {"onSharedStorage": False},
    }
    assert _do(api, server, word, bodies.get(word)).status == 403
    expected = {
        "os-migrateLive": 400,  # Nobody else has its disks.
        "evacuate": 409,  # Its node is well.
        "shelveOffload": 409,
        "resetNetwork": 410,
    }
    answer = _do(api, server, word, bodies.get(word), as_="admin")
    assert answer.status == expected.get(word, 202), answer


@pytest.mark.parametrize("word", sorted(ACTIONS))
def test_strangers_find_nothing(api: Api, able: World, word: str) -> None:
    server = _server(able)
    newest = "2.17" if ACTIONS[word].since > 1 else "2.1"
    assert _do(api, server, word, None, as_="stranger", version=newest).status == 404
    assert not Intent.objects.exists()


def test_what_this_cloud_cannot_do(api: Api, world: World) -> None:
    server = _server(world)
    # What Nova documents for each of them.
    for word, status in (("pause", 501), ("suspend", 409), ("rescue", 501)):
        assert _do(api, server, word).status == status
    assert _do(api, server, "createImage", {"name": "i"}).status == 400
    assert _do(api, server, "changePassword", {"adminPass": "x"}).status == 409
    assert _do(api, server, "trigger_crash_dump", version="2.17").status == 400
    assert _do(api, server, "os-getSPICEConsole", {"type": "spice-html5"}).status == 400
    assert not Image.objects.exclude(name="tiny").exists()


def test_microversions(api: Api, able: World) -> None:
    server = _server(able)
    assert _do(api, server, "trigger_crash_dump").status == 404
    assert _do(api, server, "addFixedIp", {"networkId": "x"}, version="2.44").status == 404
    assert _do(api, server, "os-getVNCConsole", {"type": "novnc"}, version="2.6").status == 404
    assert _do(api, server, "lock", {"locked_reason": "x"}, version="2.72").status == 400
    assert _do(api, server, "lock", {"locked_reason": "x"}, version="2.73").status == 202
    record = api.get(f"{SERVERS}/{server.uuid}", version="2.73")["server"]
    assert (record["locked"], record["locked_reason"]) == (True, "x")
    assert _do(api, server, "os-stop").message == f"Instance {server.uuid} is locked"
    assert _do(api, server, "unlock").status == 202
    image = _do(api, server, "createImage", {"name": "i"}, version="2.45")
    assert Image.objects.get(uuid=image.body["image_id"]).status == "saving"


def test_rebuild(api: Api, able: World) -> None:
    server, other = _server(able), able.picture("other", able.ops, "public")
    body = {"imageRef": str(other.uuid), "name": "anew", "metadata": {"a": "b"}}
    answer = _do(api, server, "rebuild", {**body, "adminPass": "secret"})
    assert answer.status == 202
    shown = answer.body["server"]
    assert (shown["adminPass"], shown["name"], shown["status"]) == ("secret", "anew", "REBUILD")
    assert shown["image"]["id"] == str(other.uuid)
    large = able.picture("large", able.ops, "public", size=2 << 30)
    for wrong in (
        {"imageRef": str(large.uuid)},
        {"imageRef": "x"},
        {"imageRef": str(server.uuid)},
        {"name": "x"},
        {**body, "name": " "},
        {**body, "metadata": {"": "x"}},
        {**body, "key_name": "x"},
    ):
        assert _do(api, _server(able), "rebuild", wrong).status == 400, wrong


def test_resize_reserves_nothing_when_refused(api: Api, able: World) -> None:
    server = _server(able)
    for wrong in ({"flavorRef": "1"}, {"flavorRef": "no"}, {"flavorRef": "9"}, {}, None, []):
        assert _do(api, server, "resize", wrong).status == 400
    able.quota(able.demo, ram=0)
    assert _do(api, server, "resize", {"flavorRef": "2"}).status == 403
    assert not QuotaUsage.objects.filter(used__gt=0).exists()


def test_marks(api: Api, able: World) -> None:
    server = _server(able)
    for state, shown in (("error", "ERROR"), ("active", "ACTIVE")):
        assert _do(api, server, "os-resetState", {"state": state}, as_="admin").status == 202
        assert api.get(f"{SERVERS}/{server.uuid}")["server"]["status"] == shown
    for wrong in ({"state": "gone"}, {}, {"state": 1}):
        assert _do(api, server, "os-resetState", wrong, as_="admin").status == 400


def test_shelved_servers_are_on_no_node(api: Api, able: World) -> None:
    server = _server(able, state="STOPPED", mode=ServerMode.SHELVED_OFFLOADED)
    record = api.get(f"{SERVERS}/{server.uuid}", as_="admin")["server"]
    assert record["status"] == record["OS-EXT-STS:vm_state"].upper() == "SHELVED_OFFLOADED"
    assert record["OS-EXT-SRV-ATTR:host"] is None


@pytest.mark.parametrize(
    "body", [{}, {"fly": None}, {"pause": None, "resume": None}, [], "pause", {"reboot": {}}]
)
def test_nonsense(api: Api, able: World, body: Any) -> None:
    server = _server(able)
    assert api("POST", f"{SERVERS}/{server.uuid}/action", body).status == 400
