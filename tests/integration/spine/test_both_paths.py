"""A wish becomes a server and ends, by both paths."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import transaction

from synnefo.core import allocator, messages
from synnefo.core.faults import BadRequest, Conflict, NotFound, QuotaExceeded
from synnefo.db.models import (
    Activity,
    Address,
    Commission,
    ConsoleToken,
    Intent,
    Port,
    QuotaLimit,
    Server,
    Volume,
)
from synnefo.intents.compute import server_changes, servers
from synnefo.intents.server_request import NetworkRequest
from synnefo.ports import Delivery, Reject
from tests.integration.spine.spine import shuffled


def test_create_becomes_active(spine):
    server = spine.create()
    assert spine.state(server) == ("BUILD", "spawning")
    assert spine.used() == {"instances": 1, "cores": 1, "ram": 128}
    spine.dispatch()
    intent = Intent.objects.get()
    assert (intent.state, len(spine.jobs_of(intent))) == ("SUBMITTED", 1)
    assert spine.instances() == {spine.instance(server)}
    spine.deliver(spine.events())
    assert spine.state(server) == ("ACTIVE", None)
    assert server.launched_at is not None
    assert server.progress == 100
    activity = Activity.objects.get()
    assert (activity.action, activity.result, activity.actor) == ("create", "Success", "demo")
    report = spine.cluster.instance(spine.instance(server))
    assert report.nics[0].ip == server.ports.get().addresses.get().address == "10.9.0.2"
    assert Volume.objects.get().status == "in-use"
    spine.audit()


@pytest.mark.parametrize("action", ["os-stop", "reboot"])
def test_consoles_end_with_the_run_they_are_of(spine, action):
    server = spine.create()
    spine.settle()
    soon = spine.clock.now() + timedelta(minutes=5)
    ConsoleToken.objects.create(digest="x", server=server, host="h", port=1, expires_at=soon)
    spine.act(server, action, **({"type": "HARD"} if action == "reboot" else {}))
    spine.settle()
    assert not ConsoleToken.objects.exists()


@pytest.mark.parametrize(
    ("action", "arguments", "state"),
    [
        ("os-stop", {}, "STOPPED"),
        ("reboot", {"type": "SOFT"}, "ACTIVE"),
        ("reboot", {"type": "HARD"}, "ACTIVE"),
    ],
)
def test_actions(spine, action, arguments, state):
    server = spine.create()
    spine.settle()
    spine.act(server, action, **arguments)
    assert server.__class__.objects.get().task is not None
    with pytest.raises(Conflict, match="while it is in task_state"):
        spine.act(server, "os-stop")
    spine.settle()
    assert spine.state(server) == (state, None)
    spine.audit()


def test_stopped_server_starts(spine):
    server = spine.create()
    spine.settle()
    with pytest.raises(Conflict, match=r"Cannot 'start' instance .* in vm_state active"):
        spine.act(server, "os-start")
    spine.act(server, "os-stop")
    spine.settle()
    spine.act(server, "os-start")
    spine.settle()
    assert spine.state(server) == ("ACTIVE", None)


def test_delete_gives_everything_back(spine):
    server = spine.create()
    spine.settle()
    spine.delete(server)
    spine.delete(server)
    assert spine.state(server) == ("ACTIVE", "deleting")
    spine.settle()
    assert spine.state(server) == ("DELETED", None)
    assert not Address.objects.exists()
    assert not Port.objects.exists()
    assert set(spine.used().values()) == {0}
    with pytest.raises(NotFound):
        spine.delete(server)
    spine.audit()


def test_delete_before_it_was_submitted_needs_no_backend(spine):
    server = spine.create()
    spine.cluster.away = True
    spine.delete(server)
    spine.dispatch()
    assert spine.state(server) == ("DELETED", None)
    assert set(Intent.objects.values_list("action", "state")) == {
        ("create", "CANCELED"),
        ("delete", "SUCCEEDED"),
    }
    spine.cluster.away = False
    spine.audit()


def test_delete_while_its_create_waits_in_the_queue(spine):
    other = spine.create("other")  # So that the network is there.
    spine.settle()
    spine.cluster.holding = True
    server = spine.create()
    spine.dispatch()
    spine.delete(server)
    spine.dispatch()
    create = Intent.objects.get(server=server, action="create")
    assert spine.cluster.job(create.job_id).status == "canceled"
    spine.cluster.holding = False
    spine.settle()
    assert spine.state(server) == ("DELETED", None)
    assert spine.state(other) == ("ACTIVE", None)
    spine.audit()


def test_delete_while_its_create_runs_waits_for_the_end(spine, monkeypatch):
    spine.create("other")
    spine.settle()
    spine.cluster.holding = True
    server = spine.create()
    spine.dispatch()
    monkeypatch.setattr(spine.cluster, "cancel", lambda job_id: False)
    spine.delete(server)
    spine.dispatch()
    assert Intent.objects.get(action="delete").state == "RECORDED"
    spine.cluster.run()
    spine.cluster.holding = False
    spine.settle()
    assert spine.state(server) == ("DELETED", None)
    spine.audit()


def test_full_cluster_names_the_resource_and_returns_the_quota(spine):
    small = spine.create("makes the network")
    spine.settle()
    spine.delete(small)
    spine.settle()
    first, second = (spine.create(f"s{n}", flavor_id="99") for n in range(2))
    spine.settle()
    assert spine.state(first) == ("ACTIVE", None)
    assert spine.state(second) == ("ERROR", None)
    assert second.fault["message"].startswith("memory: ")
    assert spine.used()["instances"] == 1
    spine.delete(second)
    spine.cluster.away = True  # The refusal said that nothing was done: nobody needs to be asked.
    spine.dispatch()
    assert spine.state(second) == ("DELETED", None)
    spine.cluster.away = False
    spine.audit()


def test_frontend_refuses_what_fits_nowhere_after_a_fresh_look(spine):
    spine.reconciler.turn(spine.backend)
    spine.backend.refresh_from_db()
    assert spine.backend.memory_free == 64 * 1024
    first, second = (spine.create(f"s{n}", flavor_id="99") for n in range(2))
    spine.settle()
    assert spine.state(first) == ("ACTIVE", None)
    assert spine.state(second) == ("ERROR", None)
    assert second.fault["message"].startswith("memory: 40000 MiB asked, at most ")
    assert Intent.objects.get(server=second).job_id is None
    spine.cluster.away = True
    spine.delete(second)
    spine.dispatch()
    assert spine.state(second) == ("DELETED", None)


def test_what_a_look_finds_while_servers_are_placed_is_kept(spine, monkeypatch):
    choose = allocator.choose

    def looked_at_meanwhile(*arguments):
        spine.reconciler.turn(spine.backend)
        return choose(*arguments)

    monkeypatch.setattr(allocator, "choose", looked_at_meanwhile)
    assert spine.backend.memory_total == 0  # Nobody has looked before.
    spine.create()
    spine.dispatch(rounds=1)
    spine.backend.refresh_from_db()
    assert spine.backend.memory_free == 64 * 1024 - 128


def test_failed_build_is_not_removed_without_looking(spine):
    spine.create("other")
    spine.settle()
    spine.cluster.holding = True
    server = spine.create()
    spine.dispatch()
    job = Intent.objects.get(server=server).job_id
    failed = messages.OpStatus(
        job_id=job,
        status="error",
        operation="OP_INSTANCE_CREATE",
        instance=spine.instance(server),
        cluster="cluster.fake",
        result=["OpExecError", ["the image is damaged"]],
        intent=str(Intent.objects.get(server=server).uuid),
    )
    spine.deliver([failed])
    assert spine.state(server) == ("ERROR", None)
    assert server.fault["message"] == "the image is damaged"
    assert server.placed
    spine.cluster.run()  # It lies there after all.
    spine.cluster.holding = False
    spine.delete(server)
    spine.dispatch()
    spine.deliver(spine.events())
    assert spine.state(server) == ("DELETED", None)
    spine.audit()


def test_quota_is_refused_whole(spine):
    QuotaLimit.objects.filter(resource="ram").update(limit=300)
    spine.create()
    spine.create()
    refusal = "ram: Requested 128, but already used 256 of 300"
    with pytest.raises(QuotaExceeded, match=refusal), transaction.atomic():
        spine.create()
    assert Server.objects.count() == 2
    assert spine.used() == {"instances": 2, "cores": 2, "ram": 256}
    spine.settle()
    spine.audit()


def test_several_at_once_within_the_quota(spine):
    QuotaLimit.objects.filter(resource="instances").update(limit=3)
    first = spine.create("web", min_count=2, max_count=5)
    assert first.name == "web-1"
    assert Server.objects.count() == 3
    spine.settle()
    spine.audit()


def test_idempotency_key(spine):
    first = spine.create(idempotency_key="k", request_digest="d")
    assert spine.create(idempotency_key="k", request_digest="d").pk == first.pk
    with pytest.raises(Conflict):
        spine.create("other", idempotency_key="k", request_digest="e")
    assert Server.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"flavor_id": "nothing"}, "flavorRef"),
        ({"image_id": "nothing"}, "imageRef"),
        ({"image_id": None}, "imageRef"),
        ({"key_name": "nothing"}, "key_name"),
        ({"networks": [NetworkRequest("nothing")]}, "networks"),
    ],
)
def test_unknown_references_name_the_field(spine, changes, field):
    with pytest.raises(BadRequest) as fault:
        spine.create(**changes)
    assert fault.value.field == field
    assert not Server.objects.exists()
    assert not Commission.objects.exists()


def test_addresses_are_never_given_twice(spine):
    for number in range(19):
        spine.create(str(number), networks=[NetworkRequest(str(spine.network.uuid))])
    with pytest.raises(Conflict, match="No more IP addresses"), transaction.atomic():
        spine.create("one too many")
    addresses = list(Address.objects.values_list("address", flat=True))
    assert len(addresses) == len(set(addresses)) == 19
    assert "10.9.0.1" not in addresses
    assert spine.used()["instances"] == 19


def test_fixed_address(spine):
    wanted = [NetworkRequest(str(spine.network.uuid), "10.9.0.2")]
    server = spine.create(networks=wanted)
    assert server.ports.get().addresses.get().address == "10.9.0.2"
    with pytest.raises(Conflict, match=r"10\.9\.0\.2 is already in use"), transaction.atomic():
        spine.create(networks=wanted)
    assert spine.create().ports.get().addresses.get().address == "10.9.0.3"
    with pytest.raises(BadRequest, match="not in the network"), transaction.atomic():
        spine.create(networks=[NetworkRequest(str(spine.network.uuid), "10.10.0.2")])


def test_strangers_see_nothing(spine):
    server = spine.create()
    stranger = spine.caller.__class__("u", "u", "p", "p", frozenset({"member"}), "req-2")
    for call in (servers.delete, server_changes.update):
        with pytest.raises(NotFound):
            call(stranger, str(server.uuid))


def test_administrators_are_followed(spine):
    server = spine.create()
    spine.settle()
    spine.cluster.submit_shutdown(spine.instance(server), "by hand")
    spine.deliver(shuffled(spine.events(), 1))
    assert spine.state(server) == ("STOPPED", None)
    activity = Activity.objects.get(action="stop")
    assert (activity.actor, activity.result) == ("administrator", "Success")
    spine.cluster.submit_remove(spine.instance(server), "by hand")
    spine.deliver(spine.events())
    assert spine.state(server) == ("DELETED", None)
    spine.audit()


def test_failed_action_keeps_the_state(spine):
    server = spine.create()
    spine.settle()
    spine.cluster.holding = True
    spine.act(server, "os-stop")
    spine.dispatch()
    intent = Intent.objects.get(action="stop")
    spine.cluster.cancel(intent.job_id)
    spine.deliver(spine.events())
    assert spine.state(server) == ("ACTIVE", None)
    intent.refresh_from_db()
    assert (intent.state, intent.cause) == ("CANCELED", "The job was canceled")


def test_rings_follow_the_commit(spine, doorbell, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        server = spine.create()
    assert ("intents", {}) in doorbell.heard
    change = {"project": spine.project.id, "kind": "server", "id": str(server.uuid)}
    assert ("changes", change) in doorbell.heard


def test_cards_and_progress(spine):
    server = spine.create()
    port = server.ports.get()
    progress = messages.ImageProgress(instance=f"snf-{server.pk}", progress=40.2)
    spine.deliver([progress])
    assert Server.objects.get().progress == 40
    spine.settle()
    nic = {"name": f"snf-nic-{port.pk}", "mac": "AA:00:00:01:02:03", "ip": "10.9.0.9"}
    seen = messages.NetStatus(
        instance=f"snf-{server.pk}", cluster="cluster.fake", nics=(nic,), node="node2"
    )
    spine.deliver([seen, seen, progress])
    port.refresh_from_db()
    assert (port.mac_address, port.status) == ("aa:00:00:01:02:03", "ACTIVE")
    assert port.addresses.get().address == "10.9.0.9"
    server.refresh_from_db()
    assert (server.node, server.progress) == ("node2", 100)
    before = server.updated_at
    spine.clock.ahead += 5
    spine.deliver([replace(seen, nics=({**nic, "ip": "10.9.0.10"},))])
    server.refresh_from_db()
    assert server.updated_at > before  # Who asks what has changed must hear of the address.


@pytest.mark.parametrize(
    "body", [b"not json", b"{}", b'{"type": "ganeti-op-status", "version": 9}']
)
def test_nonsense_is_rejected(spine, body):
    from synnefo.dispatcher.consumer import Consumer

    with pytest.raises(Reject):
        Consumer(spine.clock).handle(Delivery("q", "k", body))
