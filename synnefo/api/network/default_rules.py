"""The rules that new security groups begin with: how they look, what may be said of them."""

from typing import Any

from synnefo.api import bodies
from synnefo.api.network import kinds
from synnefo.api.network.collections import Collection, flag, ids, numbers, words
from synnefo.api.network.security_groups import TRAFFIC
from synnefo.api.request import Request
from synnefo.api.routing import Who
from synnefo.core.network_faults import DefaultSecurityGroupRuleNotFound
from synnefo.db.models import DefaultRule
from synnefo.intents.network import default_rules


def _with_usual(_request: Request) -> None:
    """The first look finds the usual ones."""
    default_rules.rows()


def record(_request: Request, row: Any) -> dict[str, Any]:
    """One rule."""
    return {
        "id": str(row.uuid),
        "direction": row.direction,
        "ethertype": row.ethertype,
        "protocol": row.protocol,
        "port_range_min": row.port_min,
        "port_range_max": row.port_max,
        "remote_ip_prefix": row.remote_prefix,
        "remote_group_id": row.remote_group,
        "remote_address_group_id": str(row.remote_addresses) if row.remote_addresses else None,
        "description": row.description,
        "used_in_default_sg": row.in_default,
        "used_in_non_default_sg": row.in_others,
    }


RULES = Collection(
    name="default_security_group_rules",
    noun="default_security_group_rule",
    path="default-security-group-rules",
    title="Default Security group rule",
    rows=lambda _request: DefaultRule.objects.filter(removed=False),
    record=record,
    filters={
        "id": ids("uuid"),
        "description": words("description"),
        "direction": words("direction"),
        "ethertype": words("ethertype"),
        "protocol": words("protocol"),
        "port_range_min": numbers("port_min"),
        "port_range_max": numbers("port_max"),
        "remote_ip_prefix": words("remote_prefix"),
        "remote_group_id": words("remote_group"),
        "remote_address_group_id": ids("remote_addresses"),
        "used_in_default_sg": flag("used_in_default_sg", "in_default"),
        "used_in_non_default_sg": flag("used_in_non_default_sg", "in_others"),
    },
    sort_keys={
        "id": "uuid",
        "direction": "direction",
        "ethertype": "ethertype",
        "protocol": "protocol",
    },
    missing=DefaultSecurityGroupRuleNotFound,
    make=default_rules.create,
    remove=default_rules.delete,
    new=bodies.record(
        kinds.OWNED
        | TRAFFIC
        | {"used_in_default_sg": bodies.flag, "used_in_non_default_sg": bodies.flag},
        need=("direction",),
    ),
    tagged=False,
    before=_with_usual,
)
ROUTES = tuple(
    route if route.method == "GET" else route._replace(who=Who.ADMIN) for route in RULES.routes()
)
