"""Security groups in the compute service's old words, which know rules for what comes in only;
gone from 2.36 on.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.http import HttpResponse

from synnefo.api import bodies
from synnefo.api.bodies import TRUE
from synnefo.api.compute.gating import until
from synnefo.api.pagination import limit_of
from synnefo.api.request import Request, answer, empty
from synnefo.api.routing import Route, Who
from synnefo.core.faults import BadRequest, Conflict, NotFound
from synnefo.db.models import SecurityGroup, SecurityGroupRule
from synnefo.intents.network import security_groups

LAST = 35
EVERYWHERE = {"IPv4": "0.0.0.0/0", "IPv6": "::/0"}
INCOMING = Prefetch(
    "rules",
    SecurityGroupRule.objects.filter(direction="ingress")
    .select_related("remote_group")
    .order_by("pk"),
)


def _uuid(text: str, what: str) -> uuid.UUID:
    """Whatever is no id at all is a bad request here, and not an absent resource."""
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise BadRequest(f"{what} id should be a UUID, not {text[:80]!r}.") from error


def _rows(request: Request) -> QuerySet[SecurityGroup]:
    everybody = request.query.get("all_tenants", "").lower() in TRUE
    rows = SecurityGroup.objects.prefetch_related(INCOMING).order_by("pk")
    if request.caller.is_admin and everybody:
        return rows
    return rows.filter(project_id=request.project)


def _group(request: Request, identifier: str) -> SecurityGroup:
    found = SecurityGroup.objects.prefetch_related(INCOMING)
    if not request.caller.is_admin:
        found = found.filter(project_id=request.project)
    row = found.filter(uuid=_uuid(identifier, "Security group")).first()
    if row is None:
        raise NotFound(f"Security group {identifier} not found.")
    return row


def _shown(row: SecurityGroup) -> dict[str, Any]:
    return {
        "id": str(row.uuid),
        "name": row.name,
        "description": row.description,
        "tenant_id": row.project_id,
        "rules": [_rule(rule, row) for rule in row.rules.all()],
    }


def _rule(row: SecurityGroupRule, group: SecurityGroup) -> dict[str, Any]:
    remote = row.remote_group
    every = -1 if row.protocol == "icmp" else None
    ranges = {"cidr": row.remote_prefix or EVERYWHERE[row.ethertype]}
    return {
        "id": str(row.uuid),
        "parent_group_id": str(group.uuid),
        "ip_protocol": row.protocol,
        "from_port": every if row.port_min is None else row.port_min,
        "to_port": every if row.port_max is None else row.port_max,
        "group": {"name": remote.name, "tenant_id": remote.project_id} if remote else {},
        "ip_range": {} if remote else ranges,
    }


@contextmanager
def _in_old_words() -> Iterator[None]:
    """What conflicts there is a bad request here."""
    try:
        yield
    except Conflict as conflict:
        raise BadRequest(conflict.message) from conflict


@until(LAST)
def index(request: Request) -> HttpResponse:
    """GET /os-security-groups."""
    security_groups.ensure_default(request.project)
    offset = request.query.get("offset", "0")
    start = int(offset) if offset.isascii() and offset.isdigit() and len(offset) < 10 else 0
    page = _rows(request)[start : start + limit_of(request)]
    return answer({"security_groups": [_shown(row) for row in page]})


@until(LAST)
def show(request: Request, id: str) -> HttpResponse:
    """GET /os-security-groups/{id}."""
    return answer({"security_group": _shown(_group(request, id))})


@until(LAST)
def create(request: Request) -> HttpResponse:
    """POST /os-security-groups."""
    with _in_old_words():
        row = security_groups.create(request.caller, [request.wish["security_group"]])[0]
    return answer({"security_group": _shown(_group(request, str(row.uuid)))})


@until(LAST)
def update(request: Request, id: str) -> HttpResponse:
    """PUT /os-security-groups/{id}."""
    group = _group(request, id)
    with _in_old_words():
        wish = request.wish["security_group"]
        security_groups.update(request.caller, str(group.uuid), wish, None)
    return answer({"security_group": _shown(_group(request, id))})


@until(LAST)
def delete(request: Request, id: str) -> HttpResponse:
    """DELETE /os-security-groups/{id}."""
    group = _group(request, id)
    with _in_old_words():
        security_groups.delete(request.caller, str(group.uuid))
    return empty(202)


@until(LAST)
def create_rule(request: Request) -> HttpResponse:
    """POST /os-security-group-rules."""
    wish = request.wish["security_group_rule"]
    group = _group(request, wish["parent_group_id"])
    remote = wish.get("group_id")
    if remote is not None:
        remote = str(_group(request, remote).uuid)
    range_ = None if remote else wish.get("cidr") or EVERYWHERE["IPv4"]
    asked = {
        "security_group_id": str(group.uuid),
        "direction": "ingress",
        "ethertype": "IPv6" if range_ and ":" in range_ else "IPv4",
        "protocol": wish.get("ip_protocol"),
        "port_range_min": _port(wish.get("from_port")),
        "port_range_max": _port(wish.get("to_port")),
        "remote_ip_prefix": range_,
        "remote_group_id": remote,
    }
    with _in_old_words():
        row = security_groups.create_rules(request.caller, [asked])[0]
    return answer({"security_group_rule": _rule(row, group)})


def _port(wanted: int | None) -> int | None:
    """-1 stands for all of them."""
    return None if wanted == -1 else wanted


@until(LAST)
def delete_rule(request: Request, id: str) -> HttpResponse:
    """DELETE /os-security-group-rules/{id}."""
    security_groups.delete_rule(request.caller, str(_uuid(id, "Rule")))
    return empty(202)


@bodies.described(
    {
        "type": "string",
        "minLength": 1,
        "maxLength": 255,
        "pattern": r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$",
    }
)
def name(value: Any, where: str, strict: bool = True) -> str:
    """More than blanks; some at its ends are part of it."""
    found = str(bodies.text(1, 255)(value, where, strict))
    if not found.strip():
        bodies.refuse(where, "it has nothing but blanks")
    return found


PORT = bodies.maybe(bodies.integer(-(2**31)))
GROUP = bodies.record(
    {
        "security_group": bodies.record(
            {"name": name, "description": bodies.text(0, 255)}, need=("name",)
        )
    },
    need=("security_group",),
)
RULE = bodies.record(
    {
        "security_group_rule": bodies.record(
            {
                "parent_group_id": bodies.text(1, 255),
                "ip_protocol": bodies.maybe(bodies.text(1, 32)),
                "from_port": PORT,
                "to_port": PORT,
                "cidr": bodies.maybe(bodies.text(1, 64)),
                "group_id": bodies.maybe(bodies.text(1, 255)),
            },
            need=("parent_group_id",),
        )
    },
    need=("security_group_rule",),
)
SHAPE = bodies.record({}, rest=bodies.anything)
QUERY = ("all_tenants", "limit", "offset")
GROUPS, RULES = "os-security-groups", "os-security-group-rules"
ROUTES = (
    Route("GET", GROUPS, index, Who.READER, gives={200: SHAPE}, query=QUERY),
    Route("POST", GROUPS, create, Who.MEMBER, body=GROUP, gives={200: SHAPE}),
    Route("GET", f"{GROUPS}/{{id}}", show, Who.READER, gives={200: SHAPE}),
    Route("PUT", f"{GROUPS}/{{id}}", update, Who.MEMBER, body=GROUP, gives={200: SHAPE}),
    Route("DELETE", f"{GROUPS}/{{id}}", delete, Who.MEMBER, gives={202: None}),
    Route("POST", RULES, create_rule, Who.MEMBER, body=RULE, gives={200: SHAPE}),
    Route("DELETE", f"{RULES}/{{id}}", delete_rule, Who.MEMBER, gives={202: None}),
)
