"""Security groups and their rules: how they look, what may be said of them."""

from typing import Any

from django.db.models import Prefetch, QuerySet

from synnefo.api import bodies
from synnefo.api.network import kinds
from synnefo.api.network.collections import (
    OWNED,
    SORT_KEYS,
    STANDARD,
    Collection,
    flag,
    ids,
    numbers,
    standard,
    words,
)
from synnefo.api.request import Request, timestamp
from synnefo.core.network_faults import SecurityGroupNotFound, SecurityGroupRuleNotFound
from synnefo.core.security_rules import ETHERTYPES, normalized
from synnefo.db.models import SecurityGroup, SecurityGroupRule
from synnefo.intents.network import network_rows, security_groups

RULES = Prefetch(
    "rules",
    SecurityGroupRule.objects.select_related("remote_group", "remote_addresses").order_by("pk"),
)


def _with_default(request: Request) -> None:
    """The first look at a project's groups finds its default one."""
    security_groups.ensure_default(request.project)


def group_rows(request: Request) -> QuerySet[SecurityGroup]:
    """What the caller sees."""
    return network_rows.security_groups(request.caller).prefetch_related(RULES)


def group_record(request: Request, row: Any) -> dict[str, Any]:
    """One group with its rules."""
    rules = []
    for rule in row.rules.all():
        rule.group = row
        rules.append(rule_record(request, rule))
    return standard(row, row.project_id) | {
        "security_group_rules": rules,
        "stateful": row.stateful,
        "shared": row.project_id != request.project and not request.caller.is_admin,
    }


def _uuid(row: Any) -> str | None:
    return str(row.uuid) if row else None


def rule_record(_request: Request, row: Any) -> dict[str, Any]:
    """One rule."""
    return {
        "id": str(row.uuid),
        "tenant_id": row.group.project_id,
        "project_id": row.group.project_id,
        "security_group_id": str(row.group.uuid),
        "direction": row.direction,
        "ethertype": row.ethertype,
        "protocol": row.protocol,
        "port_range_min": row.port_min,
        "port_range_max": row.port_max,
        "remote_ip_prefix": row.remote_prefix,
        "remote_group_id": _uuid(row.remote_group),
        "remote_address_group_id": _uuid(row.remote_addresses),
        "normalized_cidr": normalized(row.remote_prefix) if row.remote_prefix else None,
        "description": row.description,
        "belongs_to_default_sg": row.group.is_default,
        "tags": [],
        "revision_number": row.revision,
        "created_at": timestamp(row.created_at),
        "updated_at": timestamp(row.updated_at),
    }


CHANGED = kinds.STANDARD | {"stateful": bodies.flag}
GROUPS = Collection(
    name="security_groups",
    noun="security_group",
    path="security-groups",
    rows=group_rows,
    record=group_record,
    filters=STANDARD | OWNED | {"stateful": flag("stateful", "stateful")},
    missing=SecurityGroupNotFound,
    make=security_groups.create,
    change=security_groups.update,
    remove=security_groups.delete,
    new=bodies.record(CHANGED | kinds.OWNED | kinds.TAGS),
    changed=CHANGED,
    before=_with_default,
)


@bodies.described({"type": "string", "enum": ["ingress", "egress"]})
def direction(value: Any, where: str, strict: bool = True) -> str:
    """In or out."""
    return str(bodies.choice("ingress", "egress")(value, where, strict))


@bodies.described({"type": "string", "enum": ["IPv4", "IPv6"]})
def ethertype(value: Any, where: str, _strict: bool = True) -> str:
    """A version of IP, in any case of letters."""
    known = {word.lower(): word for word in ETHERTYPES.values()}
    if not isinstance(value, str) or value.lower() not in known:
        bodies.refuse(where, "it must be IPv4 or IPv6")
    return known[value.lower()]


@bodies.described({"type": ["string", "integer", "null"]})
def protocol(value: Any, where: str, _strict: bool = True) -> Any:
    """A name or a number; the rules know which there are."""
    if value is not None and (isinstance(value, bool) or not isinstance(value, str | int)):
        bodies.refuse(where, "it must be a name or a number")
    if isinstance(value, str) and not 1 <= len(value) <= 32:
        bodies.refuse(where, "it must have 1 to 32 characters")
    return value


PORT = bodies.maybe(bodies.integer(-(2**31)))
TRAFFIC = {
    "direction": direction,
    "ethertype": ethertype,
    "protocol": protocol,
    "port_range_min": PORT,
    "port_range_max": PORT,
    "remote_ip_prefix": bodies.maybe(kinds.address_or_range),
    "remote_group_id": bodies.maybe(bodies.text(1, 64)),
    "remote_address_group_id": bodies.maybe(bodies.uuid),
    "description": kinds.DESCRIPTION,
}
NEW_RULE = bodies.record(
    kinds.OWNED | TRAFFIC | {"security_group_id": bodies.uuid},
    need=("security_group_id", "direction"),
)
RULE_COLLECTION = Collection(
    name="security_group_rules",
    noun="security_group_rule",
    path="security-group-rules",
    rows=lambda request: security_groups.rules(request.caller),
    record=rule_record,
    filters={
        "id": ids("uuid"),
        "tenant_id": words("group__project_id"),
        "project_id": words("group__project_id"),
        "security_group_id": ids("group__uuid"),
        "direction": words("direction"),
        "ethertype": words("ethertype"),
        "protocol": words("protocol"),
        "port_range_min": numbers("port_min"),
        "port_range_max": numbers("port_max"),
        "remote_ip_prefix": words("remote_prefix"),
        "remote_group_id": ids("remote_group__uuid"),
        "remote_address_group_id": ids("remote_addresses__uuid"),
        "description": words("description"),
        "revision_number": numbers("revision"),
    },
    sort_keys={key: SORT_KEYS[key] for key in ("id", "description", "created_at", "updated_at")}
    | {"direction": "direction", "ethertype": "ethertype", "protocol": "protocol"},
    missing=SecurityGroupRuleNotFound,
    make=security_groups.create_rules,
    remove=security_groups.delete_rule,
    new=NEW_RULE,
    tagged=False,
    before=_with_default,
)
