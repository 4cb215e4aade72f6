"""Instance actions and their events, by microversion."""

from __future__ import annotations

from datetime import timedelta

from synnefo.db.models import Activity, Server
from tests.integration.api.client import Api
from tests.integration.api.test_writes import SERVERS
from tests.integration.api.world import START, World


def deeds(world: World, count: int) -> tuple[Server, str]:
    server = world.server()
    for number in range(count):
        row = world.deed(server, request_id=f"req-{number}")
        at = START + timedelta(seconds=number)
        Activity.objects.filter(pk=row.pk).update(started_at=at, finished_at=at)
    return server, f"{SERVERS}/{server.uuid}/os-instance-actions"


def test_of_deleted_servers(api: Api, world: World) -> None:
    server = world.server(state="DELETED", deleted_at=START)
    world.deed(server)
    path = f"{SERVERS}/{server.uuid}/os-instance-actions"
    assert api("GET", path, version="2.20").status == 404
    assert len(api.get(path, version="2.21")["instanceActions"]) == 1
    assert api("GET", path, as_="stranger", version="2.21").status == 404


def test_events(api: Api, world: World) -> None:
    _, path = deeds(world, 1)
    one = f"{path}/req-0"
    assert "events" not in api.get(one, version="2.50")["instanceAction"]
    assert "events" in api.get(one, as_="admin", version="2.50")["instanceAction"]
    event = api.get(one, version="2.51")["instanceAction"]["events"][0]
    assert (event["result"], "traceback" in event) == ("Success", False)
    seen = api.get(one, as_="admin", version="2.51")["instanceAction"]["events"][0]
    assert seen["traceback"] is None


def test_pages(api: Api, world: World) -> None:
    _, path = deeds(world, 3)
    first = api.get(f"{path}?limit=2", version="2.58")
    assert [one["request_id"] for one in first["instanceActions"]] == ["req-2", "req-1"]
    assert first["instanceActions"][0]["updated_at"].startswith("2026-11-01T12:00:02")
    href = first["links"][0]["href"].removeprefix("http://testserver")
    rest = api.get(href, version="2.58")["instanceActions"]
    assert [one["request_id"] for one in rest] == ["req-0"]
    assert len(api.get(f"{path}?limit=2", version="2.57")["instanceActions"]) == 3
    since = f"{path}?changes-since=2026-11-01T12:00:01Z"
    assert len(api.get(since, version="2.58")["instanceActions"]) == 2
    both = f"{since}&changes-before=2026-11-01T12:00:01Z"
    assert len(api.get(both, version="2.66")["instanceActions"]) == 1
    assert api("GET", f"{path}?marker=req-9", version="2.58").status == 400


def test_hosts(api: Api, world: World) -> None:
    _, path = deeds(world, 1)
    one = f"{path}/req-0"
    mine = api.get(one, version="2.62")["instanceAction"]["events"][0]
    assert ("host" in mine, len(mine["hostId"])) == (False, 56)
    theirs = api.get(one, as_="admin", version="2.62")["instanceAction"]["events"][0]
    assert theirs["host"] == "node1.fake"
    assert "hostId" not in api.get(one, version="2.61")["instanceAction"]["events"][0]


def test_details(api: Api, world: World) -> None:
    _, path = deeds(world, 1)
    Activity.objects.update(result="Error", message="no memory")
    event = api.get(f"{path}/req-0", version="2.84")["instanceAction"]["events"][0]
    assert (event["result"], event["details"]) == ("Error", "no memory")
    assert "details" not in api.get(f"{path}/req-0", version="2.83")["instanceAction"]["events"][0]
