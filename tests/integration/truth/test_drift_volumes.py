"""What may become of volumes and snapshots unheard, and tags, which are nobody's but ours."""

import pytest

from synnefo.core.drift import Kind
from synnefo.core.messages import OpStatus
from synnefo.db.models import Intent, ServerTag, Volume, VolumeContent
from synnefo.intents.compute import server_changes
from synnefo.intents.volume import snapshots, volume_attaching, volumes
from synnefo.intents.volume.volumes import VolumeRequest
from tests.integration.truth.test_drift_kinds import _report, _told_then_repaired


@pytest.fixture
def volume(spine, server, settings, tmp_path):
    """It is a disk of the server."""
    settings.SYNNEFO_IMAGES = tmp_path
    spine.backend.features = list(spine.cluster.info().features)
    spine.backend.save()
    made = volumes.create(spine.caller, VolumeRequest(size=1))
    volume_attaching.attach(spine.caller, str(server.uuid), str(made.uuid))
    spine.settle()
    made.refresh_from_db()
    assert made.status == "in-use"
    return made


def _unheard(spine, forgotten=False):
    """What was asked for is done, and nobody tells; perhaps the job itself is gone."""
    spine.dispatch()
    if forgotten:
        spine.cluster.forget_job(Intent.objects.get(state="SUBMITTED").job_id)
    spine.clock.ahead += 60


def test_volume_whose_disk_was_removed(spine, server, volume):
    name = spine.instance(server)
    spine.cluster.set_instance(name, disks=spine.cluster.instance(name).disks[:1])
    _told_then_repaired(spine, server, Kind.DISK)
    volume.refresh_from_db()
    assert (volume.status, volume.server) == ("error", None), "its bytes were saved by nobody"
    spine.audit()


@pytest.mark.parametrize("forgotten", [False, True])
def test_attachment_whose_end_was_not_heard(spine, server, volume, forgotten):
    other = volumes.create(spine.caller, VolumeRequest(size=2))
    volume_attaching.attach(spine.caller, str(server.uuid), str(other.uuid))
    _unheard(spine, forgotten)
    for _ in range(2):  # A job that was forgotten is a doubt, and the next look decides it.
        spine.reconciler.turn(spine.backend)
    other.refresh_from_db()
    assert (other.status, other.server) == ("in-use", server)
    assert _report(spine) == ("0 differences, 0 repaired\n", 0)


def test_detachment_whose_end_was_not_heard(spine, server, volume):
    volume_attaching.detach(spine.caller, str(server.uuid), str(volume.uuid))
    _unheard(spine)
    spine.reconciler.turn(spine.backend)
    volume.refresh_from_db()
    assert (volume.status, volume.server) == ("available", None)
    assert _report(spine) == ("0 differences, 0 repaired\n", 0)


@pytest.mark.parametrize(("forgotten", "status"), [(False, "available"), (True, "error")])
def test_snapshot_whose_end_was_not_heard(spine, server, volume, forgotten, status):
    """Where nobody can say whether its bytes are whole, it is not to be trusted."""
    snapshot = snapshots.create(spine.caller, str(volume.uuid), force=True, name="s")
    assert snapshot.status == "creating"
    _unheard(spine, forgotten)
    spine.reconciler.turn(spine.backend)
    snapshot.refresh_from_db()
    assert snapshot.status == status
    assert Volume.objects.get(pk=volume.pk).status == "in-use"


def test_bytes_of_snapshots_go_with_their_last_user(
    spine, server, volume, tmp_path, django_capture_on_commit_callbacks
):
    """Here, and where a snapshot was given up before its bytes came."""
    kept, given_up = (
        snapshots.create(spine.caller, str(volume.uuid), force=True, name=name) for name in "ab"
    )
    for one in (kept, given_up):
        (tmp_path / str(one.content.uuid)).write_bytes(b"what a guest wrote")
    with django_capture_on_commit_callbacks(execute=True):
        snapshots.delete(spine.caller, str(given_up.uuid), force=True)
        spine.settle()
        spine.settle()
    assert [one.name for one in tmp_path.iterdir()] == [str(kept.content.uuid)]
    with django_capture_on_commit_callbacks(execute=True):
        snapshots.delete(spine.caller, str(kept.uuid))
    assert not list(tmp_path.iterdir())
    assert not VolumeContent.objects.exists()


def test_tags_are_on_no_backend(spine, server):
    """A server's tags are rows; what an administrator tags is an instance, and stays there."""
    before = spine.cluster.latest_job()
    server_changes.replace_tags(spine.caller, str(server.uuid), ["mine"])
    spine.settle()
    assert spine.cluster.latest_job() == before, "no backend is asked"
    names = {"instance": spine.instance(server), "cluster": "cluster.fake", "tags": ("theirs",)}
    told = OpStatus(job_id=before + 1, operation="OP_TAGS_SET", status="success", **names)
    spine.deliver([told])
    assert [*ServerTag.objects.values_list("tag", flat=True)] == ["mine"]
    assert _report(spine) == ("0 differences, 0 repaired\n", 0)
