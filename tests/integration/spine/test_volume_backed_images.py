"""Images of servers that boot from volumes name snapshots, and servers are made of them again."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from synnefo.core.faults import BadRequest, QuotaExceeded
from synnefo.db.models import Image, QuotaLimit, Server, Snapshot, Volume
from synnefo.intents.compute import rescues, saved_images, server_systems
from synnefo.intents.compute.server_systems import RebuildRequest
from synnefo.intents.image.image_mappings import MAPPING
from synnefo.intents.server_request import DeviceRequest
from synnefo.intents.volume import volume_attaching, volumes
from synnefo.intents.volume.volumes import VolumeRequest


@pytest.fixture
def booted(spine, settings, tmp_path) -> Server:
    """A server on a volume, with another one beside it."""
    settings.SYNNEFO_IMAGES = tmp_path
    (tmp_path / str(spine.image.uuid)).write_bytes(b"boot me")
    wish = DeviceRequest("image", str(spine.image.uuid), True, size=2, boot_index=0)
    server = spine.create("booted", image_id=None, devices=(wish,))
    spine.settle()
    spine.backend.features = list(spine.cluster.info().features)
    spine.backend.save()
    server.refresh_from_db()
    data = volumes.create(spine.caller, VolumeRequest(size=1, name="data"))
    volume_attaching.attach(spine.caller, str(server.uuid), str(data.uuid))
    spine.settle()
    return server


def imaged(spine, server, settled=True) -> Image:
    image = saved_images.create(spine.caller, str(server.uuid), "gold", {"mine": "yes"})
    if settled:
        spine.settle()
    image.refresh_from_db()
    return image


def test_it_names_a_snapshot_of_each_volume(spine, booted, tmp_path):
    image = imaged(spine, booted)
    assert (image.status, image.size, image.properties["bdm_v2"]) == ("active", 0, "True")
    entries = json.loads(image.properties[MAPPING])
    assert [(one["boot_index"], one["volume_size"], one["device_name"]) for one in entries] == [
        (0, 2, "/dev/vda"),
        (None, 1, "/dev/vdb"),
    ]
    kept = {str(one.uuid): one for one in Snapshot.objects.all()}
    assert {one["snapshot_id"] for one in entries} == set(kept)
    assert {(one.status, one.name) for one in kept.values()} == {("available", "snapshot for gold")}
    assert (tmp_path / str(image.uuid)).read_bytes() == b""
    spine.audit()


def test_a_server_of_it_gets_volumes_of_the_snapshots(spine, booted):
    image = imaged(spine, booted)
    again = spine.create("again", image_id=str(image.uuid))
    spine.settle()
    assert spine.state(again) == ("ACTIVE", None)
    again.refresh_from_db()
    assert again.image is None
    mine = Volume.objects.filter(server=again).order_by("index")
    assert [(one.size, one.local, one.status, one.bootable) for one in mine] == [
        (2048, False, "in-use", True),
        (1024, False, "in-use", False),
    ]
    snapshots = {one.uuid for one in Snapshot.objects.all()}
    assert {one.snapshot_id for one in mine} == snapshots
    assert mine[0].image_metadata["image_id"] == str(spine.image.uuid)
    spine.audit()


def test_a_volume_of_it_is_one_of_the_first_snapshot(spine, booted):
    image = imaged(spine, booted)
    volume = volumes.create(spine.caller, VolumeRequest(image_id=str(image.uuid)))
    assert (volume.size, volume.bootable) == (2048, True)


def test_devices_that_the_user_names_come_instead(spine, booted):
    image = imaged(spine, booted)
    blank = DeviceRequest("blank", None, True, size=3, device_name="/dev/vdb")
    again = spine.create("again", image_id=str(image.uuid), devices=(blank,))
    sizes = Volume.objects.filter(server=again).order_by("index").values_list("size", flat=True)
    assert list(sizes) == [2048, 3072]
    first = DeviceRequest("blank", None, True, size=3, boot_index=0)
    with pytest.raises(BadRequest, match="names a device to boot from"):
        spine.create("never", image_id=str(image.uuid), devices=(first,))


def test_what_it_cannot_be_used_for_is_said(spine, booted):
    image = imaged(spine, booted, settled=False)
    with pytest.raises(BadRequest, match="creating"):  # The snapshots are not there yet.
        spine.create("early", image_id=str(image.uuid))
    with pytest.raises(BadRequest, match="no bytes"):
        rescues.rescue(spine.caller, str(booted.uuid), str(image.uuid))
    for broken in ("{", "{}", "[1]", '["a"]', "[" * 60000, json.dumps([{}]), "[{}"):
        Image.objects.filter(pk=image.pk).update(properties={MAPPING: broken})
        with pytest.raises(BadRequest, match="cannot be read"):
            spine.create("never", image_id=str(image.uuid))
    assert Server.objects.count() == 1


def test_without_quota_for_snapshots_there_is_no_image(spine, booted):
    QuotaLimit.objects.create(project=spine.project, resource="snapshots", limit=1)
    before = Image.objects.count()
    with pytest.raises(QuotaExceeded):
        imaged(spine, booted)
    assert (Image.objects.count(), Snapshot.objects.count()) == (before, 0)


def test_a_shelved_server_on_a_volume_needs_no_image(spine, booted):
    before = Image.objects.count()
    saved_images.shelve(spine.caller, str(booted.uuid))
    spine.settle()
    assert Image.objects.count() == before
    booted.refresh_from_db()
    assert booted.mode in {"SHELVED_OFFLOADED", "SHELVED"}


def test_a_volume_is_overwritten_by_those_only_who_know_that_it_is(spine, booted):
    wish = RebuildRequest(image_id=str(spine.image.uuid), volumes=False)
    with pytest.raises(BadRequest, match="volume-backed"):
        server_systems.rebuild(spine.caller, str(booted.uuid), wish)
    assert spine.state(booted) == ("ACTIVE", None)
    Image.objects.filter(pk=spine.image.pk).update(name="newer")
    server_systems.rebuild(spine.caller, str(booted.uuid), replace(wish, volumes=True))
    for _ in range(2):  # It is stopped, built anew and started.
        spine.settle()
    assert spine.state(booted) == ("ACTIVE", None)
    booted.refresh_from_db()
    root = booted.volumes.get(index=0)
    assert (booted.image, root.status) == (None, "in-use")
    assert root.image_metadata["image_name"] == "newer"
    spine.audit()


def test_what_is_booted_from_holds_a_system_unless_an_image_is_named_too(spine, booted):
    wish = VolumeRequest(size=2, name="filled", image_id=str(spine.image.uuid))
    filled, empty = (volumes.create(spine.caller, one) for one in (wish, VolumeRequest(size=1)))
    devices = [
        DeviceRequest("volume", str(one.uuid), True, boot_index=0) for one in (filled, empty)
    ]
    Volume.objects.filter(pk=filled.pk).update(bootable=False)
    for device in devices:
        with pytest.raises(BadRequest, match="not bootable"):
            spine.create("never", image_id=None, devices=(device,))
    blank = DeviceRequest("blank", None, True, size=1, boot_index=0)
    servers = [
        spine.create("filled", image_id=None, devices=devices[:1], bootable=False),
        spine.create("empty", image_id=None, devices=devices[1:], bootable=False),
        spine.create("blank", image_id=None, devices=(blank,)),
    ]
    spine.settle()
    assert [spine.state(one) for one in servers] == [("ACTIVE", None)] * 3
    spine.audit()
