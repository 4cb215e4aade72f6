"""Groups of addresses that rules of security groups name."""

from __future__ import annotations

from tests.integration.api.client import Api
from tests.integration.api.test_networks import V, kind, post, put
from tests.integration.api.world import World

PATH = f"{V}/address-groups"


def test_addresses_come_and_go(api: Api, world: World) -> None:
    wish = {"name": "a", "description": "d", "addresses": ["10.0.0.7/8", "192.0.2.1", "fd00::1"]}
    made = post(api, "address-groups", {"address_group": wish})
    assert made["addresses"] == ["10.0.0.0/8", "192.0.2.1/32", "fd00::1/128"]
    assert (made["project_id"], made["shared"], made["revision_number"]) == (
        world.demo.id,
        False,
        1,
    )
    one = f"{PATH}/{made['id']}"
    more = {"addresses": ["192.0.2.2"]}
    answer = api("PUT", f"{one}/add_addresses", more)
    assert answer.status == 200
    assert answer.body["address_group"]["addresses"][-1] == "192.0.2.2/32"
    assert kind(api("PUT", f"{one}/add_addresses", more)) == (400, "AddressesAlreadyExist")
    answer = api("PUT", f"{one}/remove_addresses", {"addresses": ["192.0.2.2/32", "10.0.0.0/8"]})
    assert answer.body["address_group"]["addresses"] == ["192.0.2.1/32", "fd00::1/128"]
    assert kind(api("PUT", f"{one}/remove_addresses", more)) == (404, "AddressesNotFound")
    changed = put(api, f"address-groups/{made['id']}", {"address_group": {"name": "b"}})
    assert (changed["name"], changed["description"]) == ("b", "d")
    assert api.get(f"{PATH}?name=b&fields=id") == {"address_groups": [{"id": made["id"]}]}
    for wrong in ({"addresses": ["x"]}, {"addresses": None}, {}):
        assert api("PUT", f"{one}/add_addresses", wrong).status == 400
    assert api("PUT", f"{PATH}/{made['id']}", {"address_group": more}).status == 400
    assert api("DELETE", one, as_="reader").status == 403
    assert api("DELETE", one).status == 204
    assert kind(api("GET", one)) == (404, "AddressGroupNotFound")


def test_rules_that_name_them_keep_them(api: Api, world: World) -> None:
    group = post(api, "address-groups", {"address_group": {"name": "a"}})
    sec = post(api, "security-groups", {"security_group": {"name": "g"}})
    wish = {"security_group_id": sec["id"], "direction": "ingress", "ethertype": "IPv4"}
    wish |= {"protocol": "tcp", "port_range_min": 80, "port_range_max": 80}
    named = wish | {"remote_address_group_id": group["id"]}
    both = {"security_group_rule": named | {"remote_ip_prefix": "10.0.0.0/8"}}
    answer = api("POST", f"{V}/security-group-rules", both)
    assert kind(answer) == (400, "SecurityGroupMultipleRemotes")
    rule = post(api, "security-group-rules", {"security_group_rule": named})
    assert rule["remote_address_group_id"] == group["id"]
    post(api, "security-group-rules", {"security_group_rule": wish})
    again = api("POST", f"{V}/security-group-rules", {"security_group_rule": named})
    assert kind(again) == (409, "SecurityGroupRuleExists")
    path = f"{V}/security-group-rules?remote_address_group_id={group['id']}"
    assert [one["id"] for one in api.get(path)["security_group_rules"]] == [rule["id"]]
    shown = api.get(f"{V}/security-groups/{sec['id']}")["security_group"]["security_group_rules"]
    assert [one["id"] for one in shown if one["remote_address_group_id"]] == [rule["id"]]
    assert kind(api("DELETE", f"{PATH}/{group['id']}")) == (409, "AddressGroupInUse")
    assert api("DELETE", f"{V}/security-group-rules/{rule['id']}").status == 204
    assert api("DELETE", f"{PATH}/{group['id']}").status == 204
    missing = {"security_group_rule": named}
    answer = api("POST", f"{V}/security-group-rules", missing)
    assert kind(answer) == (404, "AddressGroupNotFound")


def test_others_see_what_is_shared_with_them(api: Api, world: World) -> None:
    group = post(api, "address-groups", {"address_group": {"addresses": ["10.0.0.0/8"]}})
    assert api("GET", f"{PATH}/{group['id']}", as_="stranger").status == 404
    assert api.get(PATH, as_="stranger") == {"address_groups": []}
    wish = {"object_type": "address_group", "object_id": group["id"]}
    wish |= {"action": "access_as_shared", "target_tenant": world.other.id}
    post(api, "rbac-policies", {"rbac_policy": wish})
    assert api.get(f"{PATH}/{group['id']}", as_="stranger")["address_group"]["shared"] is True
    body = {"addresses": ["10.0.0.0/8"]}
    for verb, path, sent in (
        ("DELETE", "", None),
        ("PUT", "", {"address_group": {"name": "x"}}),
        ("PUT", "/remove_addresses", body),
    ):
        answer = api(verb, f"{PATH}/{group['id']}{path}", sent, as_="stranger")
        assert kind(answer) == (403, "PolicyNotAuthorized"), (verb, path)
