"""An administrator renames a cluster; its servers stay what they are."""

from dataclasses import replace

from synnefo.core.messages import ClusterStatus
from synnefo.db import sealing
from synnefo.db.models import Backend
from synnefo.dispatcher.consumer import Consumer
from synnefo.intents import installation
from synnefo.ports import Delivery


def rename(spine, old, new):
    message = ClusterStatus(
        cluster=old,
        job_id=1,
        status="success",
        operation="OP_CLUSTER_RENAME",
        job_fields={"name": new},
    )
    delivery = Delivery("snf-events-cluster", "ganeti.event.cluster", message.encode())
    Consumer(spine.clock).handle(delivery)


def events_of(spine, cluster):
    return [replace(one, cluster=cluster) for one in spine.events()]


def test_events_of_the_new_name_are_taken_in(spine):
    server = spine.create()
    spine.dispatch()
    rename(spine, "cluster.fake", "cluster.new")
    spine.backend.refresh_from_db()
    assert spine.backend.name == "cluster.new"
    spine.deliver(events_of(spine, "cluster.new"))
    assert spine.state(server) == ("ACTIVE", None)


def test_a_name_that_another_cluster_has_is_not_taken(spine):
    Backend.objects.create(name="other", url="https://y", username="x", password_encrypted="x")
    rename(spine, "cluster.fake", "other")
    rename(spine, "stranger", "new")
    rename(spine, "cluster.fake", "")
    assert set(Backend.objects.values_list("name", flat=True)) == {"cluster.fake", "other"}


def test_a_rename_that_nobody_told_of_is_found_by_looking(
    spine, doorbell, django_capture_on_commit_callbacks
):
    server = spine.create()
    spine.dispatch()
    with django_capture_on_commit_callbacks(execute=True):
        spine.deliver(events_of(spine, "cluster.new"))
    assert ("doubts", {"backend": spine.backend.pk, "server": server.pk}) in doorbell.heard
    assert spine.state(server)[0] == "BUILD"
    spine.cluster.name = "cluster.new"
    spine.clock.ahead += 100
    spine.reconciler.turn(spine.backend)
    spine.backend.refresh_from_db()
    assert spine.backend.name == "cluster.new"
    assert spine.state(server) == ("ACTIVE", None)


def test_setting_up_again_finds_the_renamed_cluster(spine):
    spine.backend.password_encrypted = sealing.seal("p")
    spine.backend.save()
    rename(spine, "cluster.fake", "cluster.new")
    again = installation.described_backend(
        {"name": "cluster.fake", "url": "https://x", "password": "p"}
    )
    assert (again.pk, again.name) == (spine.backend.pk, "cluster.new")
