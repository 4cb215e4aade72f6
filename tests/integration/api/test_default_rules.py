"""The rules that new security groups begin with."""

from __future__ import annotations

from typing import Any

from tests.integration.api.client import Api
from tests.integration.api.test_networks import V, kind, post
from tests.integration.api.world import World

PATH = f"{V}/default-security-group-rules"
NOUN = "default_security_group_rule"


def _rules(api: Api, group: str, *, as_: str = "user") -> set[tuple[Any, ...]]:
    rows = api.get(f"{V}/security-group-rules?security_group_id={group}", as_=as_)
    return {
        (one["direction"], one["ethertype"], one["protocol"], one["remote_group_id"] == group)
        for one in rows["security_group_rules"]
    }


OUT = {("egress", "IPv4", None, False), ("egress", "IPv6", None, False)}
IN = {("ingress", "IPv4", None, True), ("ingress", "IPv6", None, True)}


def test_out_to_everywhere_and_in_from_the_default_group(api: Api, world: World) -> None:
    listed = api.get(PATH, as_="reader")[f"{NOUN}s"]
    shown = {(one["direction"], one["remote_group_id"]) for one in listed}
    assert shown == {("egress", None), ("ingress", "PARENT")}
    assert {one["used_in_non_default_sg"] for one in listed if one["direction"] == "ingress"} == {
        False
    }
    assert api.get(f"{PATH}/{listed[0]['id']}")[NOUN] == listed[0]
    default = api.get(f"{V}/security-groups?name=default")["security_groups"][0]
    assert _rules(api, default["id"]) == OUT | IN
    made = post(api, "security-groups", {"security_group": {"name": "g"}})
    assert _rules(api, made["id"]) == OUT


def test_an_administrator_changes_them_for_new_groups(api: Api, world: World) -> None:
    before = post(api, "security-groups", {"security_group": {"name": "before"}})
    wish = {"direction": "ingress", "protocol": "tcp", "port_range_min": 22, "port_range_max": 22}
    wish |= {"remote_ip_prefix": "10.0.0.0/8", "used_in_non_default_sg": True}
    assert api("POST", PATH, {NOUN: wish}).status == 403
    made = post(api, "default-security-group-rules", {NOUN: wish}, as_="admin")
    assert (made["used_in_default_sg"], made["used_in_non_default_sg"]) == (False, True)
    again = api("POST", PATH, {NOUN: wish}, as_="admin")
    assert kind(again) == (409, "DefaultSecurityGroupRuleExists")
    for wrong in (
        {"port_range_max": 1},
        {"remote_group_id": "nonsense"},
        {"remote_group_id": "PARENT"},
    ):
        assert api("POST", PATH, {NOUN: wish | wrong}, as_="admin").status == 400, wrong
    six = api.get(f"{PATH}?direction=egress&ethertype=IPv6")[f"{NOUN}s"][0]
    assert api("DELETE", f"{PATH}/{six['id']}").status == 403
    assert api("DELETE", f"{PATH}/{six['id']}", as_="admin").status == 204
    assert kind(api("GET", f"{PATH}/{six['id']}")) == (404, "DefaultSecurityGroupRuleNotFound")
    after = post(api, "security-groups", {"security_group": {"name": "after"}})
    ssh = ("ingress", "IPv4", "tcp", False)
    assert _rules(api, after["id"]) == {("egress", "IPv4", None, False), ssh}
    rows = api.get(f"{V}/security-group-rules?protocol=tcp")["security_group_rules"]
    assert [(one["port_range_min"], one["remote_ip_prefix"]) for one in rows] == [
        (22, "10.0.0.0/8")
    ]
    assert _rules(api, before["id"]) == OUT
    assert api("DELETE", f"{PATH}/{made['id']}", as_="admin").status == 204
    for one in api.get(PATH)[f"{NOUN}s"]:
        assert api("DELETE", f"{PATH}/{one['id']}", as_="admin").status == 204
    assert api.get(PATH) == {f"{NOUN}s": []}
    bare = post(api, "security-groups", {"security_group": {"name": "bare"}})
    assert bare["security_group_rules"] == []


def test_they_may_name_groups(api: Api, world: World) -> None:
    trusted = post(api, "security-groups", {"security_group": {"name": "t"}}, as_="admin")
    wish = {"direction": "ingress", "remote_group_id": trusted["id"], "used_in_default_sg": True}
    post(api, "default-security-group-rules", {NOUN: wish}, as_="admin")
    default = api.get(f"{V}/security-groups?name=default")["security_groups"][0]
    remotes = {one["remote_group_id"] for one in default["security_group_rules"]}
    assert remotes == {None, default["id"], trusted["id"]}
    # Of a group that is gone nobody can be let in.
    assert api("DELETE", f"{V}/security-groups/{trusted['id']}", as_="admin").status == 204
    other = api.get(f"{V}/security-groups?name=default", as_="stranger")["security_groups"][0]
    assert _rules(api, other["id"], as_="stranger") == OUT | IN
