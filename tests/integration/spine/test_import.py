"""An administrators' instance becomes a user's server: once, whole, and usable like any other."""

import io

import pytest
from django.core.management import CommandError, call_command

from synnefo import wiring
from synnefo.core import drift
from synnefo.core.server_states import ServerState
from synnefo.db.models import Address, Flavor, Port, QuotaLimit, QuotaUsage, Server, Volume
from synnefo.ports import DiskSpec, InstanceSpec, NicSpec
from synnefo.reconciler.looking import look

OLD = "db.example.org"


@pytest.fixture
def instance(spine):
    """Running, with two disks and a card that an administrator connected by hand."""
    spine.user.default_project = spine.project
    spine.user.save()
    spec = InstanceSpec(
        name=OLD, vcpus=2, memory=512, disk_template="file", os="debootstrap+default",
        disks=(DiskSpec("", 2048), DiskSpec("", 100)),
        nics=(NicSpec("", ip="10.9.0.7", mac="aa:00:00:00:00:07"),),
    )  # fmt: skip
    spine.cluster.submit_create(spec, "an administrator's")
    with wiring.replace(cluster=lambda _: spine.cluster, clock=spine.clock):
        yield OLD


def _import(*words):
    out = io.StringIO()
    call_command("server_import", OLD, "--user", "demo", *words, stdout=out)
    return out.getvalue()


def test_it_is_a_server_like_any_other(spine, instance):
    text = _import("--network", "public", "--stop", "--name", "db")
    server = Server.objects.get()
    assert str(server.uuid) in text
    assert "not shown" not in text
    assert (server.name, server.state, server.placed) == ("db", ServerState.ACTIVE, True)
    assert (server.flavor.vcpus, server.flavor.ram, server.flavor.is_public) == (2, 512, False)
    assert {row.resource: row.used for row in QuotaUsage.objects.all()} == {
        "instances": 1, "cores": 2, "ram": 512,
    }  # fmt: skip
    assert [(one.size, one.status) for one in Volume.objects.order_by("index")] == [
        (2048, "in-use"), (100, "in-use"),
    ]  # fmt: skip
    assert Address.objects.get().address == "10.9.0.7"
    assert Port.objects.get().mac_address == "aa:00:00:00:00:07"
    assert look(spine.backend, spine.cluster, spine.clock.now()).drifts == []
    spine.act(server, "stop")
    spine.settle()
    assert Server.objects.get().state == ServerState.STOPPED
    spine.delete(server)
    spine.settle()
    assert spine.cluster.instances() == []
    assert not any(row.used for row in QuotaUsage.objects.all())


def test_a_card_in_no_network_of_ours_stays_as_it_is(spine, instance):
    assert "not shown: 1" in _import("--stop")
    assert not Port.objects.exists()
    assert [nic.ip for nic in spine.cluster.instances()[0].nics] == ["10.9.0.7"]
    kinds = {one.kind for one in look(spine.backend, spine.cluster, spine.clock.now()).drifts}
    assert kinds <= {drift.Kind.FOREIGN_NIC}


def test_a_flavor_of_its_size_is_taken(spine, instance):
    known = Flavor.objects.create(flavor_id="7", name="m", vcpus=2, ram=512, disk=3)
    _import("--stop")
    assert Server.objects.get().flavor == known


def test_one_that_runs_is_not_stopped_unasked(spine, instance):
    with pytest.raises(CommandError, match="add --stop"):
        _import()
    assert spine.cluster.instance(OLD).running
    assert not Server.objects.exists()


def test_a_project_without_quota_gets_nothing(spine, instance):
    QuotaLimit.objects.filter(resource="cores").update(limit=1)
    with pytest.raises(CommandError, match="cores"):
        _import("--stop")
    assert not Server.objects.exists()
    assert spine.cluster.instance(OLD)


@pytest.mark.parametrize("name", ["submit_rename", "submit_set_params", "submit_startup"])
def test_broken_off_it_is_taken_up_again(spine, instance, monkeypatch, name):
    whole, left = getattr(spine.cluster, name), [1]

    def breaks(*arguments):
        if left:
            left.pop()
            raise KeyboardInterrupt
        return whole(*arguments)

    monkeypatch.setattr(spine.cluster, name, breaks)
    with pytest.raises(KeyboardInterrupt):
        _import("--network", "public", "--stop")
    _import("--network", "public", "--stop")
    assert Server.objects.count() == 1
    assert QuotaUsage.objects.get(resource="instances").used == 1
    assert [one.name for one in spine.cluster.instances()] == [f"snf-{Server.objects.get().pk}"]
    assert look(spine.backend, spine.cluster, spine.clock.now()).drifts == []


def test_what_is_refused_leaves_nothing(spine, instance):
    """Somebody took the name that it was to get."""
    gone = Server.objects.create(
        project=spine.project, user=spine.user, flavor=spine.flavor,
        created_at=spine.clock.now(), updated_at=spine.clock.now(),
    )  # fmt: skip
    taken = InstanceSpec(f"snf-{gone.pk + 1}", 1, 64, "diskless", "noop")
    gone.delete()
    spine.cluster.submit_create(taken, "another")
    with pytest.raises(CommandError, match="rename"):
        _import("--stop")
    assert Server.objects.get().state == ServerState.DELETED
    assert not any(row.used for row in QuotaUsage.objects.all())
    assert spine.cluster.instance(OLD)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("absent.example", "--user", "demo"), "not known"),
        ((OLD, "--user", "nobody"), "no user nobody"),
        ((OLD, "--user", "demo", "--network", "blue"), "no network blue"),
        ((OLD, "--user", "demo", "--backend", "other"), "no backend other"),
        (("snf-7", "--user", "demo"), "already"),
    ],
)
def test_what_cannot_be_imported(spine, instance, words, why):
    with pytest.raises(CommandError, match=why):
        call_command("server_import", *words)
    assert not Server.objects.exists()
