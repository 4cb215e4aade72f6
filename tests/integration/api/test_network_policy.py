"""Who may say and see what in the network service: Neutron's default rules, row by row.

Each row names who asks, for what, with which body, and what is answered. `{own}` is a network of
the asking project, `{shared}` one that others share with everybody, `{out}` one that only leads out
of the cloud, and so on. ON_PURPOSE are the rows that are otherwise in Neutron.
"""

from __future__ import annotations

from typing import Any

import pytest

from synnefo.db.models import Network, Role
from tests.integration.api.client import Api
from tests.integration.api.test_networks import V, network, port, post, subnet
from tests.integration.api.world import World

PAIRS = [{"ip_address": "198.18.0.9"}]
MAC = "02:00:00:00:00:07"
Row = tuple[str, str, str, dict[str, Any] | None, int]


@pytest.fixture
def roles(world: World) -> World:
    """Tokens of a project's manager, of a service, and of a member of a third project."""
    for name in ("manager", "service"):
        world.roles[name] = Role.objects.create(name=name)
    world.tokens["manager"] = world.token(world.user, world.demo, "manager")
    world.tokens["service"] = world.token(world.admin, world.ops, "service")
    Network.objects.filter(pk=world.network.pk).update(external=False)
    return world


def _names(api: Api, world: World) -> dict[str, str]:
    """What rows speak of, by name."""
    own = network(api)
    ground = subnet(api, own)
    shared = {"id": str(world.network.uuid)}
    out = post(api, "networks", {"network": {"router:external": True}}, as_="admin")
    wish = {"network_id": out["id"], "cidr": "203.0.113.0/24", "ip_version": 4}
    outside = post(api, "subnets", {"subnet": wish}, as_="admin")
    grant = {"object_type": "network", "object_id": own["id"], "action": "access_as_shared"}
    grant["target_tenant"] = world.other.id
    granted = post(api, "rbac-policies", {"rbac_policy": grant})
    lent = post(api, "ports", {"port": {"network_id": own["id"]}}, as_="stranger")
    guarded = post(api, "security-groups", {"security_group": {"name": "g"}})
    given = {"object_type": "security_group", "object_id": guarded["id"]}
    given |= {"action": "access_as_shared", "target_tenant": world.other.id}
    post(api, "rbac-policies", {"rbac_policy": given})
    return {
        "own": own["id"],
        "ground": ground["id"],
        "shared": shared["id"],
        "pool": str(world.subnet.uuid),
        "out": out["id"],
        "outside": outside["id"],
        "mine": port(api, own)["id"],
        "there": port(api, shared)["id"],
        "lent": lent["id"],
        "grant": granted["id"],
        "rule": guarded["security_group_rules"][0]["id"],
        "group": guarded["id"],
        "demo": world.demo.id,
    }


def _filled(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(inner, names) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, names) for inner in value]
    return value.format(**names) if isinstance(value, str) else value


def _new(net: str, **fields: Any) -> dict[str, Any]:
    return {"port": {"network_id": net, **fields}}


CREATING: list[Row] = [
    # Of a shared network anybody may have a port, and let the cloud choose what it is.
    ("user", "POST", "ports", _new("{shared}"), 201),
    ("user", "POST", "ports", _new("{shared}", fixed_ips=[{"subnet_id": "{pool}"}]), 201),
    ("user", "POST", "ports", _new("{shared}", device_owner="baremetal:x", device_id="x"), 201),
    ("user", "POST", "ports", _new("{shared}", **{"binding:vnic_type": "direct"}), 201),
    ("user", "POST", "ports", _new("{shared}", fixed_ips=[{"ip_address": "198.18.0.9"}]), 403),
    ("user", "POST", "ports", _new("{shared}", mac_address=MAC), 403),
    ("user", "POST", "ports", _new("{shared}", port_security_enabled=False), 403),
    ("user", "POST", "ports", _new("{shared}", allowed_address_pairs=PAIRS), 403),
    ("user", "POST", "ports", _new("{shared}", device_owner="network:dhcp"), 403),
    ("user", "POST", "ports", _new("{shared}", **{"binding:host_id": "node1"}), 403),
    ("user", "POST", "ports", _new("{shared}", **{"binding:profile": {"a": "b"}}), 403),
    # Of one's own all but where it is.
    ("user", "POST", "ports", _new("{own}", mac_address=MAC, allowed_address_pairs=PAIRS), 201),
    ("user", "POST", "ports", _new("{own}", device_owner="network:dhcp"), 201),
    ("user", "POST", "ports", _new("{own}", **{"binding:host_id": "node1"}), 403),
    ("reader", "POST", "ports", _new("{own}"), 403),
    # What leads out and is not shared is seen, and no place for ports.
    ("user", "POST", "ports", _new("{out}"), 403),
    # A service does for others what they may not.
    ("service", "POST", "ports", _new("{own}", mac_address="02:00:00:00:00:08"), 201),
    ("service", "POST", "ports", _new("{own}", **{"binding:host_id": "node1"}), 201),
    ("service", "POST", "ports", _new("{own}", **{"binding:profile": {"a": "b"}}), 201),
    ("service", "POST", "ports", _new("{own}", project_id="{demo}"), 201),
    ("service", "POST", "networks", {"network": {"name": "x"}}, 403),
    ("service", "POST", "routers", {"router": {"name": "x"}}, 403),
]


def _changed(**fields: Any) -> dict[str, Any]:
    return {"port": fields}


CHANGING: list[Row] = [
    ("user", "PUT", "ports/{there}", _changed(name="x", device_owner="baremetal:x"), 200),
    ("user", "PUT", "ports/{there}", _changed(fixed_ips=[{"subnet_id": "{pool}"}]), 403),
    ("user", "PUT", "ports/{there}", _changed(allowed_address_pairs=PAIRS), 403),
    ("user", "PUT", "ports/{there}", _changed(port_security_enabled=False), 403),
    ("user", "PUT", "ports/{there}", _changed(mac_address=MAC), 403),
    ("user", "PUT", "ports/{there}", _changed(device_owner="network:dhcp"), 403),
    ("user", "PUT", "ports/{mine}", _changed(allowed_address_pairs=PAIRS), 200),
    ("user", "PUT", "ports/{mine}", _changed(fixed_ips=[{"subnet_id": "{ground}"}]), 200),
    # Only who manages the network's project gives a port another card.
    ("user", "PUT", "ports/{mine}", _changed(mac_address=MAC), 403),
    ("manager", "PUT", "ports/{mine}", _changed(mac_address="02:00:00:00:00:09"), 200),
    ("service", "PUT", "ports/{mine}", _changed(mac_address="02:00:00:00:00:0a"), 200),
    ("service", "PUT", "ports/{mine}", _changed(**{"binding:host_id": "node1"}), 200),
    # A network's owner sees others' ports on it, and may take them away, but not change them.
    ("user", "GET", "ports/{lent}", None, 200),
    ("user", "PUT", "ports/{lent}", _changed(name="x"), 403),
    ("user", "DELETE", "ports/{lent}/tags", None, 204),
    ("user", "PUT", "ports/{lent}/tags", {"tags": []}, 403),
    ("reader", "DELETE", "ports/{lent}", None, 403),
    ("user", "DELETE", "ports/{lent}", None, 204),
    ("service", "DELETE", "ports/{mine}", None, 204),
    ("service", "DELETE", "networks/{own}", None, 403),
]


def _granted(target: str) -> dict[str, Any]:
    wish = {"object_type": "network", "object_id": "{own}", "action": "access_as_shared"}
    return {"rbac_policy": wish | {"target_tenant": target}}


SEEING: list[Row] = [
    ("service", "GET", "networks/{own}", None, 200),
    ("service", "GET", "subnets/{ground}", None, 200),
    ("service", "GET", "ports/{mine}", None, 200),
    ("service", "GET", "network-ip-availabilities/{own}", None, 200),
    ("service", "GET", "security-groups", None, 403),
    ("service", "GET", "routers", None, 403),
    # Of what leads out of the cloud everybody sees the ranges, for addresses are taken of them.
    ("user", "GET", "subnets/{outside}", None, 200),
    ("user", "PUT", "subnets/{outside}", {"subnet": {"name": "x"}}, 403),
    ("user", "DELETE", "subnets/{outside}", None, 403),
    # Rules are shown with the group, and by themselves to its owner only.
    ("stranger", "GET", "security-groups/{group}", None, 200),
    ("stranger", "GET", "security-group-rules/{rule}", None, 404),
    ("stranger", "DELETE", "security-group-rules/{rule}", None, 404),
    ("user", "GET", "security-group-rules/{rule}", None, 200),
    # Who lets others use what is theirs sees that, and the others see what they may use.
    ("user", "GET", "rbac-policies/{grant}", None, 200),
    ("reader", "GET", "rbac-policies/{grant}", None, 200),
    ("stranger", "GET", "rbac-policies/{grant}", None, 404),
    ("stranger", "DELETE", "rbac-policies/{grant}", None, 404),
    ("stranger", "GET", "networks/{own}", None, 200),
    ("user", "POST", "rbac-policies", _granted("*"), 403),
    ("user", "POST", "rbac-policies", _granted("a name"), 400),
    ("user", "PUT", "rbac-policies/{grant}", {"rbac_policy": {"target_tenant": "*"}}, 403),
    ("user", "PUT", "rbac-policies/{grant}", {"rbac_policy": {"target_tenant": "x"}}, 400),
    # What only administrators see is not there for others.
    ("user", "GET", "network-ip-availabilities", None, 200),
    ("user", "GET", "network-ip-availabilities/{own}", None, 404),
    ("admin", "GET", "network-ip-availabilities/{own}", None, 200),
    ("user", "GET", "quotas/{demo}", None, 200),
    ("user", "GET", "quotas", None, 403),
]


def _outward(target: str) -> dict[str, Any]:
    return {"rbac_policy": _granted(target)["rbac_policy"] | {"action": "access_as_external"}}


ON_PURPOSE: list[Row] = [
    # There only services may, but here nobody else than an administrator sets up what needs it.
    ("admin", "POST", "ports", _new("{own}", **{"binding:profile": {"a": "b"}}), 201),
    # There it leads out of the cloud from then on; here only what an operator connected does.
    ("user", "POST", "rbac-policies", _outward("f" * 32), 403),
    # There it is forbidden; here nobody learns which projects there are.
    ("stranger", "GET", "quotas/{demo}", None, 404),
    ("manager", "GET", "quotas/" + "f" * 32, None, 404),
]


def test_neutrons_rules(api: Api, roles: World) -> None:
    names = _names(api, roles)
    for who, method, path, body, expected in (*CREATING, *SEEING, *CHANGING, *ON_PURPOSE):
        answer = api(method, f"{V}/{_filled(path, names)}", _filled(body, names), as_=who)
        assert answer.status == expected, (who, method, path, body, answer.body)


def test_an_address_of_ones_choice_wants_a_manager(api: Api, roles: World) -> None:
    names = _names(api, roles)
    wish = {"floating_network_id": names["out"], "floating_ip_address": "203.0.113.9"}
    path = f"{V}/floatingips"
    assert api("POST", path, {"floatingip": wish}).status == 403
    made = post(api, "floatingips", {"floatingip": wish}, as_="manager")
    assert made["floating_ip_address"] == "203.0.113.9"


def test_what_is_shown_of_ports_and_subnets(api: Api, roles: World) -> None:
    names = _names(api, roles)
    for who, seen in (("user", False), ("admin", True), ("service", True)):
        shown = api.get(f"{V}/ports/{names['mine']}", as_=who)["port"]
        for field in ("host_id", "profile", "vif_type", "vif_details"):
            assert (f"binding:{field}" in shown) is seen, (who, field)
        assert "binding:vnic_type" in shown
    for who, seen in (("user", False), ("admin", True)):
        shown = api.get(f"{V}/subnets/{names['ground']}", as_=who)["subnet"]
        assert ("segment_id" in shown) is seen, who
    assert api.get(f"{V}/network-ip-availabilities") == {"network_ip_availabilities": []}
