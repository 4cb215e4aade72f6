"""Every kind of drift between a server and its instance: made on purpose, told, repaired.

Each is first reported by `manage.py reconcile`, which changes nothing, and then repaired by one
turn of the daemon; a second turn finds nothing.
"""

import io
from dataclasses import replace

import pytest
from django.core.management import call_command

from synnefo import wiring
from synnefo.core.drift import Drift, Kind
from synnefo.core.server_states import ServerState
from synnefo.db.models import Address, Flavor, Intent, Port, Server, Volume
from synnefo.intents.compute import rescues
from synnefo.ports import DiskReport
from synnefo.reconciler.looking import Look
from synnefo.reconciler.repairing import repair


def _report(spine, *words):
    """What the command says, and its exit code."""
    out = io.StringIO()
    with wiring.replace(cluster=lambda _: spine.cluster, clock=spine.clock):
        try:
            call_command("reconcile", *words, stdout=out, stderr=out)
        except SystemExit as ended:
            return out.getvalue(), ended.code
    return out.getvalue(), 0


def _rows():
    tables = (Server, Port, Address, Volume, Intent)
    return [list(table.objects.order_by("pk").values()) for table in tables]


def _told_then_repaired(spine, server, kind):
    before = _rows()
    text, code = _report(spine)
    assert (kind in text, code) == (True, 1)
    assert _rows() == before, "a report changes nothing"
    found = spine.reconciler.turn(spine.backend)
    assert kind in {one.kind for one in found.drifts}
    assert spine.reconciler.turn(spine.backend).drifts == []
    server.refresh_from_db()
    assert _report(spine) == ("0 differences, 0 repaired\n", 0)


def test_stale(spine, server):
    spine.cluster.remove_behind(spine.instance(server))
    _told_then_repaired(spine, server, Kind.STALE)
    assert server.state == "DELETED"
    spine.audit()


def test_build_whose_job_is_lost(spine, server):
    spine.cluster.holding = True
    lost = spine.create("lost")
    spine.dispatch()
    intent = Intent.objects.get(server=lost)
    spine.cluster.forget_job(intent.job_id)
    Intent.objects.filter(pk=intent.pk).update(
        state="FAILED", cause="as if", finished_at=spine.clock.now()
    )
    _told_then_repaired(spine, lost, Kind.LOST_BUILD)
    assert (lost.state, lost.task) == ("ERROR", None)
    assert "delete it and create it again" in lost.fault["message"]
    spine.audit()


def test_build_that_was_wished_during_the_look_goes_on(spine, server):
    """The look read what is under way, stood still, and then read the servers."""
    wished = spine.create("wished")
    drift = Drift(Kind.LOST_BUILD, wished.pk, "no build and no instance", ServerState.ERROR)
    assert repair(Look(spine.backend, spine.clock.now(), [drift], {}), spine.clock.now()) == 0
    spine.settle()
    assert spine.state(wished) == ("ACTIVE", None)
    spine.audit()


def test_build_that_nobody_told_of(spine, server):
    told = spine.create("told")
    spine.dispatch()
    Intent.objects.filter(server=told).update(state="SUCCEEDED", finished_at=spine.clock.now())
    _told_then_repaired(spine, told, Kind.LOST_BUILD)
    assert (told.state, told.progress) == ("ACTIVE", 100)
    assert told.launched_at is not None
    spine.audit()


@pytest.mark.parametrize(("running", "state"), [(False, "STOPPED"), (True, "ACTIVE")])
def test_operational_state(spine, server, running, state):
    if running:
        spine.act(server, "os-stop")
        spine.settle()
    spine.cluster.set_instance(spine.instance(server), running=running)
    _told_then_repaired(spine, server, Kind.STATE)
    assert server.state == state


def test_error_that_runs(spine, server):
    Server.objects.filter(pk=server.pk).update(state="ERROR")
    _told_then_repaired(spine, server, Kind.STATE)
    assert server.state == "ACTIVE"
    spine.audit()


def test_task_that_nobody_does(spine, server):
    Server.objects.filter(pk=server.pk).update(task="rebooting")
    _told_then_repaired(spine, server, Kind.TASK)
    assert (server.state, server.task) == ("ACTIVE", None)


def test_node(spine, server):
    spine.cluster.set_instance(spine.instance(server), pnode="node7.fake")
    _told_then_repaired(spine, server, Kind.NODE)
    assert server.node == "node7.fake"


def test_size_of_a_flavor(spine, server):
    larger = Flavor.objects.create(flavor_id="2", name="larger", vcpus=2, ram=256, disk=1)
    spine.cluster.set_instance(spine.instance(server), vcpus=2, memory=256)
    _told_then_repaired(spine, server, Kind.SIZE)
    assert server.flavor == larger
    assert spine.used() == {"instances": 1, "cores": 2, "ram": 256}
    spine.audit()


def test_size_of_no_flavor_is_told_and_stops_nothing(spine, server):
    spine.cluster.set_instance(spine.instance(server), vcpus=3, memory=333, running=False)
    spine.reconciler.turn(spine.backend)
    server.refresh_from_db()
    assert (server.state, server.flavor) == ("STOPPED", spine.flavor)
    text, code = _report(spine, "--repair")
    assert "1 vCPU and 128 MiB, but it has 3 vCPU and 333 MiB" in text
    assert code == 1


def _cards(spine, server, *cards):
    spine.cluster.set_instance(spine.instance(server), nics=cards)


def test_card_with_other_address_and_mac(spine, server):
    card = spine.cluster.instance(spine.instance(server)).nics[0]
    _cards(spine, server, replace(card, mac="AA:00:00:00:00:99", ip="10.9.0.17"))
    _told_then_repaired(spine, server, Kind.NIC)
    port = server.ports.get()
    assert port.mac_address == "aa:00:00:00:00:99"
    assert port.addresses.get().address == "10.9.0.17"


def test_card_that_was_removed_gives_its_address_back(spine, server):
    _cards(spine, server)
    spine.clock.ahead += 1
    _told_then_repaired(spine, server, Kind.NIC)
    assert not server.ports.exists()
    assert not Address.objects.exists()


def test_card_without_a_port_is_told_only(spine, server):
    card = spine.cluster.instance(spine.instance(server)).nics[0]
    _cards(spine, server, card, replace(card, name="eth7", ip=None, network="elsewhere"))
    found = spine.reconciler.turn(spine.backend)
    assert [one.kind for one in found.drifts] == [Kind.FOREIGN_NIC]
    assert server.ports.count() == 1


def test_card_that_lost_its_name_costs_no_address(spine, server):
    card = spine.cluster.instance(spine.instance(server)).nics[0]
    _cards(spine, server, replace(card, name=None))
    spine.clock.ahead += 1
    spine.reconciler.turn(spine.backend)
    assert server.ports.get().addresses.exists()


def test_disk_that_was_grown(spine, server):
    disk = spine.cluster.instance(spine.instance(server)).disks[0]
    spine.cluster.set_instance(spine.instance(server), disks=(replace(disk, size=4096),))
    _told_then_repaired(spine, server, Kind.DISK)
    assert server.volumes.get().size == 4096


def test_disk_that_was_removed(spine, server):
    spine.cluster.set_instance(spine.instance(server), disks=())
    _told_then_repaired(spine, server, Kind.DISK)
    assert server.volumes.get().status == "deleted"


def test_disk_without_a_volume_is_told_only(spine, server):
    disk = spine.cluster.instance(spine.instance(server)).disks[0]
    more = DiskReport("scratch", "u", 100)
    spine.cluster.set_instance(spine.instance(server), disks=(disk, more))
    found = spine.reconciler.turn(spine.backend)
    assert [one.kind for one in found.drifts] == [Kind.FOREIGN_DISK]
    assert server.volumes.get().status == "in-use"


def _each_part(spine):
    """A rescue and its end are three jobs one after the other."""
    for _ in range(3):
        spine.settle()


def _boot_from(spine, server, *names):
    """As an administrator who adds or takes the disk that comes first."""
    disk = spine.cluster.instance(spine.instance(server)).disks[-1]
    disks = (*(replace(disk, name=name) for name in names), disk)
    spine.cluster.set_instance(spine.instance(server), disks=disks)


def test_rescue_that_nobody_told_of(spine, server):
    _boot_from(spine, server, f"snf-rescue-{server.pk}")
    _told_then_repaired(spine, server, Kind.RESCUE)
    assert (server.mode, server.state) == ("RESCUED", "ACTIVE")
    rescues.unrescue(spine.caller, str(server.uuid))
    _each_part(spine)
    server.refresh_from_db()
    assert (server.mode, server.state) == (None, "ACTIVE")
    spine.audit()


def test_rescue_that_an_administrator_ended(spine, server):
    rescues.rescue(spine.caller, str(server.uuid), None)
    _each_part(spine)
    server.refresh_from_db()
    assert server.mode == "RESCUED"
    _boot_from(spine, server)
    _told_then_repaired(spine, server, Kind.RESCUE)
    assert (server.mode, server.before_mode) == (None, {})


def test_orphan_goes_only_by_an_operators_word(spine, server):
    Server.objects.filter(pk=server.pk).update(state="DELETED", deleted_at=spine.clock.now())
    text, code = _report(spine)
    assert (Kind.ORPHAN in text, code) == (True, 1)
    _report(spine, "--repair")
    assert spine.instances() == {spine.instance(server)}
    text, _ = _report(spine, "--remove-orphans", "--repair")
    assert f"removes {spine.instance(server)}" in text
    assert spine.instances() == set()


def test_what_is_under_way_is_left_alone(spine, server):
    spine.cluster.holding = True
    spine.act(server, "os-stop")
    spine.dispatch()
    spine.cluster.set_instance(spine.instance(server), running=False, vcpus=9, nics=())
    assert spine.reconciler.turn(spine.backend).drifts == []
    assert spine.state(server) == ("ACTIVE", "powering-off")


def test_a_doubt_is_a_look_at_one_server(spine, server):
    other = spine.create("other")
    spine.settle()
    for one in (server, other):
        spine.cluster.set_instance(spine.instance(one), running=False)
    asked = []
    instance = spine.cluster.instance
    spine.cluster.instance = lambda name: asked.append(name) or instance(name)
    spine.cluster.instances = lambda: pytest.fail("all were asked for")
    spine.reconciler.turn(spine.backend, [server.pk])
    assert asked == [spine.instance(server)]
    assert spine.state(server) == ("STOPPED", None)
    assert spine.state(other) == ("ACTIVE", None)


def test_an_operator_looks_at_one_server(spine, server):
    other = spine.create("other")
    spine.settle()
    for one in (server, other):
        spine.cluster.set_instance(spine.instance(one), running=False)
    text, code = _report(spine, "--server", str(server.uuid))
    assert (f"{server.pk} {Kind.STATE}" in text, code) == (True, 1)
    assert text.endswith("1 differences, 0 repaired\n")
    assert spine.state(server) == ("ACTIVE", None)
    text, code = _report(spine, "--server", spine.instance(server), "--repair")
    assert (text.endswith("1 differences, 1 repaired\n"), code) == (True, 0)
    assert spine.state(server) == ("STOPPED", None)
    assert spine.state(other) == ("ACTIVE", None)


def test_a_server_made_during_the_look_is_no_orphan(spine, server):
    """The database is read first: what was recorded since then must not be taken for nobody's."""
    instances = spine.cluster.instances

    def meanwhile():
        spine.create("meanwhile")
        spine.settle()
        return instances()

    spine.cluster.instances = meanwhile
    text, _ = _report(spine, "--remove-orphans")
    assert Kind.ORPHAN not in text
    assert len(spine.cluster._instances) == 2
