"""What administrators read of networks, and the limits they set."""

from __future__ import annotations

import json

from synnefo.db.models import Network, QuotaLimit
from tests.integration.api.client import Api
from tests.integration.api.world import World

V = "/network/v2.0"


def test_more_addresses_than_fit_into_64_bits(api: Api, world: World) -> None:
    made = api("POST", f"{V}/networks", {"network": {"name": "wide"}}).body["network"]
    wish = {"network_id": made["id"], "ip_version": 6, "cidr": "fd00::/64"}
    assert api("POST", f"{V}/subnets", {"subnet": wish}).status == 201
    path = f"{V}/network-ip-availabilities"
    for asked in (f"{path}?network_name=wide", f"{path}/{made['id']}"):
        answer = api("GET", asked, as_="admin")
        assert answer.status == 200
        (told,) = json.loads(answer.raw).values()
        told = told[0] if isinstance(told, list) else told
        assert told["total_ips"] == told["subnet_ip_availability"][0]["total_ips"] == 2**64 - 2


def test_limits_are_not_set_below_what_is_used_but_by_force(api: Api, world: World) -> None:
    path = f"{V}/quotas/{world.demo.id}"
    for number in range(2):
        api("POST", f"{V}/networks", {"network": {"name": f"n{number}"}})
    assert Network.objects.filter(project=world.demo).count() == 2
    for more in ({}, {"check_limit": True}, {"force": False}):
        refused = api("PUT", path, {"quota": {"network": 1, "port": 5} | more}, as_="admin")
        assert (refused.status, "already used 2" in refused.message) == (400, True), more
    assert not QuotaLimit.objects.filter(project=world.demo, resource="port").exists()
    for wish in (
        {"network": 2, "check_limit": True},
        {"network": -1},
        {"network": 1, "force": True},
    ):
        told = api("PUT", path, {"quota": wish}, as_="admin")
        assert (told.status, told.body["quota"]["network"]) == (200, wish["network"])
        assert "force" not in told.body["quota"]
    aliases = {one["alias"] for one in api.get(f"{V}/extensions")["extensions"]}
    assert {"quota-check-limit", "quota-check-limit-default"} <= aliases
