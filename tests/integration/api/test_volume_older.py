"""What clients of block storage still ask for by older names, and of its services."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from synnefo.db.models import Volume, VolumeType
from tests.integration.api.client import Answer, Api
from tests.integration.api.world import START, World

V = "/volume/v3"
CG, CGS = f"{V}/consistencygroups", f"{V}/cgsnapshots"
NEWEST = "volume 3.71"


@pytest.fixture
def kind(world: World) -> str:
    return str(VolumeType.objects.create(name="v", created_at=START).uuid)


def make(api: Api, types: Any, **more: Any) -> Answer:
    wish = {"name": "c", "description": "d", "volume_types": types} | more
    return api("POST", CG, {"consistencygroup": wish})


def with_volume(api: Api, group: str) -> str:
    made = api("POST", f"{V}/volumes", {"volume": {"size": 1}}).body["volume"]["id"]
    Volume.objects.filter(uuid=made).update(status="available")
    wish = {"consistencygroup": {"add_volumes": f"{made},"}}
    assert api("PUT", f"{CG}/{group}/update", wish).status == 202
    return str(made)


def test_consistency_groups_are_groups(api: Api, kind: str) -> None:
    answer = make(api, f"{kind},")
    made = answer.body["consistencygroup"]
    assert (answer.status, made) == (202, {"id": made["id"], "name": "c"})
    shown = api.get(f"{CG}/{made['id']}")["consistencygroup"]
    assert shown.pop("created_at")
    assert shown == made | {
        "description": "d", "status": "available", "availability_zone": "nova",
        "volume_types": [kind],
    }  # fmt: skip
    assert api.get(CG)["consistencygroups"] == [made]
    (listed,) = api.get(f"{CG}/detail?name=c")["consistencygroups"]
    assert listed["volume_types"] == [kind]
    group = api("GET", f"{V}/groups/{made['id']}", openstack_api_version=NEWEST).body["group"]
    assert group["name"] == "c"
    for path in (f"{CG}/{made['id']}", f"{CG}/{made['id']}/update"):
        assert api("PUT", path, {"consistencygroup": {"name": path[-6:]}}).status == 202
    assert api.get(f"{CG}/{made['id']}")["consistencygroup"]["name"] == "update"
    assert make(api, [kind]).status == 202
    for types in ("", None, "nothing"):
        assert make(api, types).status in (400, 404), types
    assert api("GET", f"{CG}/{made['id']}", as_="stranger").status == 404


def test_consistency_groups_end_with_their_volumes(api: Api, kind: str) -> None:
    group = make(api, kind).body["consistencygroup"]["id"]
    volume = with_volume(api, group)
    delete = f"{CG}/{group}/delete"
    assert api("POST", delete, {}).status == 400
    assert api("POST", delete, {"consistencygroup": {}}).status == 400
    # This is how openstacksdk asks.
    assert api("POST", delete, {"consistency_group": {"force": True}}).status == 202
    assert api("GET", f"{CG}/{group}").status == 404
    assert Volume.objects.filter(uuid=volume, status="available").count() == 0


def test_snapshots_of_consistency_groups(api: Api, kind: str) -> None:
    group = make(api, kind).body["consistencygroup"]["id"]
    wish = {"cgsnapshot": {"consistencygroup_id": group, "name": "s"}}
    assert api("POST", CGS, wish).status == 400
    with_volume(api, group)
    answer = api("POST", CGS, wish)
    assert answer.status == 202
    made = answer.body["cgsnapshot"]["id"]
    assert api.get(f"{CGS}/{made}")["cgsnapshot"]["consistencygroup_id"] == group
    assert [one["id"] for one in api.get(f"{CGS}/detail")["cgsnapshots"]] == [made]
    for source in ({"cgsnapshot_id": made}, {"source_cgid": group}):
        copied = api("POST", f"{CG}/create_from_src", {"consistencygroup-from-src": source})
        assert copied.status == 202, copied
    both = {"cgsnapshot_id": made, "source_cgid": group}
    wrong = api("POST", f"{CG}/create_from_src", {"consistencygroup-from-src": both})
    assert wrong.status == 400
    assert api("DELETE", f"{CGS}/{made}").status == 202
    assert api.get(CGS)["cgsnapshots"] == []


def test_levels_of_logs(api: Api) -> None:
    logger = logging.getLogger("synnefo.api.volume")
    before = logger.level
    wish = {"binary": "cinder-api", "server": None, "prefix": logger.name}

    def ask(word: str, **more: str) -> Answer:
        path = f"{V}/os-services/{word}"
        return api("PUT", path, wish | more, as_="admin", openstack_api_version=NEWEST)

    try:
        assert ask("set-log", level="error").status == 202
        (shown,) = ask("get-log").body["log_levels"]
        assert (shown["binary"], shown["levels"][logger.name]) == ("cinder-api", "ERROR")
        assert ask("get-log", binary="").body["log_levels"] == [shown]
        assert ask("get-log", prefix="django").body["log_levels"][0]["levels"] == {}
        assert ask("get-log", binary="cinder-volume").body["log_levels"] == []
        for more in ({"binary": "cinder-volume"}, {"level": "loud"}, {"binary": "x"}):
            assert ask("set-log", **{"level": "INFO"} | more).status == 400, more
        assert api("PUT", f"{V}/os-services/get-log", wish, as_="admin").status == 404
        assert api("PUT", f"{V}/os-services/get-log", wish).status == 403
    finally:
        logger.setLevel(before)


def test_nothing_is_left_to_clean_up(api: Api) -> None:
    for method in ("POST", "PUT"):
        answer = api(
            method, f"{V}/workers/cleanup", {"host": "x", "is_up": False}, as_="admin",
            openstack_api_version=NEWEST,
        )  # fmt: skip
        assert (answer.status, answer.body) == (202, {"cleaning": [], "unavailable": []})


def test_nothing_can_be_taken_over(api: Api, world: World) -> None:
    host = api.get(f"{V}/os-services?binary=cinder-volume", as_="admin")["services"][0]["host"]
    for noun in ("volumes", "snapshots"):
        for path in (f"manageable_{noun}", f"manageable_{noun}/detail", f"os-{noun[:-1]}-manage"):
            found = api.get(f"{V}/{path}?host={host}", as_="admin")
            assert found == {f"manageable-{noun}": []}
            for query in ("", "?host=nowhere"):
                assert api("GET", f"{V}/{path}{query}", as_="admin").status == 400


def test_there_is_one_pool(api: Api) -> None:
    made = api("POST", f"{V}/volumes", {"volume": {"size": 1}}).body["volume"]["id"]
    for action in (
        {"os-migrate_volume": {"host": "nowhere"}},
        {"os-extend_volume_completion": {"error": False}},
    ):
        answer = api(
            "POST", f"{V}/volumes/{made}/action", action, as_="admin", openstack_api_version=NEWEST
        )
        assert answer.status == 400, answer
    host = {"host": "synnefo@volumes"}
    assert api("PUT", f"{V}/os-services/failover_host", host, as_="admin").status == 400
