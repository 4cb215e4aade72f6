"""Volumes on servers: attached, enlarged, saved and detached by jobs, and what outlives what."""

from __future__ import annotations

from pathlib import Path

import pytest

from synnefo.core.faults import BadRequest, Forbidden
from synnefo.db.models import (
    Intent,
    Snapshot,
    Volume,
    VolumeAttachment,
    VolumeContent,
    VolumeMessage,
)
from synnefo.intents.server_request import DeviceRequest
from synnefo.intents.volume import snapshots, volume_actions, volume_attaching, volumes
from synnefo.intents.volume.volumes import VolumeRequest
from synnefo.observations import servers as observations
from synnefo.ports import ClusterRefused


@pytest.fixture
def server(spine, settings, tmp_path):
    settings.SYNNEFO_IMAGES = tmp_path
    server = spine.create()
    spine.settle()
    spine.backend.features = list(spine.cluster.info().features)
    spine.backend.save()
    return server


def made(spine, size=1, **wish) -> Volume:
    return volumes.create(spine.caller, VolumeRequest(size=size, **wish))


def attach(spine, server, volume, **more) -> VolumeAttachment:
    found = volume_attaching.attach(spine.caller, str(server.uuid), str(volume.uuid), **more)
    spine.settle()
    volume.refresh_from_db()
    return found


def disks(spine, server) -> dict[str | None, int]:
    return {one.name: one.size for one in spine.cluster.instance(spine.instance(server)).disks}


def saved(folder: Path, attachment: VolumeAttachment) -> None:
    """What a cluster leaves of a disk."""
    (folder / str(attachment.uuid)).write_bytes(b"what a guest wrote")


def test_a_volume_becomes_a_disk_and_comes_back(spine, server):
    volume = made(spine, 2)
    attachment = volume_attaching.attach(spine.caller, str(server.uuid), str(volume.uuid))
    volume.refresh_from_db()
    assert (volume.status, volume.server_id, attachment.device) == (
        "attaching",
        server.pk,
        "/dev/vdb",
    )
    spine.settle()
    volume.refresh_from_db()
    assert (volume.status, disks(spine, server)[f"snf-vol-{volume.pk}"]) == ("in-use", 2048)
    with pytest.raises(BadRequest):
        volumes.delete(spine.caller, str(volume.uuid))
    with pytest.raises(BadRequest):
        volume_attaching.attach(spine.caller, str(server.uuid), str(volume.uuid))
    volume_attaching.detach(spine.caller, str(server.uuid), str(volume.uuid))
    volume.refresh_from_db()
    assert volume.status == "detaching"
    spine.settle()
    volume.refresh_from_db()
    assert (volume.status, volume.server, volume.content.uuid) == (
        "available",
        None,
        attachment.uuid,
    )
    assert f"snf-vol-{volume.pk}" not in disks(spine, server)
    assert not VolumeAttachment.objects.exists()
    spine.audit()


def test_what_was_saved_fills_the_next_disk(spine, server, monkeypatch):
    volume = made(spine)
    attach(spine, server, volume)
    volume_attaching.detach(spine.caller, str(server.uuid), str(volume.uuid))
    spine.settle()
    volume.refresh_from_db()
    before = volume.content
    changes, submit = [], spine.cluster.submit_set_params

    def asked(name, change, reason):
        changes.append(change)
        return submit(name, change, reason)

    monkeypatch.setattr(spine.cluster, "submit_set_params", asked)
    again = attach(spine, server, volume)
    (disk,) = changes[0].add_disks
    assert (disk.fill, disk.fill_format) == (str(before.uuid), "raw")
    assert disk.keep_as == str(again.uuid)
    assert volume.content is None
    assert not VolumeContent.objects.exists()  # The disk has the truth; nothing else needs it.


def test_a_refused_attachment_leaves_the_volume_available(spine, server, monkeypatch):
    volume = made(spine)

    def refuse(*_):
        raise ClusterRefused(400, "no room for a disk")

    monkeypatch.setattr(spine.cluster, "submit_set_params", refuse)
    attach(spine, server, volume)
    assert (volume.status, volume.server) == ("available", None)
    assert not VolumeAttachment.objects.exists()
    assert "no room" in VolumeMessage.objects.get().user_message
    spine.audit()


def test_a_refused_detachment_leaves_it_attached(spine, server, monkeypatch):
    volume = made(spine)
    attach(spine, server, volume)

    def refuse(*_):
        raise ClusterRefused(400, "no room to save it")

    monkeypatch.setattr(spine.cluster, "submit_set_params", refuse)
    volume_attaching.detach(spine.caller, str(server.uuid), str(volume.uuid))
    spine.settle()
    volume.refresh_from_db()
    assert volume.status == "in-use"
    assert VolumeAttachment.objects.get().status == "attached"
    assert not VolumeContent.objects.exists()


def test_a_volume_in_use_grows(spine, server):
    volume = made(spine)
    attach(spine, server, volume)
    volume_attaching.extend(spine.caller, str(volume.uuid), 3)
    spine.settle()
    volume.refresh_from_db()
    assert (volume.status, volume.size) == ("in-use", 3072)
    assert disks(spine, server)[f"snf-vol-{volume.pk}"] == 3072


def test_a_snapshot_of_a_volume_in_use_is_saved_by_its_cluster(spine, server):
    volume = made(spine)
    attach(spine, server, volume)
    with pytest.raises(BadRequest):
        snapshots.create(spine.caller, str(volume.uuid), force=False, name="s")
    snapshot = snapshots.create(spine.caller, str(volume.uuid), force=True, name="s")
    assert snapshot.status == "creating"
    spine.settle()
    snapshot.refresh_from_db()
    assert (snapshot.status, snapshot.progress) == ("available", "100%")
    assert spine.cluster.saved[str(snapshot.content.uuid)][1] == f"snf-vol-{volume.pk}"


def test_volumes_outlive_their_server_unless_they_were_to_go_with_it(spine, server, tmp_path):
    stays, goes = made(spine), made(spine)
    attachment = attach(spine, server, stays)
    attach(spine, server, goes, delete_on_termination=True)
    saved(tmp_path, attachment)
    spine.delete(server)
    spine.settle()
    assert spine.state(server) == ("DELETED", None)
    stays.refresh_from_db()
    assert (stays.status, stays.server, stays.content.uuid) == (
        "available",
        None,
        attachment.uuid,
    )
    assert not Volume.objects.filter(pk=goes.pk).exists()


def test_a_volume_whose_disk_was_lost_says_so(spine, server):
    volume = made(spine)
    attach(spine, server, volume)
    spine.delete(server)
    spine.settle()
    volume.refresh_from_db()
    assert volume.status == "error"
    assert "removed" in VolumeMessage.objects.get().user_message


def test_a_server_boots_from_a_volume_of_an_image(spine, server, tmp_path):
    (tmp_path / str(spine.image.uuid)).write_bytes(b"boot me")
    wish = DeviceRequest(
        "image", str(spine.image.uuid), True, size=2, boot_index=0, delete_on_termination=True
    )
    booted = spine.create("booted", image_id=None, devices=(wish,))
    volume = Volume.objects.get(local=False)
    assert (volume.status, volume.bootable, volume.index) == ("attaching", True, 0)
    spine.settle()
    volume.refresh_from_db()
    assert spine.state(booted) == ("ACTIVE", None)
    assert (volume.status, volume.content) == ("in-use", None)
    with pytest.raises(Forbidden):
        volume_attaching.detach(spine.caller, str(booted.uuid), str(volume.uuid))
    spine.delete(booted)
    spine.settle()
    assert not Volume.objects.filter(local=False).exists()


def test_a_cluster_without_the_extension_is_not_asked(spine, server):
    spine.backend.features = []
    spine.backend.save()
    volume = made(spine)
    with pytest.raises(BadRequest, match=r"cannot do .attach_volume."):
        volume_attaching.attach(spine.caller, str(server.uuid), str(volume.uuid))
    volume.refresh_from_db()
    assert volume.status == "available"


def test_a_volume_goes_back_to_its_newest_snapshot(spine, server):
    volume = made(spine)
    snapshot = snapshots.create(spine.caller, str(volume.uuid), force=False, name="s")
    attach(spine, server, volume)
    volume_attaching.detach(spine.caller, str(server.uuid), str(volume.uuid))
    spine.settle()
    volume_actions.revert(spine.caller, str(volume.uuid), str(snapshot.uuid))
    volume.refresh_from_db()
    assert volume.content is None  # It was empty then.
    assert Snapshot.objects.get().status == "available"
    assert not VolumeContent.objects.exists()


def test_an_administrator_who_removes_a_disk_is_followed(spine, server, tmp_path):
    volume = made(spine)
    attachment = attach(spine, server, volume)
    saved(tmp_path, attachment)
    name = spine.instance(server)
    left = spine.cluster.instance(name).disks[:1]
    spine.cluster.set_instance(name, disks=left)
    spine.reconciler.turn(spine.backend)
    volume.refresh_from_db()
    assert (volume.status, volume.server) == ("available", None)
    assert volume.content.uuid == attachment.uuid


@pytest.mark.parametrize("done", [True, False])
def test_an_attachment_that_nobody_saw_the_end_of_is_looked_at(spine, server, done):
    volume = made(spine)
    spine.cluster.holding = True
    volume_attaching.attach(spine.caller, str(server.uuid), str(volume.uuid))
    spine.dispatch()
    intent = Intent.objects.get(action="attach_volume")
    observations.overran(intent, "It took too long.", spine.clock.now())
    volume.refresh_from_db()
    assert volume.status == "attaching"
    if done:
        spine.cluster.run()
    spine.reconciler.turn(spine.backend)
    volume.refresh_from_db()
    expected = ("in-use", server.pk) if done else ("available", None)
    assert (volume.status, volume.server_id) == expected
