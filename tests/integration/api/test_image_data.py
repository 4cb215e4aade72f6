"""The bytes of images: ranges, formats, deactivation, and how long they stay."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from synnefo.core.server_states import ServerState
from synnefo.db.models import Image, Intent, Server
from synnefo.intents.image import image_files, images
from tests.integration.api.client import Api
from tests.integration.api.test_images import BYTES, IMAGES, queued
from tests.integration.api.world import World


@pytest.fixture
def ten(world: World) -> str:
    image = world.picture("ten", world.demo, size=10)
    image_files.path_of(image).write_bytes(b"0123456789")
    return f"{IMAGES}/{image.uuid}"


@pytest.mark.parametrize(
    ("asked", "status", "data", "shown"),
    [
        ("bytes=0-3", 206, b"0123", "bytes 0-3/10"),
        ("bytes=4-", 206, b"456789", "bytes 4-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=8-99", 206, b"89", "bytes 8-9/10"),
        ("bytes=-99", 206, b"0123456789", "bytes 0-9/10"),
        ("bytes=10-", 416, None, None),
        ("bytes=5-4", 416, None, None),
        ("bytes=-0", 416, None, None),
        ("bytes=-", 416, None, None),
        ("bytes=0-1,3-4", 416, None, None),
        ("lines=1-2", 416, None, None),
        ("bytes=" + "9" * 40 + "-", 416, None, None),
    ],
)
def test_ranges(
    api: Api, ten: str, asked: str, status: int, data: bytes | None, shown: str | None
) -> None:
    answer = api("GET", f"{ten}/file", range=asked)
    assert answer.status == status
    if data is not None:
        assert answer.raw == data
        assert answer.headers["Content-Range"] == shown
        assert answer.headers["Content-Length"] == str(len(data))


def test_the_old_header_of_ranges(api: Api, ten: str) -> None:
    assert api("GET", f"{ten}/file", content_range="bytes 2-4/*").raw == b"234"
    assert api("GET", f"{ten}/file", content_range="bytes 2").status == 400


def test_deactivated(api: Api, world: World, ten: str) -> None:
    assert api("POST", f"{ten}/actions/deactivate", b"", as_="stranger").status == 404
    assert api("POST", f"{ten}/actions/deactivate").status == 204
    assert api("POST", f"{ten}/actions/deactivate").status == 204
    assert api.get(ten)["status"] == "deactivated"
    assert api("GET", f"{ten}/file").status == 403
    assert api("GET", f"{ten}/file", as_="admin").raw == b"0123456789"
    body = {"name": "s", "flavorRef": "1", "imageRef": ten[-36:], "networks": "none"}
    assert api("POST", "/compute/v2.1/servers", {"server": body}, version="2.37").status == 400
    assert api("POST", f"{ten}/actions/reactivate").status == 204
    assert api("GET", f"{ten}/file").status == 200
    unready = f"{IMAGES}/{queued(world).uuid}"
    assert api("POST", f"{unready}/actions/deactivate").status == 403
    assert api("POST", f"{unready}/actions/reactivate").status == 403


def test_readers_see_but_do_not_download(api: Api, ten: str) -> None:
    assert api("GET", ten, as_="reader").status == 200
    assert api("GET", f"{ten}/file", as_="reader").status == 403


VDI = bytes(64) + b"\x7f\x10\xda\xbe" + bytes(300) + struct.pack("<Q", 7 << 20)
ISO = bytes(0x8001) + b"CD001" + bytes(100)
VHD = bytes(2048) + b"conectix" + bytes(40) + struct.pack(">Q", 5 << 20) + bytes(456)
VMDK = b"KDMV" + struct.pack("<IIQ", 1, 3, 64) + bytes(600)
OTHERS = VMDK + b'# Disk DescriptorFile\ncreateType="monolithicFlat"\n'


@pytest.mark.parametrize(
    ("disk_format", "data", "status", "virtual"),
    [
        ("vdi", VDI, 204, 7 << 20),
        ("iso", ISO, 204, len(ISO)),
        ("vhd", VHD, 204, 5 << 20),
        ("vmdk", VMDK, 204, 64 * 512),
        ("vhdx", b"vhdxfile" + bytes(512), 204, 520),
        ("ami", b"anything", 204, 8),
        ("raw", ISO, 204, len(ISO)),
        ("vmdk", OTHERS, 415, None),
        ("vmdk", b"# Disk DescriptorFile\n", 415, None),
        ("vmdk", b"anything", 415, None),
        ("ami", VDI, 415, None),
        ("iso", VDI, 415, None),
    ],
)
def test_formats(
    api: Api, world: World, disk_format: str, data: bytes, status: int, virtual: int | None
) -> None:
    path = f"{IMAGES}/{queued(world, disk_format).uuid}"
    assert api("PUT", f"{path}/file", data, kind=BYTES).status == status
    assert api.get(path)["virtual_size"] == virtual


def test_formats_that_nobody_looks_at(api: Api, world: World, settings: Any) -> None:
    settings.SYNNEFO_IMAGE_FORMAT_MATCH = False
    path = f"{IMAGES}/{queued(world, 'vmdk').uuid}"
    assert api("PUT", f"{path}/file", b"anything", kind=BYTES).status == 204
    path = f"{IMAGES}/{queued(world, 'vmdk').uuid}"
    assert api("PUT", f"{path}/file", OTHERS, kind=BYTES).status == 415


def test_bytes_stay_while_a_server_is_built_of_them(api: Api, world: World, ten: str) -> None:
    image = Image.objects.get(uuid=ten[-36:])
    server = world.server(state=ServerState.BUILD)
    Server.objects.filter(pk=server.pk).update(image=image)
    assert api("DELETE", ten).status == 204
    assert api("GET", ten).status == 404
    assert api.get(f"{IMAGES}?name=ten")["images"] == []
    assert image_files.path_of(image).exists()
    Server.objects.filter(pk=server.pk).update(state=ServerState.ACTIVE)
    images.tidy()
    assert not image_files.path_of(image).exists()
    # The server still says what it was made of, and nobody gets that id again.
    assert api.get(f"/compute/v2.1/servers/{server.uuid}")["server"]["image"]["id"] == ten[-36:]
    assert api("POST", IMAGES, {"id": ten[-36:]}).status == 409
    assert api("DELETE", ten).status == 404
    Server.objects.filter(pk=server.pk).update(image=None)


def test_bytes_that_a_backend_writes(world: World) -> None:
    image = world.picture("snapshot", world.demo, status="saving")
    wish = Intent.objects.create(
        project=world.demo,
        action="save_image",
        server=world.server(),
        arguments={"image": str(image.uuid)},
        request_id="req-1",
        created_at=image.created_at,
    )
    images.tidy()
    assert Image.objects.get(pk=image.pk).status == "saving"
    Intent.objects.filter(pk=wish.pk).update(state=Intent.State.FAILED)
    images.tidy()
    assert Image.objects.get(pk=image.pk).status == "queued"


@pytest.mark.parametrize(
    ("tag", "found"),
    [("a", True), ("b", True), ('", "', False), ("A", False), ("ab", False), ('q"b', True)],
)
def test_tags_are_whole_words(api: Api, world: World, tag: str, found: bool) -> None:
    world.picture("tagged", world.demo, tags=["a", "b", 'q"b'])
    assert bool(api.get(f"{IMAGES}?tag={tag.replace(' ', '%20')}")["images"]) is found
    assert api.get(f"{IMAGES}?tag={tag.replace(' ', '%20')}&tag=nothing")["images"] == []


@pytest.mark.parametrize(
    ("query", "found"),
    [("size=10", 1), ("size=11", 0), ("size=x", None), ("virtual_size=10", 0),
     ("owner=x", 0), ("visibility=all", 2)],
)  # fmt: skip
def test_filters(api: Api, ten: str, query: str, found: int | None) -> None:
    answer = api("GET", f"{IMAGES}?{query}")
    assert answer.status == (400 if found is None else 200)
    if found is not None:
        assert len(answer.body["images"]) == found
