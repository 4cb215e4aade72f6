"""Mistakes in quota and addresses: made on purpose, told, put right; none where there is none."""

import pytest
from django.db.models import F

from synnefo.core.ledger import Kind
from synnefo.db.models import Address, Commission, QuotaUsage, Server
from synnefo.reconciler import books


def _told_then_put_right(spine, kind):
    found = books.check(spine.clock.now(), repair=False)
    assert kind in {one.kind for one in found}
    assert books.check(spine.clock.now(), repair=False) == found, "a report changes nothing"
    assert spine.reconciler.books() == len(found)
    assert books.check(spine.clock.now(), repair=False) == []
    spine.audit()


@pytest.mark.parametrize("state", ["ACTIVE", "ERROR"])
def test_commission_that_was_left_pending(spine, server, state):
    Commission.objects.update(state="ISSUED", resolved_at=None)
    Server.objects.update(state=state)
    if state == "ERROR":  # The audit below expects that nothing runs for it.
        spine.cluster.remove_behind(spine.instance(server))
    _told_then_put_right(spine, Kind.COMMISSION)


def test_charge_that_was_lost(spine, server):
    Commission.objects.all().delete()
    QuotaUsage.objects.update(used=0)
    _told_then_put_right(spine, Kind.CHARGE)
    assert spine.used() == {"instances": 1, "cores": 1, "ram": 128}


def test_charge_that_was_made_twice(spine, server):
    row = Commission.objects.get()
    row.pk = None
    row.save()
    QuotaUsage.objects.update(used=F("used") * 2)
    _told_then_put_right(spine, Kind.CHARGE)


@pytest.mark.parametrize("used", [0, 7, 1_000_000])
def test_sum_that_is_wrong(spine, server, used):
    QuotaUsage.objects.filter(resource="ram").update(used=used)
    _told_then_put_right(spine, Kind.USAGE)
    assert spine.used()["ram"] == 128


def test_sum_that_nobody_wrote(spine, server):
    QuotaUsage.objects.filter(resource="ram").delete()
    _told_then_put_right(spine, Kind.USAGE)


def test_addresses_of_a_deleted_server(spine, server):
    spine.cluster.remove_behind(spine.instance(server))
    Server.objects.update(state="DELETED", deleted_at=spine.clock.now())
    _told_then_put_right(spine, Kind.ADDRESS)
    assert not Address.objects.exists()


def test_who_is_under_way_is_left_alone(spine, server):
    spine.create("building")
    spine.cluster.holding = True
    spine.act(server, "os-stop")
    assert books.check(spine.clock.now(), repair=False) == []
    spine.dispatch()
    assert books.check(spine.clock.now(), repair=False) == []
