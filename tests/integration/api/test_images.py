"""Images: records, patches, bytes."""

from __future__ import annotations

import asyncio
import errno
import os
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from synnefo import asgi
from synnefo.api.openapi.document import document
from synnefo.core.caller import Caller
from synnefo.core.faults import NotFound
from synnefo.db.models import Image
from synnefo.intents.image import image_files, images
from synnefo.urls import SERVICES
from tests.integration.api.client import Api
from tests.integration.api.world import World

JSON_PATCH = "application/openstack-images-v2.1-json-patch"
OLD_JSON_PATCH = "application/openstack-images-v2.0-json-patch"
COMMON_PATCH = "application/json-patch+json"
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
        ({"owner": "x" * 65}, 400, "owner"),
        ({"locations": []}, 403, "locations"),
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
        (COMMON_PATCH, [{"op": "add", "path": "/name", "value": "Z"}], 200, {"name": "Z"}),
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


def test_each_form_of_patches_is_told() -> None:
    path = "/image/v2/images/{id}"
    told = document(SERVICES)["paths"][path]["patch"]["requestBody"]["content"]
    old, new = (Draft202012Validator(told[kind]["schema"]) for kind in (OLD_JSON_PATCH, JSON_PATCH))
    by_word = [{"replace": "/name", "value": "x"}, {"remove": "/a"}]
    by_op = [{"op": "replace", "path": "/name", "value": "x"}, {"op": "remove", "path": "/a"}]
    assert (old.is_valid(by_word), old.is_valid(by_op)) == (True, False)
    assert (new.is_valid(by_word), new.is_valid(by_op)) == (False, True)
    for wrong in ({"add": "/a"}, {"add": "/a", "remove": "/b"}, {"remove": "a"}, {"value": "x"}):
        assert not old.is_valid([wrong]), wrong


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


# --- bytes ---------------------------------------------------------------------------------------


def queued(world: World, disk_format: str = "raw") -> Image:
    return world.picture("new", world.demo, status="queued", disk_format=disk_format)


def qcow2(version: int = 3, backing: int = 0, size: int = 1 << 20, features: int = 0) -> bytes:
    head = struct.pack(">4sIQIIQ", b"QFI\xfb", version, backing, 0, 16, size)
    return head.ljust(72, b"\0") + struct.pack(">Q", features) + bytes(432)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (qcow2(), 204),
        (qcow2(version=2, features=4), 204),  # version 2 has no features there
        (qcow2(version=4), 415),
        (qcow2(backing=104), 415),
        (qcow2(features=4), 415),
        (qcow2(size=(1 << 64) - 1), 413),
        (qcow2()[:40], 415),
        (b"\0" * 512, 415),
    ],
    ids=["3", "2", "4", "backing file", "data file", "huge", "short", "raw"],
)
def test_qcow2(api: Api, world: World, data: bytes, status: int) -> None:
    image = queued(world, "qcow2")
    answer = api("PUT", f"{IMAGES}/{image.uuid}/file", data, kind=BYTES)
    assert answer.status == status, answer
    shown = api.get(f"{IMAGES}/{image.uuid}")
    assert shown["status"] == ("active" if status == 204 else "queued")
    assert shown["virtual_size"] == (1 << 20 if status == 204 else None)
    assert not image_files.part_of(image).exists()
    assert image_files.path_of(image).exists() == (status == 204)


def test_too_much(api: Api, world: World, settings: Any, monkeypatch: Any) -> None:
    path = f"{IMAGES}/{queued(world).uuid}"
    settings.SYNNEFO_IMAGE_LIMIT = 1000
    assert api("PUT", f"{path}/file", b"x" * 1001, kind=BYTES).status == 413
    settings.SYNNEFO_IMAGE_LIMIT = 2000

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        answer = api("PUT", f"{path}/file", b"x" * 1001, kind=BYTES)
    assert (answer.status, "room" in answer.message) == (413, True)
    assert api.get(path)["status"] == "queued"
    assert api("PUT", f"{path}/file", b"x" * 1001, kind=BYTES).status == 204


def caller(world: World) -> Caller:
    return Caller(world.user.id, "user", world.demo.id, "demo", frozenset({"member"}), "req-1")


def test_an_image_that_is_deleted_while_its_bytes_come(api: Api, world: World) -> None:
    image = queued(world)

    def chunks() -> Iterator[bytes]:
        yield b"x"
        assert api.get(f"{IMAGES}/{image.uuid}")["status"] == "saving"
        again = api("PUT", f"{IMAGES}/{image.uuid}/file", b"y", kind=BYTES)
        assert again.status == 409
        assert api("DELETE", f"{IMAGES}/{image.uuid}").status == 204
        yield b"y"

    with pytest.raises(NotFound):
        images.store_file(caller(world), str(image.uuid), chunks())
    left = Path(image_files.path_of(image)).parent.glob(f"{image.uuid}*")
    assert not list(left)


def test_what_a_dead_process_was_writing(api: Api, world: World) -> None:
    first, second = queued(world), queued(world)
    Image.objects.update(status="saving")
    image_files.part_of(first).write_bytes(b"half")
    with image_files.part_file(second):
        assert images.take_back_abandoned() == Image.objects.count() - 1
    assert api.get(f"{IMAGES}/{first.uuid}")["status"] == "queued"
    assert not image_files.part_of(first).exists()
    # Nobody writes the second one any more either: who comes with its bytes need not wait.
    assert api.get(f"{IMAGES}/{second.uuid}")["status"] == "saving"
    assert api("PUT", f"{IMAGES}/{second.uuid}/file", b"whole", kind=BYTES).status == 204


def test_silent_clients_are_given_up(monkeypatch: Any) -> None:
    monkeypatch.setattr(asgi, "PIECE_SECONDS", 0.01)

    async def never(_message: Any = None) -> Any:
        await asyncio.Event().wait()

    async def both() -> None:
        with pytest.raises(ConnectionError):
            await asgi._guarded(never)()
        send = asgi._patient(never)
        await send({})
        await asyncio.wait_for(send({}), 5)

    # A browser test may have left a loop running in this thread.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, both()).result()


def test_servers_boot_from_what_clusters_can_copy(api: Api, world: World) -> None:
    image = world.picture("disc", world.demo, disk_format="iso")
    body = {"name": "s", "flavorRef": "1", "imageRef": str(image.uuid), "networks": "none"}
    answer = api("POST", "/compute/v2.1/servers", {"server": body}, version="2.37")
    assert answer.status == 400
    assert "imageRef" in answer.message
