"""Wishes of several jobs: each part once, the next one recorded by the end of the one before."""

from dataclasses import replace

import pytest

from synnefo.core.faults import BadRequest, Conflict, NotSupported, QuotaExceeded
from synnefo.db.models import Activity, Commission, Flavor, Image, Intent, Node, Server
from synnefo.intents import server_wishes
from synnefo.intents.compute import migrations, rescues, saved_images, server_sizes, server_systems
from tests.integration.spine.spine import Killed, shuffled


@pytest.fixture
def large(spine):
    return Flavor.objects.create(flavor_id="2", name="m1.small", vcpus=2, ram=512, disk=2)


@pytest.fixture
def server(spine):
    server = spine.create()
    spine.settle()
    spine.reconciler.turn(spine.backend)  # Which also reads what the cluster can do.
    spine.backend.features = list(spine.cluster.info().features)
    spine.backend.save()
    return server


def _mode(server):
    server.refresh_from_db()
    return server.mode, server.state, server.task


def _resize(spine, server, flavor="2"):
    server_sizes.resize(spine.caller, str(server.uuid), flavor)


def _calm(spine):
    for _ in range(3):
        spine.settle()
    spine.reconciler.turn(spine.backend)  # Whoever went elsewhere is seen there.
    assert spine.reconciler.turn(spine.backend).drifts == []
    assert spine.reconciler.books() == 0


def _audit(spine):
    """As the spine's own, with the larger of two sizes where both are held."""
    assert not Intent.objects.filter(state__in=Intent.UNFINISHED).exists()
    for intent in Intent.objects.all():
        assert len(spine.jobs_of(intent)) <= 1
    assert not Commission.objects.filter(state="ISSUED").exists()
    assert not Server.objects.exclude(state="DELETED").exclude(task=None).exists()
    assert not Activity.objects.filter(finished_at=None).exists()


def test_resize_and_confirm(spine, server, large):
    _resize(spine, server)
    assert _mode(server) == (None, "ACTIVE", "resize_prep")
    assert spine.used() == {"instances": 1, "cores": 2, "ram": 512}
    _calm(spine)
    assert _mode(server) == ("RESIZED", "ACTIVE", None)
    assert server.flavor == large
    found = spine.cluster.instance(spine.instance(server))
    assert (found.vcpus, found.memory, found.disks[0].size) == (2, 512, 1024)
    chain = list(Intent.objects.exclude(action="create").order_by("pk"))
    assert [one.action for one in chain] == ["resize", "resize_restart"]
    assert chain[1].first == chain[0]
    assert {one.request_id for one in chain} == {"req-1"}
    deed = Activity.objects.get(action="resize")
    assert (deed.intent, deed.result) == (chain[0], "Success")
    server_sizes.confirm(spine.caller, str(server.uuid))
    assert _mode(server) == ("RESIZED", "ACTIVE", "resize_confirming")
    _calm(spine)
    assert _mode(server) == (None, "ACTIVE", None)
    assert spine.cluster.instance(spine.instance(server)).disks[0].size == 2048
    assert server.volumes.get().size == 2048
    _audit(spine)
    spine.audit()


def test_resize_and_revert(spine, server, large):
    _resize(spine, server)
    _calm(spine)
    assert spine.used() == {"instances": 1, "cores": 2, "ram": 512}
    server_sizes.revert(spine.caller, str(server.uuid))
    _calm(spine)
    assert _mode(server) == (None, "ACTIVE", None)
    assert server.flavor == spine.flavor
    found = spine.cluster.instance(spine.instance(server))
    assert (found.vcpus, found.memory) == (1, 128)
    assert spine.used() == {"instances": 1, "cores": 1, "ram": 128}
    spine.audit()


def test_the_larger_size_is_held_until_confirmed(spine, server):
    """Fewer cores, more memory: of each the more."""
    Flavor.objects.create(flavor_id="3", name="two", vcpus=2, ram=128, disk=1)
    _resize(spine, server, "3")
    _calm(spine)
    server_sizes.confirm(spine.caller, str(server.uuid))  # No disk to grow: no job.
    assert _mode(server) == (None, "ACTIVE", None)
    Flavor.objects.create(flavor_id="4", name="one", vcpus=1, ram=256, disk=1)
    _resize(spine, server, "4")
    _calm(spine)
    assert spine.used() == {"instances": 1, "cores": 2, "ram": 256}
    server_sizes.confirm(spine.caller, str(server.uuid))
    assert spine.used() == {"instances": 1, "cores": 1, "ram": 256}
    _calm(spine)
    spine.audit()


def test_a_resize_that_fails_leaves_nothing(spine, server, large, monkeypatch):
    broken = replace(spine.cluster.instance(spine.instance(server)))
    spine.cluster.remove_behind(spine.instance(server))
    _resize(spine, server)
    spine.settle()
    assert spine.used() == {"instances": 1, "cores": 1, "ram": 128}
    assert _mode(server)[::2] == (None, None)
    spine.cluster._instances[broken.name] = broken
    _calm(spine)
    assert Intent.objects.filter(action="resize_restart").count() == 0
    spine.audit()


def test_refusals(spine, server, large):
    for flavor, fault in (("1", BadRequest), ("77", BadRequest)):
        with pytest.raises(fault):
            _resize(spine, server, flavor)
    spine.project.quotalimit_set.filter(resource="ram").update(limit=130)
    with pytest.raises(QuotaExceeded):
        _resize(spine, server)
    with pytest.raises(Conflict, match=r"Cannot 'confirmResize' instance .* in vm_state active"):
        server_sizes.confirm(spine.caller, str(server.uuid))
    spine.backend.features = []
    spine.backend.save()
    with pytest.raises(NotSupported):
        spine.act(server, "pause")
    spine.audit()


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("part", [1, 2])
def test_a_kill_in_any_part_changes_nothing(spine, server, large, moment, part):
    _resize(spine, server)
    if part == 2:
        spine.dispatch()
        spine.deliver(spine.events())
    spine.cluster.die = moment
    with pytest.raises(Killed):
        spine.dispatch()
    spine.submitter = spine.new_dispatcher("second")
    spine.clock.ahead += 60
    _calm(spine)
    assert _mode(server) == ("RESIZED", "ACTIVE", None)
    _audit(spine)


@pytest.mark.parametrize("seed", range(6))
def test_events_in_any_order_and_twice(spine, server, large, seed):
    _resize(spine, server)
    spine.dispatch()
    spine.deliver(shuffled(spine.events(), seed))
    spine.dispatch()
    spine._published_jobs.clear()
    spine.deliver(shuffled(spine.events(), seed))
    _calm(spine)
    assert _mode(server) == ("RESIZED", "ACTIVE", None)
    assert Intent.objects.filter(action="resize_restart").count() == 1
    _audit(spine)


def test_without_any_event(spine, server, large):
    """The reconciler alone leads a chain to its end."""
    _resize(spine, server)
    for _ in range(4):
        spine.dispatch()
        spine.clock.ahead += 60
        spine.reconciler.turn(spine.backend)
    assert _mode(server) == ("RESIZED", "ACTIVE", None)
    assert spine.reconciler.turn(spine.backend).drifts == []
    _audit(spine)


def test_a_deletion_ends_a_chain(spine, server, large):
    _resize(spine, server)
    spine.dispatch()
    spine.delete(server)
    spine.settle()
    spine.settle()
    assert _mode(server)[1] == "DELETED"
    assert not Intent.objects.filter(action="resize_restart").exists()
    assert spine.used() == {"instances": 0, "cores": 0, "ram": 0}
    _audit(spine)


def test_pause_suspend_and_what_follows(spine, server):
    for word, state in (
        ("pause", "PAUSED"),
        ("unpause", "ACTIVE"),
        ("suspend", "SUSPENDED"),
        ("resume", "ACTIVE"),
    ):
        spine.act(server, word)
        _calm(spine)
        assert _mode(server) == (None, state, None)
    spine.cluster.submit_hold(spine.instance(server), "pause", "by hand")
    spine.reconciler.turn(spine.backend)
    assert _mode(server) == (None, "PAUSED", None)
    spine.act(server, "reboot", type="HARD")
    _calm(spine)
    assert _mode(server) == (None, "ACTIVE", None)
    spine.audit()


def test_locks(spine, server):
    uuid = str(server.uuid)
    admin = replace(spine.caller, roles=frozenset({"admin"}), project_id="other")
    server_wishes.lock(spine.caller, uuid, "mine")
    for wish in (lambda: spine.act(server, "os-stop"), lambda: spine.delete(server)):
        with pytest.raises(Conflict, match="is locked"):
            wish()
    server_wishes.unlock(spine.caller, uuid)
    server_wishes.lock(admin, uuid, None)
    with pytest.raises(Exception, match="unlock_override"):
        server_wishes.unlock(spine.caller, uuid)
    server_wishes.act(admin, uuid, "os-stop")
    server_wishes.unlock(admin, uuid)
    _calm(spine)
    spine.act(server, "os-start")
    _calm(spine)
    spine.audit()


def test_marks_of_administrators(spine, server):
    server_wishes.reset_state(spine.caller, str(server.uuid), "error")
    assert _mode(server) == ("MARKED", "ACTIVE", None)
    _calm(spine)
    assert _mode(server)[0] == "MARKED"
    server_wishes.reset_state(spine.caller, str(server.uuid), "active")
    assert _mode(server) == (None, "ACTIVE", None)
    server_wishes.reset_state(spine.caller, str(server.uuid), "error")
    spine.cluster.submit_reboot(spine.instance(server), "by hand")
    _calm(spine)
    assert _mode(server) == (None, "ACTIVE", None)


def test_deleted_servers_can_be_restored_for_a_while(spine, server, settings):
    settings.SYNNEFO_RECLAIM_AFTER = 3600
    spine.delete(server)
    assert _mode(server) == (None, "ACTIVE", "soft-deleting")
    _calm(spine)
    assert _mode(server) == ("SOFT_DELETED", "STOPPED", None)
    spine.delete(server)
    server_wishes.restore(spine.caller, str(server.uuid))
    _calm(spine)
    assert _mode(server) == (None, "ACTIVE", None)
    spine.delete(server)
    _calm(spine)
    spine.cluster.submit_startup(spine.instance(server), "an administrator wants it")
    _calm(spine)
    assert _mode(server) == (None, "ACTIVE", None)
    spine.delete(server)
    _calm(spine)
    spine.clock.ahead += 4000
    _calm(spine)
    _calm(spine)
    assert _mode(server)[1] == "DELETED"
    spine.audit()


# --- systems, images, other nodes -----------------------------------------------------------------


def _image(spine, **more):
    now = spine.clock.now()
    fields = {"status": "active", "disk_format": "raw", "container_format": "bare", "size": 1000}
    return Image.objects.create(
        project=spine.project, name="other", created_at=now, updated_at=now, **fields | more
    )


@pytest.mark.parametrize("runs", [True, False])
def test_rebuild(spine, server, runs):
    if not runs:
        spine.act(server, "os-stop")
        _calm(spine)
    image = _image(spine)
    wish = server_systems.RebuildRequest(str(image.uuid), {"name": "anew"})
    server_systems.rebuild(spine.caller, str(server.uuid), wish)
    assert _mode(server) == (None, "ACTIVE" if runs else "STOPPED", "rebuilding")
    _calm(spine)
    assert _mode(server) == (None, "ACTIVE" if runs else "STOPPED", None)
    assert (server.image, server.name) == (image, "anew")
    _audit(spine)
    spine.audit()


def test_an_image_of_a_server(spine, server):
    image = saved_images.create(spine.caller, str(server.uuid), "kept", {"a": "b"})
    assert image.status == "saving"
    assert _mode(server)[2] == "image_snapshot"
    _calm(spine)
    image.refresh_from_db()
    assert (image.status, image.size, len(image.checksum)) == ("active", 1 << 20, 32)
    assert image.properties["a"] == "b"
    assert image.properties["instance_uuid"] == str(server.uuid)
    assert spine.cluster.saved[str(image.uuid)][0] == spine.instance(server)
    lost = saved_images.create(spine.caller, str(server.uuid), "lost", {})
    spine.cluster.remove_behind(spine.instance(server))
    spine.settle()
    assert not Image.objects.filter(pk=lost.pk).exists()


def test_backups_rotate(spine, server):
    uuid = str(server.uuid)
    for number in range(3):
        saved_images.back_up(spine.caller, uuid, f"b{number}", "daily", 2, {})
        _calm(spine)
    names = set(Image.objects.exclude(name="tiny").values_list("name", flat=True))
    assert names == {"b1", "b2"}
    spine.audit()


def test_shelve_and_unshelve(spine, server):
    saved_images.shelve(spine.caller, str(server.uuid))
    _calm(spine)
    assert _mode(server) == ("SHELVED_OFFLOADED", "STOPPED", None)
    assert Image.objects.get(name="web-shelved").status == "active"
    with pytest.raises(Conflict, match="vm_state shelved_offloaded"):
        spine.act(server, "os-start")
    saved_images.unshelve(spine.caller, str(server.uuid))
    _calm(spine)
    assert _mode(server) == (None, "ACTIVE", None)
    assert not Image.objects.filter(name="web-shelved").exists()
    spine.audit()


def test_rescue_and_unrescue(spine, server):
    rescues.rescue(spine.caller, str(server.uuid), None)
    _calm(spine)
    assert _mode(server) == ("RESCUED", "ACTIVE", None)
    names = [disk.name for disk in spine.cluster.instance(spine.instance(server)).disks]
    assert names[0] == f"snf-rescue-{server.pk}"
    with pytest.raises(Conflict, match="vm_state rescued"):
        spine.act(server, "reboot", type="HARD")
    rescues.unrescue(spine.caller, str(server.uuid))
    _calm(spine)
    assert _mode(server) == (None, "ACTIVE", None)
    assert len(spine.cluster.instance(spine.instance(server)).disks) == 1
    spine.audit()


def _migrate(spine, uuid):
    """The fake cluster has one node only, so the other one is forgotten at each look."""
    now = spine.clock.now()
    Node.objects.create(backend=spine.backend, name="node2.fake", created_at=now)
    migrations.migrate(spine.caller, uuid, "node2.fake")
    _calm(spine)


def test_a_migration_is_confirmed_or_reverted(spine, server):
    uuid = str(server.uuid)
    _migrate(spine, uuid)
    assert _mode(server) == ("RESIZED", "ACTIVE", None)
    assert server.node == "node2.fake"
    server_sizes.revert(spine.caller, uuid)
    _calm(spine)
    with pytest.raises(BadRequest, match="alone has the disks"):
        migrations.migrate_live(spine.caller, uuid, None)
    assert _mode(server) == (None, "ACTIVE", None)
    assert server.node == "node1.fake"
    _migrate(spine, uuid)
    server_sizes.confirm(spine.caller, uuid)
    assert _mode(server) == (None, "ACTIVE", None)
    spine.audit()
