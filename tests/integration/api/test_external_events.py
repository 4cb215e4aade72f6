"""Events that other services tell of servers."""

from __future__ import annotations

from typing import Any

import pytest

from synnefo.db.models import Role
from tests.integration.api.client import Api
from tests.integration.api.test_writes import NOWHERE
from tests.integration.api.world import World

PATH = "/compute/v2.1/os-server-external-events"


def told(name: str, *servers: str) -> dict[str, Any]:
    return {"events": [{"name": name, "server_uuid": server} for server in servers]}


@pytest.mark.parametrize(
    ("name", "since"),
    [
        ("network-changed", 1),
        ("volume-extended", 51),
        ("power-update", 76),
        ("accelerator-request-bound", 82),
        ("volume-reimaged", 93),
    ],
)
def test_names(api: Api, world: World, name: str, since: int) -> None:
    server = str(world.server(placed=True).uuid)
    answer = api("POST", PATH, told(name, server), as_="admin", version=f"2.{since}")
    assert answer.status == 200
    assert answer.body["events"][0] == {
        "name": name, "server_uuid": server, "status": "completed", "code": 200,
    }  # fmt: skip
    if since > 1:
        early = api("POST", PATH, told(name, server), as_="admin", version=f"2.{since - 1}")
        assert early.status == 400


def test_unknown_servers(api: Api, world: World) -> None:
    placed, waiting = str(world.server(placed=True).uuid), str(world.server().uuid)
    some = api("POST", PATH, told("network-changed", placed, NOWHERE, waiting), as_="admin")
    assert some.status == 207
    assert [one["code"] for one in some.body["events"]] == [200, 404, 422]
    assert api("POST", PATH, told("network-changed", NOWHERE), as_="admin").status == 404
    assert api("POST", PATH, told("network-changed", placed)).status == 403


def test_services_tell_without_being_administrators(api: Api, world: World) -> None:
    world.roles["service"] = Role.objects.create(name="service")
    service = world.token(world.reader, world.ops, "service")
    placed = str(world.server(placed=True).uuid)
    assert api("POST", PATH, told("network-changed", placed), as_=service).status == 200
    path = "/compute/v2.1/os-assisted-volume-snapshots"
    wish = {
        "snapshot": {
            "volume_id": NOWHERE,
            "create_info": {"snapshot_id": NOWHERE, "type": "qcow2", "new_file": "f"},
        }
    }
    for method, where, body in (("POST", path, wish), ("DELETE", f"{path}/{NOWHERE}", None)):
        assert api(method, where, body, as_=service).status == 400
        assert api(method, where, body).status == 403
    assert api("GET", "/compute/v2.1/os-services", as_=service).status == 403
