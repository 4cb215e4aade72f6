"""Quota beyond the ledger: rows are counted, each project's own limits hold."""

from __future__ import annotations

from typing import Any

import pytest

from synnefo.core import faults
from synnefo.db.models import Keypair, QuotaUsage
from synnefo.db.transactions import writing
from synnefo.intents import quota
from tests.integration.api.client import Api
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


QUOTAS = "/compute/v2.1/os-quota-sets"


def test_limits_of_a_project_change_and_go(api: Api, world: World) -> None:
    where = f"{QUOTAS}/{world.demo.id}"
    change = {"quota_set": {"ram": "5120", "floating_ips": 3, "force": True}}
    assert api("PUT", where, change).status == 403
    changed = api("PUT", where, change, as_="admin").body["quota_set"]
    assert (changed["ram"], changed["floating_ips"], "id" in changed) == (5120, 3, False)
    assert quota.limits(world.demo.id)["floatingip"] == 3
    assert api.get(where)["quota_set"]["ram"] == 5120
    assert api.get(f"{where}/defaults")["quota_set"]["ram"] == 51200
    assert api("DELETE", where, as_="admin").status == 202
    assert api.get(where)["quota_set"]["ram"] == 51200


def test_a_limit_below_what_is_used_needs_force(api: Api, world: World) -> None:
    QuotaUsage.objects.create(project=world.demo, resource="cores", used=5)
    where = f"{QUOTAS}/{world.demo.id}"
    assert api("PUT", where, {"quota_set": {"cores": 4}}, as_="admin").status == 400
    forced = {"quota_set": {"cores": 4, "force": True}}
    assert api("PUT", where, forced, as_="admin").status == 200
    detail = api.get(f"{where}/detail")["quota_set"]["cores"]
    assert detail == {"limit": 4, "in_use": 5, "reserved": 0}


def test_a_user_has_a_part(api: Api, world: World) -> None:
    where = f"{QUOTAS}/{world.demo.id}?user_id={world.user.id}"
    too_much = {"quota_set": {"instances": 11}}
    assert api("PUT", where, too_much, as_="admin").status == 400
    assert api("PUT", where, {"quota_set": {"instances": 1}}, as_="admin").status == 200
    assert api.get(where)["quota_set"]["instances"] == 1
    assert api.get(f"{QUOTAS}/{world.demo.id}")["quota_set"]["instances"] == 10
    body = {"server": {"name": "s", "flavorRef": "1", "imageRef": str(world.image.uuid)}}
    assert api("POST", "/compute/v2.1/servers", body).status == 202
    assert api("POST", "/compute/v2.1/servers", body).status == 403
    assert api("DELETE", where, as_="admin").status == 202
    assert api("POST", "/compute/v2.1/servers", body).status == 202
    assert api("GET", f"{QUOTAS}/{world.demo.id}?user_id=nobody", as_="admin").status == 400
    assert api("GET", f"{QUOTAS}/{world.demo.id}?user_id={world.stranger.id}").status == 404


def test_strangers_and_absent_projects(api: Api, world: World) -> None:
    assert api("GET", f"{QUOTAS}/{world.demo.id}", as_="stranger").status == 404
    assert api("GET", f"{QUOTAS}/{'0' * 32}", as_="admin").status == 400


def test_defaults_are_a_class(api: Api, world: World) -> None:
    where = "/compute/v2.1/os-quota-class-sets/default"
    before = api.get(where, as_="admin")["quota_class_set"]
    assert before.pop("id") == "default"
    larger = {name: limit + 100 for name, limit in before.items()}
    changed = api("PUT", where, {"quota_class_set": larger}, as_="admin")
    assert changed.body["quota_class_set"] == larger
    assert api.get(f"{QUOTAS}/{world.demo.id}")["quota_set"]["instances"] == 110
    assert api("GET", where).status == 403


@pytest.mark.parametrize("value", [-2, 2**31, "many", None, 1.5, [], True])
def test_bad_limits(api: Api, world: World, value: Any) -> None:
    where, body = f"{QUOTAS}/{world.demo.id}", {"quota_set": {"instances": value}}
    assert api("PUT", where, body, as_="admin").status == 400
    assert quota.limits(world.demo.id)["instances"] == 10


def test_names_go_with_the_versions(api: Api, world: World) -> None:
    for version, gone in (("2.36", "floating_ips"), ("2.57", "injected_files")):
        shown = api.get(f"{QUOTAS}/{world.demo.id}", version=version)["quota_set"]
        assert gone not in shown
        body = {"quota_set": {gone: 1}}
        where = f"{QUOTAS}/{world.demo.id}"
        assert api("PUT", where, body, as_="admin", version=version).status == 400
    old = api.get("/compute/v2.1/limits")["limits"]["absolute"]
    new = api.get("/compute/v2.1/limits", version="2.57")["limits"]["absolute"]
    assert {"maxImageMeta", "maxPersonality", "maxSecurityGroups"} <= old.keys() - new.keys()
