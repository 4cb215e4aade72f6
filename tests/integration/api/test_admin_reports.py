"""Usage, migrations and what is gone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from synnefo.core.server_states import ServerState
from synnefo.db.models import Activity, Intent, Server
from tests.integration.api.client import Api
from tests.integration.api.world import START, World

V = "/compute/v2.1"
USAGE = f"{V}/os-simple-tenant-usage"
DAY = "start=2026-11-01T00:00:00&end=2026-11-02T00:00:00"


def test_usage_counts_from_launch_to_deletion(api: Api, world: World) -> None:
    world.server("runs", launched_at=START)
    world.server(
        "gone",
        launched_at=START - timedelta(days=1),
        state=ServerState.DELETED,
        deleted_at=START - timedelta(hours=6),
    )
    world.server("before", launched_at=START - timedelta(days=9), **deleted(-3))
    world.server("never", launched_at=None)
    usage = api.get(f"{USAGE}/{world.demo.id}?{DAY}")["tenant_usage"]
    # From noon to midnight, and from midnight to six.
    assert (usage["total_hours"], usage["total_memory_mb_usage"]) == (18.0, 18 * 128)
    assert {one["name"]: one["hours"] for one in usage["server_usages"]} == {
        "runs": 12.0,
        "gone": 6.0,
    }
    assert {one["state"] for one in usage["server_usages"]} == {"active", "terminated"}
    whole = api.get(f"{USAGE}?{DAY}&detailed=1", as_="admin")["tenant_usages"]
    assert [one["tenant_id"] for one in whole] == [world.demo.id]
    assert api("GET", f"{USAGE}?{DAY}").status == 403
    assert api("GET", f"{USAGE}/{world.demo.id}?{DAY}", as_="stranger").status == 404
    assert api.get(f"{USAGE}/{world.other.id}?{DAY}", as_="stranger") == {"tenant_usage": {}}


def deleted(days: int) -> dict[str, Any]:
    return {"state": ServerState.DELETED, "deleted_at": START + timedelta(days=days)}


def test_usage_in_pages(api: Api, world: World) -> None:
    for number in range(3):
        world.server(f"s{number}")
    path, seen = f"{USAGE}?{DAY}&detailed=1&limit=2", 0
    while path:
        body = api.get(path, as_="admin", version="2.40")
        seen += sum(len(one["server_usages"]) for one in body["tenant_usages"])
        links = body.get("tenant_usages_links", [])
        path = links[0]["href"].partition("testserver")[2] if links else ""
    assert seen == 3


@pytest.mark.parametrize(
    "query", ["start=yesterday", "start=2026-13-01T00:00:00", DAY.replace("02T", "01T"), "start=1"]
)
def test_bad_periods(api: Api, world: World, query: str) -> None:
    assert api("GET", f"{USAGE}/{world.demo.id}?{query}").status == 400


def test_audits(api: Api) -> None:
    path = f"{V}/os-instance_usage_audit_log"
    log = api.get(path, as_="admin")["instance_usage_audit_logs"]
    assert log["num_hosts_done"] == 0
    assert api("GET", path).status == 403
    shown = api.get(f"{path}/2026-11-21%2023:28:11", as_="admin")["instance_usage_audit_log"]
    assert shown["period_beginning"] == "2026-10-01 00:00:00"
    assert api("GET", f"{path}/invalid_time", as_="admin").status == 400
    assert api("GET", f"{path}/0001-01-01%2000:00:00", as_="admin").status == 400


def move(server: Server, action: str, state: str, **arguments: Any) -> Intent:
    return Intent.objects.create(
        project=server.project,
        user=server.user,
        action=action,
        server=server,
        arguments=arguments,
        state=state,
        request_id="req-1",
        created_at=START,
    )


def test_migrations(api: Api, world: World) -> None:
    server = world.server()
    move(server, "resize", "SUCCEEDED", node="node1.fake", flavor=2, old_flavor=1)
    Activity.objects.create(server=server, action="revertResize", actor="x", started_at=START)
    live = move(server, "live_migrate", "RECORDED", node="node1.fake", to="node2.fake")
    path = f"{V}/os-migrations"
    assert api("GET", path).status == 403
    found = api.get(path, as_="admin", version="2.80")["migrations"]
    assert [(one["migration_type"], one["status"]) for one in found] == [
        ("live-migration", "queued"),
        ("resize", "reverted"),
    ]
    assert (found[0]["source_node"], found[0]["dest_node"]) == ("node1.fake", "node2.fake")
    assert len(api.get(f"{path}?status=queued", as_="admin")["migrations"]) == 1
    assert len(api.get(f"{path}?limit=1", as_="admin", version="2.59")["migrations_links"]) == 1
    one = f"{V}/servers/{server.uuid}/migrations"
    assert len(api.get(one, as_="admin", version="2.23")["migrations"]) == 1
    shown = api.get(f"{one}/{live.pk}", as_="admin", version="2.23")["migration"]
    assert shown["server_uuid"] == str(server.uuid)
    assert api("GET", f"{one}/1234567", as_="admin", version="2.23").status == 404
    assert api("DELETE", f"{one}/{live.pk}", as_="admin", version="2.23").status == 404
    assert api("DELETE", f"{one}/{live.pk}", as_="admin", version="2.24").status == 202
    assert api.get(one, as_="admin", version="2.24")["migrations"] == []


def test_what_is_gone_says_so(api: Api, world: World) -> None:
    for path in ("os-cells", "os-fping", "os-agents", "os-floating-ips-bulk"):
        assert api("GET", f"{V}/{path}").status == 410
    server = world.server()
    virtual = f"{V}/servers/{server.uuid}/consoles"
    assert api("GET", virtual).status == 410
    assert api("GET", virtual, as_="stranger").status == 404
    body: dict[str, Any] = {"snapshot": {}}
    assert api("POST", f"{V}/os-assisted-volume-snapshots", body, as_="admin").status == 400


def test_there_are_no_bare_machines(api: Api) -> None:
    path = f"{V}/os-baremetal-nodes"
    assert api.get(path, as_="admin") == {"nodes": []}
    assert api("GET", f"{path}/x", as_="admin").message == "Node x could not be found."
    assert api("GET", path, as_="admin", version="2.36").status == 404
    assert api("GET", path).status == 403
