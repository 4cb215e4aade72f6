"""Limits of one type of volumes beside those for all."""

from __future__ import annotations

from typing import Any

from synnefo.db.models import VolumeType
from tests.integration.api.client import Answer, Api
from tests.integration.api.test_volumes import act, call, made


def kind_of(api: Api, name: str = "gold", **fields: Any) -> None:
    wish = {"volume_type": {"name": name, **fields}}
    assert call(api, "POST", "/types", wish, as_="admin").status == 200


def limit(api: Api, **limits: int) -> Answer:
    path = f"/os-quota-sets/{api.world.demo.id}"
    return call(api, "PUT", path, {"quota_set": limits}, as_="admin")


def test_a_type_has_limits_of_its_own(api: Api) -> None:
    kind_of(api)
    set_to = limit(api, volumes_gold=2, gigabytes_gold=3, snapshots_gold=1).body["quota_set"]
    assert (set_to["volumes_gold"], set_to["gigabytes_gold"], set_to["volumes"]) == (2, 3, 10)
    first = made(api, 1, volume_type="gold")
    refused = call(api, "POST", "/volumes", {"volume": {"size": 3, "volume_type": "gold"}})
    assert (refused.status, "gigabytes_gold" in refused.message) == (413, True)
    plain = made(api, 3)  # Of another type.
    assert act(api, plain, "os-retype", {"new_type": "gold"}).status == 413
    assert act(api, first, "os-extend", {"new_size": 4}).status == 413
    made(api, 1, volume_type="gold")
    refused = call(api, "POST", "/volumes", {"volume": {"size": 1, "volume_type": "gold"}})
    assert (refused.status, "volumes_gold" in refused.message) == (413, True)
    snapshot = {"snapshot": {"volume_id": first["id"]}}
    assert call(api, "POST", "/snapshots", snapshot).status == 202
    assert call(api, "POST", "/snapshots", snapshot).status == 413
    path = f"/os-quota-sets/{api.world.demo.id}?usage=true"
    used = call(api, "GET", path).body["quota_set"]
    assert used["gigabytes_gold"] == {"limit": 3, "in_use": 3, "reserved": 0}
    assert (used["volumes_gold"]["in_use"], used["snapshots_gold"]["in_use"]) == (2, 1)


def test_limits_stay_with_a_type_that_is_renamed_and_go_when_forgotten(api: Api) -> None:
    kind_of(api)
    limit(api, volumes_gold=2)
    VolumeType.objects.filter(name="gold").update(name="silver")
    path = f"/os-quota-sets/{api.world.demo.id}"
    assert call(api, "GET", path).body["quota_set"]["volumes_silver"] == 2
    assert call(api, "DELETE", path, as_="admin").status == 200
    assert call(api, "GET", path).body["quota_set"]["volumes_silver"] == -1


def test_the_default_class_has_limits_of_types(api: Api) -> None:
    kind_of(api)
    wish = {"quota_class_set": {"volumes_gold": 1, "snapshots": 11}}
    told = call(api, "PUT", "/os-quota-class-sets/default", wish, as_="admin").body
    assert told["quota_class_set"]["volumes_gold"] == 1
    path = f"/os-quota-sets/{api.world.demo.id}/defaults"
    assert call(api, "GET", path).body["quota_set"]["volumes_gold"] == 1
    made(api, volume_type="gold")
    assert (
        call(api, "POST", "/volumes", {"volume": {"size": 1, "volume_type": "gold"}}).status == 413
    )


def test_names_that_mean_nothing_and_types_of_others(api: Api) -> None:
    kind_of(api, "hidden", **{"os-volume-type-access:is_public": False})
    refused = limit(api, volumes_lead=2)
    assert (refused.status, "volumes_lead" in refused.message) == (400, True)
    path = f"/os-quota-sets/{api.world.demo.id}"
    assert "volumes_hidden" not in call(api, "GET", path).body["quota_set"]
    assert "volumes_hidden" in call(api, "GET", path, as_="admin").body["quota_set"]
