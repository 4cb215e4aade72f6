"""Many at the same time, on a database where that means something."""

import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections

from synnefo import wiring
from synnefo.core.faults import QuotaExceeded
from synnefo.db.models import Address, Intent, QuotaLimit, Server
from synnefo.intents import submission
from tests.integration.spine.spine import Spine

pytestmark = pytest.mark.django_db(transaction=True)
THREADS, EACH = 8, 2


@pytest.fixture
def shared(tmp_path, migrated):
    """A database in memory has one connection only: a file takes its place."""
    if connection.vendor != "sqlite":
        yield
        return
    kept = connection.connection, connection.settings_dict["NAME"]
    path = shutil.copyfile(migrated.path, tmp_path / "db.sqlite3")
    connection.connection, connection.settings_dict["NAME"] = None, str(path)
    yield
    connections.close_all()
    connection.connection, connection.settings_dict["NAME"] = kept


@pytest.fixture
def crowd(shared, doorbell):
    with wiring.replace(doorbell=doorbell):
        yield Spine()


def _together(work):
    def one(number):
        try:
            return work(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(one, range(THREADS)))


def test_creates(crowd):
    _together(lambda n: [crowd.create(f"{n}-{m}") for m in range(EACH)])
    addresses = list(Address.objects.values_list("address", flat=True))
    assert len(addresses) == len(set(addresses)) == THREADS * EACH
    assert crowd.used()["instances"] == THREADS * EACH


def test_the_last_of_the_quota_is_given_once(crowd):
    QuotaLimit.objects.filter(resource="instances").update(limit=3)

    def try_it(number):
        try:
            return crowd.create(str(number))
        except QuotaExceeded:
            return None

    made = [one for one in _together(try_it) if one is not None]
    assert len(made) == Server.objects.count() == crowd.used()["instances"] == 3


def test_one_key_makes_one_server(crowd):
    # Also where there is quota for one only.
    QuotaLimit.objects.filter(resource="instances").update(limit=1)
    made = _together(lambda n: crowd.create(idempotency_key="k", request_digest="d").pk)
    assert len(set(made)) == Server.objects.count() == 1


def test_dispatchers_never_share_a_claim(crowd):
    for number in range(12):
        crowd.create(str(number))
    now = crowd.clock.now()
    claims = _together(lambda n: [c.intent.pk for c in submission.claim(f"d{n}", now, 3)])
    claimed = [pk for some in claims for pk in some]
    assert len(claimed) == len(set(claimed))
    assert Intent.objects.filter(state="SUBMITTING").count() == len(claimed)
