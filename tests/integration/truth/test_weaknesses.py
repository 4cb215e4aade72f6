"""Weaknesses of the predecessor that no other test names; see `tests/system/README.md`."""

import itertools
from dataclasses import replace

import pytest
from django.db import transaction

from synnefo.core.faults import Fault
from synnefo.db.models import Address, Backend, Intent, Network, QuotaLimit, Server, Subnet, Volume
from synnefo.dispatcher.instances import instance_of
from synnefo.intents.server_request import NetworkRequest

LONG_AGO, FAR_AHEAD = (1, 0), (4_000_000_000, 0)


@pytest.mark.parametrize("clocks", list(itertools.product([LONG_AGO, FAR_AHEAD], repeat=3)))
@pytest.mark.parametrize("turned", [False, True])
def test_no_clock_orders_reports(spine, server, clocks, turned):
    """W3, W4, W5: nodes, masters and summer times may disagree as they like, or be equal."""
    for up in (False, True, False):
        submit = spine.cluster.submit_startup if up else spine.cluster.submit_shutdown
        submit(spine.instance(server), "by hand")
    reports = [replace(m, event_time=t) for m, t in zip(spine.events(), clocks, strict=True)]
    spine.deliver(reports[::-1] if turned else reports)
    assert spine.state(server) == ("STOPPED", None)


def test_a_dead_letter_that_is_replayed_late_changes_nothing(spine, server):
    """W12: what came after it stands."""
    spine.cluster.submit_shutdown(spine.instance(server), "by hand")
    dead = spine.events()
    spine.cluster.submit_startup(spine.instance(server), "by hand")
    spine.deliver(spine.events())
    spine.deliver(dead)
    assert spine.state(server) == ("ACTIVE", None)


def test_an_installation_with_a_like_prefix_is_another(spine, server):
    """W15."""
    spine.cluster.submit_shutdown(spine.instance(server), "by hand")
    (told,) = spine.events()
    for name in (f"snf2-{server.pk}", f"snf-x-{server.pk}", f"snf-{server.pk}.example.org"):
        spine.deliver([replace(told, instance=name)])
    assert spine.state(server) == ("ACTIVE", None)


def test_reports_of_another_cluster_with_the_same_prefix_count_nothing(spine, server):
    """W15: two clusters may be told of over one bus."""
    spine.cluster.submit_shutdown(spine.instance(server), "by hand")
    (told,) = spine.events()
    spine.deliver([replace(told, cluster="elsewhere")])
    assert spine.state(server) == ("ACTIVE", None)


def test_a_server_that_is_well_never_passes_through_error(spine, server):
    """W54: its report was lost and its job archived."""
    told = spine.create("told")
    spine.dispatch()
    spine.cluster.forget_job(Intent.objects.get(server=told).job_id)
    spine.clock.ahead += 60
    spine.reconciler.turn(spine.backend)
    assert spine.state(told) == ("ACTIVE", None)
    assert told.fault is None
    spine.audit()


def test_cards_and_disks_go_in_their_order(spine, server):
    """W67: the root is the disk with index 0, whatever order a database gives rows in."""
    when = {"created_at": spine.clock.now(), "updated_at": spine.clock.now()}
    other = Network.objects.create(project=spine.project, public=True, **when)
    Subnet.objects.create(
        network=other, cidr="10.8.0.0/24", pool_start="10.8.0.2", pool_end="10.8.0.9", **when
    )
    wanted = [NetworkRequest(str(one.uuid)) for one in (other, spine.network)]
    made = spine.create("ordered", networks=wanted)
    root = made.volumes.get()
    Volume.objects.filter(pk=root.pk).delete()
    more = {"project": spine.project, "server": made, "disk_template": "file"}
    for index in (1, 0):
        Volume.objects.create(index=index, size=100 + index, created_at=spine.clock.now(), **more)
    spec = instance_of(made, "snf")
    assert [disk.size for disk in spec.disks] == [100, 101]
    assert [nic.network for nic in spec.nics] == [
        f"snf-net-{other.pk}",
        f"snf-net-{spine.network.pk}",
    ]


@pytest.mark.parametrize("lack", ["quota", "addresses"])
def test_a_request_that_fails_takes_no_room(spine, server, lack):
    """W68: what a cluster has left is counted when a server is placed, not before it is allowed."""
    before = list(Backend.objects.values())
    if lack == "quota":
        QuotaLimit.objects.update(limit=1)
    else:
        Subnet.objects.update(pool_end="10.9.0.2")
    with pytest.raises(Fault), transaction.atomic():
        spine.create("too much")
    assert list(Backend.objects.values()) == before
    assert (Server.objects.count(), Address.objects.count()) == (1, 1)
