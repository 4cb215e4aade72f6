"""What is tied to no cluster: the bytes of volumes and of images become disks on any."""

from __future__ import annotations

import pytest

from synnefo import wiring
from synnefo.db.models import Backend, Server, Volume
from synnefo.intents.volume import volume_attaching, volumes
from synnefo.intents.volume.volumes import VolumeRequest
from synnefo.rapi.fake import FakeCluster
from tests.integration.spine.spine import Spine


class Two(Spine):
    """The spine with two clusters, of which one is worked with at a time."""

    def __init__(self) -> None:
        super().__init__()
        features = list(self.cluster.info().features)
        second = Backend.objects.create(
            name="second.fake", url="https://y", username="x", password_encrypted="x"
        )
        Backend.objects.update(features=features)
        self.clusters: dict[int, FakeCluster] = {
            self.backend.pk: self.cluster, second.pk: FakeCluster("second.fake")
        }  # fmt: skip
        self.submitter._clusters = lambda backend: self.clusters[backend.pk]

    def on(self, backend_id: int) -> Server:
        """A server of this backend, with which everything goes on from now."""
        Backend.objects.exclude(pk=backend_id).update(drained=True)
        Backend.objects.filter(pk=backend_id).update(drained=False)
        self.cluster = self.clusters[backend_id]
        self._published_jobs.clear()
        server = self.create(f"on-{backend_id}")
        self.settle()
        return server

    def attached(self, server: Server, volume: Volume) -> str:
        """How its disk is called there; with it comes what fills it."""
        volume_attaching.attach(self.caller, str(server.uuid), str(volume.uuid))
        self.settle()
        volume.refresh_from_db()
        assert (volume.status, volume.server) == ("in-use", server)
        disks = self.cluster.instance(self.instance(server)).disks
        return str(disks[-1].name)


@pytest.fixture
def two(db, doorbell, settings, tmp_path):
    settings.SYNNEFO_IMAGES = tmp_path
    with wiring.replace(doorbell=doorbell):
        return Two()


def test_a_volume_goes_to_a_server_of_another_cluster(two):
    first, second = two.clusters
    here = two.on(first)
    volume = volumes.create(two.caller, VolumeRequest(size=1))
    assert two.attached(here, volume) == f"snf-vol-{volume.pk}"
    volume_attaching.detach(two.caller, str(here.uuid), str(volume.uuid))
    two.settle()
    volume.refresh_from_db()
    saved = volume.content
    assert (volume.status, saved is not None) == ("available", True)
    there = two.on(second)
    assert there.pk != here.pk
    assert two.attached(there, volume) == f"snf-vol-{volume.pk}"
    there.refresh_from_db()
    assert there.backend_id == second
