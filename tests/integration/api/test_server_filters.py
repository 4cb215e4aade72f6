"""Filters of the list of servers: what each finds, for whom, and since when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.integration.api.client import Api
from tests.integration.api.test_writes import SERVERS
from tests.integration.api.world import START, World


def names(api: Api, query: str, **more: Any) -> list[str]:
    return sorted(one["name"] for one in api.get(f"{SERVERS}?{query}", **more)["servers"])


def test_unknown_status(api: Api, world: World) -> None:
    world.server()
    assert names(api, "status=NEVER", version="2.37") == []
    answer = api("GET", f"{SERVERS}?status=NEVER", version="2.38")
    assert (answer.status, "status" in answer.message) == (400, True)


def test_changes(api: Api, world: World) -> None:
    for number in range(3):
        at = START + timedelta(seconds=number)
        gone = {"state": "DELETED", "deleted_at": at} if number == 0 else {}
        world.server(f"s{number}", updated_at=at, **gone)
    before = "changes-before=2026-11-01T12:00:01Z"
    assert names(api, before, version="2.66") == ["s0", "s1"]
    assert names(api, before, version="2.65") == ["s1", "s2"]
    both = f"{before}&changes-since=2026-11-01T12:00:01Z"
    assert names(api, both, version="2.66") == ["s1"]
    wrong = f"{SERVERS}?{before}&changes-since=2026-11-01T12:00:02Z"
    assert api("GET", wrong, version="2.66").status == 400


CHOSEN = {
    "config_drive": "true",
    "key_name": "k",
    "availability_zone": "left",
    "power_state": "4",
    "vm_state": "stopped",
    "task_state": "powering-on",
    "progress": "7",
    "launched_at": "2026-11-01T12:00:09Z",
}


def chosen(world: World) -> None:
    world.server("other", key_name="another", launched_at=START)
    world.server(
        "chosen",
        state="STOPPED",
        task="powering-on",
        config_drive=True,
        key_name="k",
        zone="left",
        progress=7,
        launched_at=START + timedelta(seconds=9),
    )


@pytest.mark.parametrize("name", CHOSEN)
def test_for_everybody(api: Api, world: World, name: str) -> None:
    chosen(world)
    query = f"{name}={CHOSEN[name]}"
    assert names(api, query, version="2.83") == ["chosen"]
    assert names(api, query, version="2.82") == ["chosen", "other"]
    assert names(api, f"{query}&all_tenants=1", as_="admin") == ["chosen"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("host=node2", ["chosen"]),
        ("node=node2", ["chosen"]),
        ("hostname=guest", ["chosen"]),
        ("description=mine", ["chosen"]),
        ("launch_index=3", ["chosen"]),
        ("access_ip_v4=203.0", ["chosen"]),
        ("access_ip_v6=2001", ["chosen"]),
        ("auto_disk_config=true", ["chosen"]),
        ("locked_by=owner", ["chosen"]),
        ("kernel_id=x", []),
        ("soft_deleted=true", ["chosen", "other", "waste"]),
    ],
)
def test_for_administrators(api: Api, world: World, query: str, expected: list[str]) -> None:
    world.server("other")
    world.server("waste", mode="SOFT_DELETED")
    world.server(
        "chosen",
        node="node2",
        hostname="guest",
        description="mine",
        launch_index=3,
        access_ipv4="203.0.113.9",
        access_ipv6="2001:db8::9",
        disk_config="AUTO",
        locked_by="owner",
    )
    assert names(api, f"{query}&all_tenants=1", as_="admin") == expected
    if "soft" not in query:
        assert names(api, query) == ["chosen", "other"]


@pytest.mark.parametrize(
    ("columns", "status"),
    [
        ({"state": "ACTIVE"}, "ACTIVE"),
        ({"state": "ACTIVE", "task": "resize_prep"}, "RESIZE"),
        ({"state": "STOPPED", "task": "rebuilding"}, "REBUILD"),
        ({"state": "ACTIVE", "mode": "RESIZED"}, "VERIFY_RESIZE"),
        ({"state": "ACTIVE", "mode": "RESIZED", "task": "resize_reverting"}, "REVERT_RESIZE"),
        ({"state": "STOPPED", "mode": "SHELVED_OFFLOADED"}, "SHELVED_OFFLOADED"),
        ({"state": "PAUSED"}, "PAUSED"),
        ({"state": "ACTIVE", "mode": "RESCUED"}, "RESCUE"),
    ],
)
def test_a_status_finds_what_shows_it(
    api: Api, world: World, columns: dict[str, str], status: str
) -> None:
    world.server("broken", state="ERROR")
    world.server("one", **columns)
    shown = api.get(f"{SERVERS}/detail?name=one")["servers"][0]["status"]
    assert shown == status
    assert names(api, f"status={status}") == ["one"]


@pytest.mark.parametrize("query", ["power_state=x", "progress=-1", "created_at=never", "locked=x"])
def test_nonsense_is_named(api: Api, query: str) -> None:
    answer = api("GET", f"{SERVERS}?{query}", version="2.83")
    assert (answer.status, query.partition("=")[0] in answer.message) == (400, True)
