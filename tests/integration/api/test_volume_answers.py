"""Types, groups and the service itself: each answer is one that the document tells."""

from __future__ import annotations

from typing import Any

import pytest

from synnefo.api.request import Request
from synnefo.api.volume import group_types
from synnefo.db.models import GroupType
from tests.integration.api.client import Answer, Api
from tests.integration.api.test_volumes import act, call, made


def ask(api: Api, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    """As an administrator; `call` holds the answer to the document."""
    found: Answer = call(api, method, path, body, as_="admin")
    assert found.status == status, (path, found)
    return found.body


def test_types_and_what_is_said_of_them(api: Api) -> None:
    kind = ask(api, "POST", "/types", {"volume_type": {"name": "gold", "extra_specs": {"a": "b"}}})
    one = f"/types/{kind['volume_type']['id']}"
    ask(api, "PUT", one, {"volume_type": {"description": "shines"}})
    ask(api, "POST", f"{one}/extra_specs", {"extra_specs": {"c": "d"}})
    ask(api, "PUT", f"{one}/extra_specs/c", {"c": "e"})
    assert ask(api, "GET", f"{one}/extra_specs/c") == {"c": "e"}
    ask(api, "DELETE", f"{one}/extra_specs/c", status=202)
    assert ask(api, "GET", f"{one}/encryption") == {}
    wish = {"encryption": {"provider": "luks", "control_location": "front-end", "key_size": 256}}
    made_of = ask(api, "POST", f"{one}/encryption", wish)["encryption"]["encryption_id"]
    assert ask(api, "GET", f"{one}/encryption")["key_size"] == 256
    ask(api, "PUT", f"{one}/encryption/{made_of}", {"encryption": {"cipher": "aes"}})
    ask(api, "DELETE", f"{one}/encryption/{made_of}", status=202)
    default = f"/default-types/{api.world.demo.id}"
    ask(api, "PUT", default, {"default_type": {"volume_type": "gold"}})
    assert len(ask(api, "GET", "/default-types")["default_types"]) == 1
    ask(api, "GET", default)
    assert made(api)["volume_type"] == "gold"
    ask(api, "DELETE", default, status=204)
    ask(api, "GET", "/types?is_public=None")


def test_quality_of_service(api: Api) -> None:
    kind = ask(api, "POST", "/types", {"volume_type": {"name": "gold"}})["volume_type"]["id"]
    qos = ask(api, "POST", "/qos-specs", {"qos_specs": {"name": "fast", "iops": "9"}})["qos_specs"]
    one = f"/qos-specs/{qos['id']}"
    ask(api, "PUT", one, {"qos_specs": {"iops": "10"}})
    ask(api, "GET", f"{one}/associate?vol_type_id={kind}", status=202)
    assert ask(api, "GET", f"{one}/associations")["qos_associations"][0]["name"] == "gold"
    ask(api, "GET", "/qos-specs")
    ask(api, "GET", f"{one}/disassociate_all", status=202)
    ask(api, "PUT", f"{one}/delete_keys", {"keys": ["iops"]}, 202)
    assert ask(api, "GET", one)["qos_specs"]["specs"] == {}
    ask(api, "DELETE", one, status=202)


def test_specifications_that_two_change_at_once_are_both_kept(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = ask(api, "POST", "/group_types", {"group_type": {"name": "set"}}, 202)["group_type"]
    one, find = f"/group_types/{kind['id']}/group_specs", group_types._find

    def and_meanwhile(request: Request, id: str) -> GroupType:
        row = find(request, id)
        GroupType.objects.filter(pk=row.pk).update(specs={"first": "1"})
        return row

    for method, path, body, status in (
        ("POST", one, {"group_specs": {"second": "2"}}, 202),
        ("PUT", f"{one}/second", {"second": "2"}, 200),
    ):
        GroupType.objects.filter(uuid=kind["id"]).update(specs={})
        with monkeypatch.context() as patched:
            patched.setattr(group_types, "_find", and_meanwhile)
            ask(api, method, path, body, status)
        assert ask(api, "GET", one)["group_specs"] == {"first": "1", "second": "2"}


def test_groups_and_their_snapshots(api: Api) -> None:
    kind = ask(api, "POST", "/group_types", {"group_type": {"name": "set"}}, 202)["group_type"]
    one = f"/group_types/{kind['id']}"
    ask(api, "POST", f"{one}/group_specs", {"group_specs": {"a": "b"}}, 202)
    assert ask(api, "GET", f"{one}/group_specs/a") == {"a": "b"}
    ask(api, "PUT", one, {"group_type": {"description": "together"}})
    ask(api, "GET", "/group_types")
    volume_type = ask(api, "GET", "/types/default")["volume_type"]["id"]
    wish = {"group": {"name": "g", "group_type": kind["id"], "volume_types": [volume_type]}}
    group = ask(api, "POST", "/groups", wish, 202)["group"]["id"]
    ask(api, "POST", "/volumes", {"volume": {"size": 1, "group_id": group}}, 202)
    shown = ask(api, "GET", f"/groups/{group}?list_volume=true")["group"]
    assert len(shown["volumes"]) == 1
    wish = {"group_snapshot": {"name": "s", "group_id": group}}
    snapshot = ask(api, "POST", "/group_snapshots", wish, 202)["group_snapshot"]["id"]
    ask(api, "GET", f"/group_snapshots/{snapshot}")
    for noun in ("groups", "group_snapshots"):
        ask(api, "GET", f"/{noun}")
        assert len(ask(api, "GET", f"/{noun}/detail")[noun]) == 1
    wish = {"create-from-src": {"name": "again", "group_snapshot_id": snapshot}}
    ask(api, "POST", "/groups/action", wish, 202)


def test_backups_and_transfers_and_attachments(api: Api) -> None:
    volume = ask(api, "POST", "/volumes", {"volume": {"size": 1, "name": "data"}}, 202)["volume"]
    backup = ask(api, "POST", "/backups", {"backup": {"volume_id": volume["id"]}}, 202)["backup"]
    one = f"/backups/{backup['id']}"
    ask(api, "PUT", one, {"backup": {"name": "kept", "metadata": {"a": "b"}}})
    ask(api, "POST", f"{one}/restore", {"restore": {}}, 202)
    ask(api, "GET", f"{one}/export_record")
    for noun in ("backups", "volumes", "snapshots", "attachments", "volume-transfers"):
        ask(api, "GET", f"/{noun}/detail?all_tenants=1&with_count=true&limit=1")
    reserved = {"attachment": {"volume_uuid": volume["id"], "instance_uuid": None}}
    attachment = ask(api, "POST", "/attachments", reserved)["attachment"]["id"]
    assert ask(api, "GET", f"/attachments/{attachment}")["attachment"]["status"] == "reserved"
    assert ask(api, "DELETE", f"/attachments/{attachment}") == {"attachments": []}
    wish = {"transfer": {"volume_id": volume["id"], "name": "take it"}}
    offer = ask(api, "POST", "/volume-transfers", wish, 202)["transfer"]
    ask(api, "GET", f"/volume-transfers/{offer['id']}")
    key = {"accept": {"auth_key": offer["auth_key"]}}
    assert call(api, "POST", f"/volume-transfers/{offer['id']}/accept", key).status == 202


def test_an_attachment_of_another_volume_is_not_detached(api: Api) -> None:
    one, other = made(api), made(api)
    host = {"host_name": "host", "mountpoint": "/dev/vdc"}
    for volume in (one, other):
        assert act(api, volume, "os-attach", host).status == 202
    path = f"/volumes/{other['id']}"
    (attachment,) = call(api, "GET", path).body["volume"]["attachments"]
    wish = {"attachment_id": attachment["attachment_id"]}
    refused = act(api, one, "os-detach", wish)
    assert (refused.status, "not of volume" in refused.message) == (400, True)
    assert act(api, other, "os-detach", wish).status == 202


def test_the_service_itself(api: Api) -> None:
    host = ask(api, "GET", "/os-hosts")["hosts"][1]["host_name"]
    for path in (
        "/extensions", "/os-availability-zone", "/os-services", f"/os-hosts/{host}", "/limits",
        "/scheduler-stats/get_pools?detail=true", f"/capabilities/{host}", "/resource_filters",
        "/clusters", "/volumes/summary", "/os-quota-class-sets/default", "/messages",
        f"/os-quota-sets/{api.world.demo.id}?usage=true",
    ):  # fmt: skip
        ask(api, "GET", path)
    volumes = {"binary": "cinder-volume", "host": host}
    ask(api, "PUT", "/os-services/disable", volumes)
    ask(api, "PUT", "/os-services/enable", volumes)
    ask(api, "PUT", "/os-services/freeze", {"host": host}, 202)
    ask(api, "PUT", "/os-services/thaw", {"host": host}, 202)
    ask(api, "POST", "/manageable_volumes", {}, 400)


def test_what_came_with_a_microversion_is_not_there_before(api: Api) -> None:
    for path, before in (
        ("/messages", "3.2"), ("/clusters", "3.6"), ("/group_types", "3.10"), ("/groups", "3.12"),
        ("/group_snapshots", "3.13"), ("/attachments", "3.26"), ("/resource_filters", "3.32"),
        ("/volume-transfers", "3.54"), ("/default-types", "3.61"),
    ):  # fmt: skip
        assert call(api, "GET", path, as_="admin", at=before).status == 404, path
        after = f"3.{int(before[2:]) + 1}"
        assert call(api, "GET", path, as_="admin", at=after).status == 200, path
