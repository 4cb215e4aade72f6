"""Quota beyond the ledger: rows are counted, each project's own limits hold."""

from __future__ import annotations

import pytest

from synnefo.core import faults
from synnefo.db.models import Keypair, QuotaUsage
from synnefo.db.transactions import writing
from synnefo.intents import quota
from tests.integration.api.world import World


def test_admit_counts_rows_and_sizes(world: World) -> None:
    world.quota(world.demo, network=1, gigabytes=10)
    with writing():
        quota.admit(world.demo.id, "network", Keypair.objects.none())
        quota.admit(world.demo.id, "gigabytes", lambda: 5, 5)
        quota.admit(world.demo.id, "subnetpool", Keypair.objects.none(), 1 << 40)
        with pytest.raises(faults.QuotaExceeded, match="Requested 2, but already used 0 of 1"):
            quota.admit(world.demo.id, "network", Keypair.objects.none(), 2)
        with pytest.raises(faults.QuotaExceeded, match="too large"):
            quota.admit(world.demo.id, "gigabytes", lambda: 5, 6, sentence="too large")
    assert set(QuotaUsage.objects.values_list("used", flat=True)) <= {0}
