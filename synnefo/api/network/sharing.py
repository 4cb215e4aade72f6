"""Subnet pools, address scopes and RBAC policies: how they look, what may be said of them."""

import re
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse

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
from synnefo.api.request import Request, answer
from synnefo.api.routing import Route, Who
from synnefo.core.network_faults import (
    AddressScopeNotFound,
    RbacPolicyNotFound,
    SubnetPoolNotFound,
)
from synnefo.db.models import SubnetPool
from synnefo.intents.network import network_grants, network_rows, pool_prefixes, subnet_pools


def pool_rows(request: Request) -> QuerySet[SubnetPool]:
    """What the caller sees."""
    return network_rows.subnet_pools(request.caller).select_related("scope")


def pool_record(_request: Request, row: Any) -> dict[str, Any]:
    """One subnet pool."""
    return standard(row, row.project_id) | {
        "prefixes": row.prefixes,
        "ip_version": row.ip_version,
        "min_prefixlen": row.min_prefixlen,
        "default_prefixlen": row.default_prefixlen,
        "max_prefixlen": row.max_prefixlen,
        "default_quota": row.default_quota,
        "shared": row.public,
        "is_default": row.is_default,
        "address_scope_id": str(row.scope.uuid) if row.scope else None,
    }


POOL_CHANGED = kinds.STANDARD | {
    "prefixes": bodies.listing(kinds.cidr, 1, 50),
    "default_quota": bodies.maybe(bodies.integer()),
    "min_prefixlen": kinds.PREFIX_LENGTH,
    "default_prefixlen": kinds.PREFIX_LENGTH,
    "max_prefixlen": kinds.PREFIX_LENGTH,
    "is_default": bodies.flag,
    "address_scope_id": bodies.maybe(bodies.uuid),
}
POOLS = Collection(
    name="subnetpools",
    noun="subnetpool",
    title="Subnet pool",
    rows=pool_rows,
    record=pool_record,
    filters=STANDARD
    | OWNED
    | {
        "shared": flag("shared", "public"),
        "is_default": flag("is_default", "is_default"),
        "ip_version": numbers("ip_version"),
        "address_scope_id": ids("scope__uuid"),
        "default_prefixlen": numbers("default_prefixlen"),
        "min_prefixlen": numbers("min_prefixlen"),
        "max_prefixlen": numbers("max_prefixlen"),
        "default_quota": numbers("default_quota"),
    },
    sort_keys=SORT_KEYS | {"ip_version": "ip_version"},
    missing=SubnetPoolNotFound,
    make=subnet_pools.create,
    change=subnet_pools.update,
    remove=subnet_pools.delete,
    new=bodies.record(
        POOL_CHANGED | kinds.OWNED | kinds.TAGS | {"shared": bodies.flag}, need=("name", "prefixes")
    ),
    changed=POOL_CHANGED,
    guarded={"shared": (False,), "is_default": (False,)},
)


def add_prefixes(request: Request, id: str) -> HttpResponse:
    """PUT /v2.0/subnetpools/{id}/add_prefixes."""
    POOLS.one(request, id)
    left = pool_prefixes.add(request.caller, id, request.wish["prefixes"])
    return answer({"prefixes": left})


def remove_prefixes(request: Request, id: str) -> HttpResponse:
    """PUT /v2.0/subnetpools/{id}/remove_prefixes."""
    POOLS.one(request, id)
    left = pool_prefixes.remove(request.caller, id, request.wish["prefixes"])
    return answer({"prefixes": left})


def onboard(request: Request, id: str) -> HttpResponse:
    """PUT /v2.0/subnetpools/{id}/onboard_network_subnets."""
    POOLS.one(request, id)
    rows = pool_prefixes.onboard(request.caller, id, request.wish["network_id"])
    return answer([{"id": str(row.uuid), "cidr": row.cidr} for row in rows])


PREFIXES = bodies.record({"prefixes": bodies.listing(kinds.cidr, 0, 50)}, need=("prefixes",))
NETWORK = bodies.record({"network_id": bodies.uuid}, need=("network_id",))
ONBOARDED = bodies.listing(bodies.record({"id": bodies.uuid, "cidr": kinds.cidr}), 0, 100000)
POOL_ROUTES = tuple(
    Route("PUT", f"subnetpools/{{id}}/{verb}", view, Who.MEMBER, body=body, gives={200: gives})
    for verb, view, body, gives in (
        ("add_prefixes", add_prefixes, PREFIXES, PREFIXES),
        ("remove_prefixes", remove_prefixes, PREFIXES, PREFIXES),
        ("onboard_network_subnets", onboard, NETWORK, ONBOARDED),
    )
)


def scope_record(_request: Request, row: Any) -> dict[str, Any]:
    """One address scope."""
    return {
        "id": str(row.uuid),
        "name": row.name,
        "tenant_id": row.project_id,
        "project_id": row.project_id,
        "ip_version": row.ip_version,
        "shared": row.public,
    }


SCOPE_CHANGED = {"name": kinds.NAME, "shared": bodies.flag}
SCOPES = Collection(
    name="address_scopes",
    noun="address_scope",
    path="address-scopes",
    rows=lambda request: network_rows.address_scopes(request.caller),
    record=scope_record,
    filters={
        "id": ids("uuid"),
        "name": words("name"),
        "shared": flag("shared", "public"),
        "ip_version": numbers("ip_version"),
    }
    | OWNED,
    sort_keys={"id": "uuid", "name": "name", "ip_version": "ip_version"},
    missing=AddressScopeNotFound,
    make=subnet_pools.create_scopes,
    change=subnet_pools.update_scope,
    remove=subnet_pools.delete_scope,
    new=bodies.record(
        SCOPE_CHANGED | kinds.OWNED | {"ip_version": kinds.ip_version}, need=("name",)
    ),
    changed=SCOPE_CHANGED,
    guarded={"shared": (False,)},
    tagged=False,
)


def grant_record(_request: Request, row: Any) -> dict[str, Any]:
    """One RBAC policy."""
    return {
        "id": str(row.uuid),
        "tenant_id": row.project_id,
        "project_id": row.project_id,
        "object_type": row.kind,
        "object_id": str(row.resource),
        "action": row.action,
        "target_tenant": row.target,
    }


PROJECT_FORM = r"[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}"


@bodies.described({"type": "string", "pattern": rf"^(?:\*|{PROJECT_FORM})$"})
def target(value: Any, where: str, _strict: bool = True) -> str:
    """Whom a policy is for: a project by its id, as a name would let nobody in, or every one."""
    if not isinstance(value, str) or not (value == "*" or re.fullmatch(PROJECT_FORM, value)):
        shown = str(value)[:64]
        bodies.refuse(where, f"'{shown}' is no id of a project, nor * for all of them")
    return str(value)


GRANTS = Collection(
    name="rbac_policies",
    noun="rbac_policy",
    path="rbac-policies",
    title="RBAC policy of id",
    rows=lambda request: network_rows.grants(request.caller),
    record=grant_record,
    filters={
        "id": ids("uuid"),
        "object_type": words("kind"),
        "object_id": ids("resource"),
        "action": words("action"),
        "target_tenant": words("target"),
    }
    | OWNED,
    sort_keys={
        "id": "uuid",
        "object_type": "kind",
        "object_id": "resource",
        "action": "action",
        "target_tenant": "target",
    },
    missing=RbacPolicyNotFound,
    make=network_grants.create,
    change=network_grants.update,
    remove=network_grants.delete,
    new=bodies.record(
        kinds.OWNED
        | {
            "object_type": bodies.choice(*network_grants.KINDS),
            "object_id": bodies.uuid,
            "action": bodies.text(1, 32),
            "target_tenant": target,
        },
        need=("object_type", "object_id", "action", "target_tenant"),
    ),
    changed={"target_tenant": target},
    tagged=False,
)
