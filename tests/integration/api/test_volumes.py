"""The block storage API: records, lists, quotas, bad input, and strangers."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from synnefo.api.volume import routes, versions
from synnefo.db.models import (
    Backup,
    Image,
    QuotaLimit,
    Snapshot,
    Volume,
    VolumeContent,
    VolumeType,
)
from synnefo.intents.image import image_files
from synnefo.intents.volume import volume_images
from tests.integration.api.client import Answer, Api
from tests.integration.api.conformance import why_not
from tests.integration.api.world import World

V3 = "/volume/v3"
BAD_NAMES: tuple[Any, ...] = (1, [], {}, "x" * 256, "a\0b", "a\nb")


def call(api: Api, method: str, path: str, body: Any = None, **more: Any) -> Answer:
    """With the newest microversion unless another one is named; the document tells the answer."""
    version = more.pop("at", "latest")
    headers = {"OPENSTACK_API_VERSION": f"volume {version}"}
    found = api(method, V3 + path, body, **headers, **more)
    assert why_not(method, V3 + path, found.status, found.body) is None
    return found


def made(api: Api, size: int = 1, **fields: Any) -> dict[str, Any]:
    answer = call(api, "POST", "/volumes", {"volume": {"size": size, **fields}})
    assert answer.status == 202, answer
    return dict(answer.body["volume"])


def act(api: Api, volume: dict[str, Any], name: str, wish: Any = None, **more: Any) -> Answer:
    return call(api, "POST", f"/volumes/{volume['id']}/action", {name: wish}, **more)


def shown(api: Api, volume: dict[str, Any], **more: Any) -> dict[str, Any]:
    return dict(call(api, "GET", f"/volumes/{volume['id']}", **more).body["volume"])


def test_a_volume_lives_and_goes(api: Api) -> None:
    volume = made(api, 2, name="data", description="mine", metadata={"a": "b"})
    assert (volume["status"], volume["size"], volume["bootable"]) == ("creating", 2, "false")
    assert not any(key.startswith("os-vol") for key in volume)
    found = shown(api, volume)
    assert (found["status"], found["volume_type"]) == ("available", "__DEFAULT__")
    assert found["os-vol-tenant-attr:tenant_id"] == api.world.demo.id
    assert "os-vol-host-attr:host" not in found
    assert shown(api, volume, as_="admin")["os-vol-host-attr:host"].count("@") == 1
    changed = call(api, "PUT", f"/volumes/{volume['id']}", {"volume": {"name": " new "}})
    assert (changed.status, changed.body["volume"]["name"]) == (200, "new")
    assert call(api, "DELETE", f"/volumes/{volume['id']}").status == 202
    assert call(api, "GET", f"/volumes/{volume['id']}").status == 404


def test_each_microversion_shows_what_it_brought(api: Api) -> None:
    volume = made(api)
    brought = {13: "group_id", 48: "shared_targets", 63: "volume_type_id", 65: "consumes_quota"}
    for minor, key in brought.items():
        assert key not in shown(api, volume, at=f"3.{minor - 1}")
        assert key in shown(api, volume, at=f"3.{minor}")
    answer = call(api, "GET", "/volumes", at="3.99")
    assert (answer.status, answer.headers["OpenStack-API-Version"]) == (406, "volume 3.0")
    assert call(api, "GET", "/volumes", at="x").status == 400
    assert sorted(versions.STEPS) == list(range(versions.MAXIMUM[1] + 1))


def test_paths_with_the_project_and_with_two_slashes(api: Api) -> None:
    made(api)
    for path in (f"/{api.world.demo.id}/volumes", "//volumes"):
        assert len(call(api, "GET", path).body["volumes"]) == 1
    assert call(api, "GET", f"/{api.world.other.id}/volumes").status == 400


def test_lists_have_filters_pages_and_counts(api: Api) -> None:
    for number in range(4):
        made(api, name=f"v{number}", metadata={"n": str(number)})
    page = call(api, "GET", "/volumes/detail?limit=3&sort=name:asc&with_count=true").body
    assert [one["name"] for one in page["volumes"]] == ["v0", "v1", "v2"]
    assert page["count"] == 4
    path = page["volumes_links"][0]["href"].partition(V3)[2]
    assert [one["name"] for one in call(api, "GET", path).body["volumes"]] == ["v3"]
    for query, number in (
        ("name=v2", 1),
        ("name~=v", 4),
        ("metadata={'n':'3'}", 1),
        ("status=in-use", 0),
        ("bootable=false", 4),
        ("created_at=lt:2020-01-01T00:00:00", 0),
        ("offset=3", 1),
        ("limit=0", 0),
    ):
        assert len(call(api, "GET", f"/volumes?{query}").body["volumes"]) == number, query
    bad = ("sort_key=secret", "bootable=maybe", "limit=x", "metadata=[1]", "created_at=gt:x")
    for query in bad:
        assert call(api, "GET", f"/volumes?{query}").status == 400, query
    assert call(api, "GET", f"/volumes?marker={uuid.uuid4()}").status == 404


LISTS = ("volumes/detail", "snapshots/detail", "backups/detail", "attachments/detail", "types")


@pytest.mark.parametrize("path", LISTS)
def test_lists_ask_the_database_as_often_for_many_as_for_few(api: Api, path: str) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert call(api, "GET", f"/{path}").status == 200
        return len(seen)

    def more() -> None:
        volume = made(api)
        act(api, volume, "os-attach", {"instance_uuid": str(uuid.uuid4()), "mountpoint": "/dev/x"})
        volume = made(api)
        wish = {"volume_id": volume["id"]}
        assert call(api, "POST", "/snapshots", {"snapshot": wish}).status == 202
        assert call(api, "POST", "/backups", {"backup": wish}).status == 202

    more()
    few = queries()
    more()
    more()
    assert queries() == few


def test_what_a_volume_is_made_of(api: Api) -> None:
    image = _with_bytes(api.world)
    first = made(api, 1, imageRef=str(image.uuid))
    assert shown(api, first)["volume_image_metadata"]["image_id"] == str(image.uuid)
    wish = {"volume_id": first["id"], "name": "s"}
    snapshot = call(api, "POST", "/snapshots", {"snapshot": wish}).body["snapshot"]
    second = made(api, 2, snapshot_id=snapshot["id"])
    third = made(api, None, source_volid=second["id"])
    assert [one["bootable"] for one in (second, third)] == ["true", "true"]
    assert (third["size"], third["source_volid"]) == (2, second["id"])
    contents = {Volume.objects.get(uuid=one["id"]).content_id for one in (first, second, third)}
    assert len(contents) == 1  # The same bytes, once.
    path = image_files.path_of(image).parent / str(VolumeContent.objects.get().uuid)
    image_files.path_of(image).unlink()
    assert path.read_bytes() == b"bytes"
    too_small = {"size": 1, "snapshot_id": None, "source_volid": second["id"]}
    assert call(api, "POST", "/volumes", {"volume": too_small}).status == 400
    assert call(api, "DELETE", f"/volumes/{first['id']}").status == 400  # It has a snapshot.
    assert call(api, "DELETE", f"/volumes/{first['id']}?cascade=true").status == 202
    for one in (second, third):
        assert call(api, "DELETE", f"/volumes/{one['id']}").status == 202
    assert not VolumeContent.objects.exists()


def _with_bytes(world: World) -> Image:
    image = world.picture("bytes", world.demo, "private")
    Image.objects.filter(pk=image.pk).update(disk_format="raw", size=5, virtual_size=5)
    image.refresh_from_db()
    image_files.path_of(image).write_bytes(b"bytes")
    return image


@pytest.mark.parametrize("disk_format", ["raw", "qcow2"])
def test_an_image_of_a_volume(
    api: Api, monkeypatch: Any, disk_format: str, django_capture_on_commit_callbacks: Any
) -> None:
    monkeypatch.setattr(volume_images, "start", lambda work: work())
    volume = made(api, imageRef=str(_with_bytes(api.world).uuid))
    wish = {"image_name": "copy", "disk_format": disk_format}
    with django_capture_on_commit_callbacks(execute=True):
        answer = act(api, volume, "os-volume_upload_image", wish)
    assert answer.status == 202, answer
    image = Image.objects.get(uuid=answer.body["os-volume_upload_image"]["image_id"])
    assert (image.status, image.virtual_size, image.min_disk) == ("active", 5, 1)
    assert shown(api, volume)["status"] == "available"


def test_backups_outlive_their_volume(api: Api) -> None:
    volume = made(api, metadata={"a": "b"})
    wish = {"volume_id": volume["id"], "name": "b"}
    backup = call(api, "POST", "/backups", {"backup": wish}).body["backup"]
    child = call(api, "POST", "/backups", {"backup": wish | {"incremental": True}})
    assert child.status == 202
    assert call(api, "DELETE", f"/backups/{backup['id']}").status == 400
    assert call(api, "DELETE", f"/volumes/{volume['id']}").status == 202
    path = f"/backups/{backup['id']}/restore"
    restored = call(api, "POST", path, {"restore": {}}).body["restore"]
    assert shown(api, {"id": restored["volume_id"]})["metadata"] == {"a": "b"}
    record = call(api, "GET", f"/backups/{backup['id']}/export_record", as_="admin").body
    again = call(api, "POST", "/backups/import_record", record, as_="admin")
    assert again.status == 409  # It is there.
    forged = {"backup-record": {"backup_service": "x", "backup_url": "e30="}}
    assert call(api, "POST", "/backups/import_record", forged, as_="admin").status == 400
    assert Backup.objects.count() == 2


def test_quotas_hold(api: Api) -> None:
    demo = api.world.demo
    for resource, limit in (("volumes", 2), ("gigabytes", 3), ("per_volume_gigabytes", 2)):
        QuotaLimit.objects.create(project=demo, resource=resource, limit=limit)
    volume = made(api)
    for size in (3, 2):
        answer = call(api, "POST", "/volumes", {"volume": {"size": size}})
        assert answer.status == (413 if size == 3 else 202)
    refused = call(api, "POST", "/volumes", {"volume": {"size": 1}})
    assert refused.status == 413
    assert "overLimit" in refused.body
    assert act(api, volume, "os-extend", {"new_size": 2}).status == 413
    assert call(api, "POST", "/snapshots", {"snapshot": {"volume_id": volume["id"]}}).status == 413
    used = call(api, "GET", f"/os-quota-sets/{demo.id}?usage=true").body["quota_set"]
    assert (used["volumes"]["in_use"], used["gigabytes"]["in_use"]) == (2, 3)
    limits = call(api, "GET", "/limits").body["limits"]["absolute"]
    assert (limits["totalVolumesUsed"], limits["maxTotalVolumes"]) == (2, 2)
    assert not Snapshot.objects.exists()


def test_another_project_takes_a_volume_that_it_was_offered(api: Api) -> None:
    volume = made(api)
    offer = {"transfer": {"volume_id": volume["id"], "name": None}}
    transfer = call(api, "POST", "/os-volume-transfer", offer).body["transfer"]
    assert shown(api, volume)["status"] == "awaiting-transfer"
    path = f"/os-volume-transfer/{transfer['id']}/accept"
    wrong = call(api, "POST", path, {"accept": {"auth_key": "guess"}}, as_="stranger")
    assert wrong.status == 400
    right = {"accept": {"auth_key": transfer["auth_key"]}}
    assert call(api, "POST", path, right, as_="stranger").status == 202
    assert shown(api, volume, as_="stranger")["status"] == "available"
    assert call(api, "GET", f"/volumes/{volume['id']}").status == 404
    assert call(api, "POST", path, right).status == 404  # Once.


def test_volumes_stay_within_their_project(api: Api, world: World) -> None:
    """To no server of others, and to no other project while a server has it."""
    volume = made(api)
    body = {"volumeAttachment": {"volumeId": volume["id"]}}
    mine, theirs = world.server("mine"), world.server("theirs", world.other)
    compute = "/compute/v2.1/servers"
    path = f"{compute}/{theirs.uuid}/os-volume_attachments"
    assert api("POST", path, body).status == 404
    assert api("POST", path, body, as_="stranger").status == 404
    Volume.objects.filter(uuid=volume["id"]).update(status="in-use", server=mine)
    offer = {"transfer": {"volume_id": volume["id"], "name": None}}
    assert call(api, "POST", "/os-volume-transfer", offer).status == 400


def test_a_private_type_is_for_whom_it_was_made(api: Api) -> None:
    kind = {"name": "gold", "os-volume-type-access:is_public": False, "extra_specs": {"x": "y"}}
    gold = call(api, "POST", "/types", {"volume_type": kind}, as_="admin").body["volume_type"]
    assert call(api, "POST", "/types", {"volume_type": kind}, as_="admin").status == 409
    assert call(api, "POST", "/types", {"volume_type": kind}).status == 403
    wish = {"volume": {"size": 1, "volume_type": "gold"}}
    assert call(api, "POST", "/volumes", wish).status == 404
    access = {"addProjectAccess": {"project": api.world.demo.id}}
    assert call(api, "POST", f"/types/{gold['id']}/action", access, as_="admin").status == 202
    assert call(api, "POST", "/volumes", wish).status == 202
    assert call(api, "DELETE", f"/types/{gold['id']}", as_="admin").status == 400  # It is used.
    names = [one["name"] for one in call(api, "GET", "/types").body["volume_types"]]
    assert sorted(names) == ["__DEFAULT__", "gold"]
    assert VolumeType.objects.count() == 2


def test_attaching_by_hand_is_told_from_servers(api: Api) -> None:
    volume = made(api)
    wish = {"instance_uuid": str(uuid.uuid4()), "mountpoint": "/dev/vdc"}
    assert act(api, volume, "os-attach", wish).status == 202
    (attachment,) = shown(api, volume)["attachments"]
    assert (attachment["id"], attachment["server_id"]) == (volume["id"], wish["instance_uuid"])
    assert act(api, volume, "os-attach", wish).status == 400
    assert call(api, "DELETE", f"/volumes/{volume['id']}").status == 400
    assert act(api, volume, "os-detach", {}).status == 202
    assert shown(api, volume)["status"] == "available"


@pytest.mark.parametrize("size", ["", "x", 0, -1, 1.5, None, True, [], 1 << 40, "1" * 30])
def test_sizes_that_make_no_sense(api: Api, size: Any) -> None:
    assert call(api, "POST", "/volumes", {"volume": {"size": size}}).status == 400
    assert not Volume.objects.exists()


@pytest.mark.parametrize("name", BAD_NAMES)
def test_names_that_make_no_sense(api: Api, name: Any) -> None:
    for field in ("name", "display_name", "volume_type", "availability_zone"):
        body = {"volume": {"size": 1, field: name}}
        assert call(api, "POST", "/volumes", body).status in (400, 404), field
    assert not Volume.objects.exists()


def test_everything_unknown_is_refused(api: Api) -> None:
    volume = made(api)
    for body in ({"volume": {"size": 1, "nonsense": 1}}, {"volume": {"size": 1}, "x": 1}, {}, []):
        assert call(api, "POST", "/volumes", body).status == 400, body
    for wish in ({}, {"nonsense": {}}, {"os-extend": {"new_size": 2}, "os-reserve": {}}):
        assert call(api, "POST", f"/volumes/{volume['id']}/action", wish).status == 400, wish
    assert shown(api, volume)["size"] == 1


@pytest.mark.parametrize("who", ["reader", "stranger"])
def test_who_may_not_change_a_volume(api: Api, who: str) -> None:
    volume = made(api)
    expected = 403 if who == "reader" else 404
    for name, wish in (("os-extend", {"new_size": 2}), ("os-reserve", {}), ("os-detach", {})):
        assert act(api, volume, name, wish, as_=who).status == expected
    assert act(api, volume, "os-reset_status", {"status": "error"}).status == 403
    assert act(api, volume, "os-force_delete", {}).status == 403
    assert shown(api, volume)["status"] == "available"


def test_every_route_says_its_body() -> None:
    for route in routes.ROUTES:
        assert route.method not in ("POST", "PUT") or route.body is not None, route.path
