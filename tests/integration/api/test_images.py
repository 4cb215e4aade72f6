"""Images: records, patches, bytes."""

from __future__ import annotations

from typing import Any

import pytest

from synnefo.db.models import Image
from tests.integration.api.client import Api
from tests.integration.api.world import World

JSON_PATCH = "application/openstack-images-v2.1-json-patch"
OLD_JSON_PATCH = "application/openstack-images-v2.0-json-patch"
BYTES = "application/octet-stream"
LONG = "x" * 256
IMAGES = "/image/v2/images"


def test_an_image_from_record_to_bytes(api: Api) -> None:
    body = {
        "name": "i",
        "disk_format": "raw",
        "container_format": "bare",
        "owner_specified.openstack.md5": "",
    }
    created = api("POST", IMAGES, body)
    assert (created.status, created.body["status"]) == (201, "queued")
    assert created.body["visibility"] == "shared"
    assert created.body["owner_specified.openstack.md5"] == ""
    path = f"{IMAGES}/{created.body['id']}"
    assert created.headers["Location"].endswith(path)
    assert api("GET", f"{path}/file").status == 204
    assert api("PUT", f"{path}/file", b"x", kind="application/json").status == 415
    assert api("PUT", f"{path}/file", b"hello" * 1000, kind=BYTES).status == 204
    record = api.get(path)
    assert (record["status"], record["size"], record["os_hash_algo"]) == ("active", 5000, "sha512")
    fetched = api("GET", f"{path}/file")
    assert fetched.raw == b"hello" * 1000
    assert fetched.headers["Content-MD5"] == record["checksum"]
    assert api("PUT", f"{path}/file", b"x", kind=BYTES).status == 409
    assert api("DELETE", path).status == 204
    assert api("GET", path).status == 404


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ([], 400, "object"),
        ({"disk_format": "floppy"}, 400, "disk_format"),
        ({"container_format": "box"}, 400, "container_format"),
        ({"visibility": "secret"}, 400, "visibility"),
        ({"visibility": "public"}, 403, "publish"),
        ({"min_ram": -1}, 400, "min_ram"),
        ({"min_disk": 1 << 40}, 400, "min_disk"),
        ({"protected": "perhaps"}, 400, "protected"),
        ({"tags": "x"}, 400, "tags"),
        ({"tags": [LONG]}, 400, "tags[0]"),
        ({"id": "x"}, 400, "id"),
        ({"name": LONG}, 400, "name"),
        ({"custom": 5}, 400, "custom"),
        ({"custom": "a\x00"}, 400, "custom"),
        ({"status": "active"}, 403, "status"),
        ({"owner": "x"}, 403, "owner"),
        ({"os_glance_x": "x"}, 403, "os_glance_x"),
    ],
)
def test_bad_images(api: Api, body: Any, status: int, words: str) -> None:
    before = Image.objects.count()
    answer = api("POST", IMAGES, body)
    assert answer.status == status
    assert words in answer.message
    assert Image.objects.count() == before


@pytest.mark.parametrize(
    ("kind", "patch", "status", "changed"),
    [
        (JSON_PATCH, [{"op": "add", "path": "/name", "value": "X"}], 200, {"name": "X"}),
        (JSON_PATCH, [{"op": "replace", "path": "/min_ram", "value": 5}], 200, {"min_ram": 5}),
        (JSON_PATCH, [{"op": "add", "path": "/a~1b", "value": "c"}], 200, {"a/b": "c"}),
        (JSON_PATCH, [{"op": "replace", "path": "/tags", "value": ["b", "a"]}], 200,
         {"tags": ["a", "b"]}),
        (OLD_JSON_PATCH, [{"replace": "/name", "value": "Y"}], 200, {"name": "Y"}),
        (OLD_JSON_PATCH, [{"add": "/x", "value": "y"}], 200, {"x": "y"}),
        (JSON_PATCH, [{"op": "remove", "path": "/p"}], 200, {"p": None}),
        (JSON_PATCH, [{"op": "remove", "path": "/q"}], 409, {}),
        (JSON_PATCH, [{"op": "replace", "path": "/q", "value": ""}], 409, {}),
        (JSON_PATCH, [{"op": "remove", "path": "/name"}], 403, {}),
        (JSON_PATCH, [{"op": "replace", "path": "/status", "value": "x"}], 403, {}),
        (JSON_PATCH, [{"op": "replace", "path": "/visibility", "value": "public"}], 403, {}),
        (JSON_PATCH, [{"op": "replace", "path": "/disk_format", "value": "iso"}], 403, {}),
        (JSON_PATCH, [{"op": "move", "path": "/name"}], 400, {}),
        (JSON_PATCH, [{"op": "add", "path": "name", "value": "x"}], 400, {}),
        (JSON_PATCH, [{"op": "add", "path": "/name"}], 400, {}),
        (JSON_PATCH, [{"op": "add", "path": "/name", "value": 5}], 400, {}),
        (JSON_PATCH, {}, 400, {}),
        (JSON_PATCH, [5], 400, {}),
        (OLD_JSON_PATCH, [{"op": "add", "path": "/name", "value": "x"}], 400, {}),
        ("application/json", [], 415, {}),
    ],
    ids=lambda value: repr(value)[:50],
)  # fmt: skip
def test_patches(
    api: Api, world: World, kind: str, patch: Any, status: int, changed: dict[str, Any]
) -> None:
    path = f"{IMAGES}/{world.picture('i', world.demo, properties={'p': '1'}).uuid}"
    before = api.get(path)
    answer = api("PATCH", path, patch, kind=kind)
    assert answer.status == status, answer
    after = api.get(path)
    for name, value in changed.items():
        assert after.get(name) == value
    if not changed:
        assert after == before


def test_images_of_others(api: Api, world: World) -> None:
    path = f"{IMAGES}/{world.image.uuid}"
    assert api("GET", path).status == 200
    assert api("DELETE", path).status == 403
    assert api("PUT", f"{path}/tags/x").status == 403
    community = world.picture("c", world.other, "community")
    assert api("GET", f"{IMAGES}/{community.uuid}").status == 200


def test_tags_and_protection(api: Api, world: World) -> None:
    path = f"{IMAGES}/{world.picture('i', world.demo, protected=True).uuid}"
    assert api("PUT", f"{path}/tags/a").status == 204
    assert api.get(path)["tags"] == ["a"]
    assert api("PUT", f"{path}/tags/{LONG}").status == 400
    assert api("DELETE", f"{path}/tags/a").status == 204
    assert api("DELETE", f"{path}/tags/a").status == 404
    assert api("DELETE", path).status == 403
