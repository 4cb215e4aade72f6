"""Images, networks and security groups in the compute service's old words."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.integration.api.client import Api
from tests.integration.api.world import World

V = "/compute/v2.1"


def test_images(api: Api, world: World) -> None:
    mine = world.picture("mine", world.demo, properties={"instance_uuid": "x", "color": "red"})
    theirs = world.picture("theirs", world.other)
    found = {one["name"] for one in api.get(f"{V}/images")["images"]}
    assert {"mine", "tiny"} <= found
    assert "theirs" not in found
    assert len(api.get(f"{V}/images/detail?server=http://a/servers/x")["images"]) == 1
    assert len(api.get(f"{V}/images?property-color=red&status=active")["images"]) == 1
    assert api.get(f"{V}/images?status=saving")["images"] == []
    page = api.get(f"{V}/images?limit=1")
    rest = api.get(page["images_links"][0]["href"].partition("testserver")[2])
    assert rest["images"][0]["id"] != page["images"][0]["id"]
    shown = api.get(f"{V}/images/{mine.uuid}")["image"]
    assert (shown["status"], shown["server"]["id"]) == ("ACTIVE", "x")
    for absent in (theirs.uuid, "nothing", "-1"):
        assert api("GET", f"{V}/images/{absent}").status == 404
        assert api("DELETE", f"{V}/images/{absent}").status == 404
    assert api("GET", f"{V}/images", version="2.36").status == 404
    assert api("DELETE", f"{V}/images/{mine.uuid}").status == 204
    assert api("GET", f"{V}/images?minRam=x").status == 400
    assert api("GET", f"{V}/images?marker=x").status == 400


def test_properties_of_images(api: Api, world: World) -> None:
    mine = world.picture("mine", world.demo)
    where = f"{V}/images/{mine.uuid}/metadata"
    assert api("POST", where, {"metadata": {"a": "1"}}).body == {"metadata": {"a": "1"}}
    assert api("PUT", where, {"metadata": {"b": "2"}}).body == {"metadata": {"b": "2"}}
    assert api("PUT", f"{where}/c", {"meta": {"c": "3"}}).body == {"meta": {"c": "3"}}
    assert api("PUT", f"{where}/d", {"meta": {"c": "3"}}).status == 400
    assert api.get(f"{where}/c") == {"meta": {"c": "3"}}
    assert api("DELETE", f"{where}/b").status == 204
    assert api("DELETE", f"{where}/b").status == 404
    assert api.get(where) == {"metadata": {"c": "3"}}
    assert api("GET", where, as_="stranger").status == 404
    assert api("POST", where, {"metadata": {"a": "1"}}, as_="reader").status == 403
    many = {"metadata": {f"k{number}": "v" for number in range(200)}}
    assert api("PUT", where, many).status == 400


def test_networks(api: Api, world: World) -> None:
    [shown] = api.get(f"{V}/os-networks")["networks"]
    assert shown["label"] == "public"
    assert api.get(f"{V}/os-networks/{shown['id']}")["network"]["id"] == shown["id"]
    assert api.get(f"{V}/os-tenant-networks")["networks"][0]["cidr"] == "198.18.0.0/20"
    assert api("GET", f"{V}/os-tenant-networks/nothing").status == 404
    assert api("POST", f"{V}/os-networks", {}).status == 410
    assert api("GET", f"{V}/os-networks", version="2.36").status == 404


def test_floating_addresses(api: Api, world: World) -> None:
    assert api.get(f"{V}/os-floating-ips") == {"floating_ips": []}
    assert api("POST", f"{V}/os-floating-ips", {"pool": "nowhere"}).status == 404
    made = api("POST", f"{V}/os-floating-ips", {"pool": "public"})
    number = made.body["floating_ip"]["id"]
    assert made.body["floating_ip"]["pool"] == "public"
    assert api("GET", f"{V}/os-floating-ips/{number}", as_="stranger").status == 404
    assert api("DELETE", f"{V}/os-floating-ips/{number}").status == 202
    assert api("DELETE", f"{V}/os-floating-ips/{number}").status == 404


def test_security_groups(api: Api) -> None:
    where, body = f"{V}/os-security-groups", {"name": "web", "description": "d"}
    made = api("POST", where, {"security_group": body}).body["security_group"]
    assert (made["name"], made["rules"]) == ("web", [])
    names = [one["name"] for one in api.get(where)["security_groups"]]
    assert names == ["default", "web"]
    rule: dict[str, Any] = {
        "parent_group_id": made["id"],
        "ip_protocol": "tcp",
        "from_port": "22",
        "to_port": 22,
        "cidr": "192.0.2.0/24",
    }
    rules = f"{V}/os-security-group-rules"
    new = api("POST", rules, {"security_group_rule": rule}).body["security_group_rule"]
    assert (new["from_port"], new["ip_range"]) == (22, {"cidr": "192.0.2.0/24"})
    for wrong in ({"to_port": 70000}, {"ip_protocol": "nonsense"}, {"cidr": "1.2.3"}):
        assert api("POST", rules, {"security_group_rule": rule | wrong}).status == 400
    assert api("GET", f"{where}/{made['id']}", as_="stranger").status == 404
    assert api("DELETE", f"{rules}/{new['id']}", as_="stranger").status == 404
    assert api("DELETE", f"{rules}/{new['id']}").status == 202
    changed = api("PUT", f"{where}/{made['id']}", {"security_group": body | {"name": "x"}})
    assert changed.body["security_group"]["name"] == "x"
    assert api("DELETE", f"{where}/{made['id']}").status == 202
    assert api("DELETE", f"{where}/{made['id']}").status == 404
    assert api("GET", f"{where}/4").status == 400


@pytest.mark.parametrize("path", ["images/detail", "os-networks", "os-security-groups"])
def test_query_counts(api: Api, world: World, path: str) -> None:
    counts = []
    for size in (1, 4):
        for number in range(size):
            world.picture(f"p{size}{number}", world.demo)
            world.net(f"n{size}{number}", world.demo)
            group = {"name": f"g{size}{number}", "description": ""}
            api("POST", f"{V}/os-security-groups", {"security_group": group})
        with CaptureQueriesContext(connection) as seen:
            api.get(f"{V}/{path}")
        counts.append(len(seen))
    assert counts[0] == counts[1]
