"""Networks, floating addresses and security groups in the compute service's old words."""

from __future__ import annotations

from tests.integration.api.client import Api
from tests.integration.api.world import World

V = "/compute/v2.1"


def test_networks_are_seen_and_no_others(api: Api, world: World) -> None:
    world.net("secret", world.other)
    shown = api.get(f"{V}/os-networks")["networks"]
    assert [one["label"] for one in shown] == ["public"]
    one = api.get(f"{V}/os-tenant-networks/{shown[0]['id']}")["network"]
    assert one == {"id": shown[0]["id"], "label": "public", "cidr": "198.18.0.0/20"}
    assert api("GET", f"{V}/os-networks", version="2.36").status == 404


def test_a_floating_address_is_taken_and_given_back(api: Api, world: World) -> None:
    assert api.get(f"{V}/os-floating-ip-pools") == {"floating_ip_pools": [{"name": "public"}]}
    made = api("POST", f"{V}/os-floating-ips", {"pool": "public"})
    assert made.status == 200
    found = made.body["floating_ip"]
    assert (found["fixed_ip"], found["instance_id"], found["pool"]) == (None, None, "public")
    assert api.get(f"{V}/os-floating-ips") == {"floating_ips": [found]}
    path = f"{V}/os-floating-ips/{found['id']}"
    assert api("GET", path, as_="stranger").status == 404
    assert api("DELETE", path, as_="stranger").status == 404
    assert api("DELETE", path).status == 202
    assert api("POST", f"{V}/os-floating-ips", {"pool": "nowhere"}).status == 404


def test_groups_have_rules_for_what_comes_in(api: Api, world: World) -> None:
    wish = {"security_group": {"name": " web ", "description": "d"}}
    group = api("POST", f"{V}/os-security-groups", wish).body["security_group"]
    assert (group["name"], group["rules"]) == (" web ", [])
    rule = {"parent_group_id": group["id"], "ip_protocol": "tcp", "from_port": 22, "to_port": 22}
    made = api("POST", f"{V}/os-security-group-rules", {"security_group_rule": rule})
    assert made.status == 200
    assert made.body["security_group_rule"]["ip_range"] == {"cidr": "0.0.0.0/0"}
    again = api("POST", f"{V}/os-security-group-rules", {"security_group_rule": rule})
    assert again.status == 400
    path = f"{V}/os-security-groups/{group['id']}"
    assert len(api.get(path)["security_group"]["rules"]) == 1
    assert api("GET", path, as_="stranger").status == 404
    names = [one["name"] for one in api.get(f"{V}/os-security-groups")["security_groups"]]
    assert names == ["default", " web "]
    gone = f"{V}/os-security-group-rules/{made.body['security_group_rule']['id']}"
    assert api("DELETE", gone, as_="stranger").status == 404
    assert api("DELETE", gone).status == 202
    assert api("DELETE", path).status == 202
    assert api("GET", path).status == 404
