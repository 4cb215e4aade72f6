"""Routers: how they look, what may be said of them, their ports and routes."""

from typing import Any

from django.db.models import Prefetch, QuerySet
from django.http import HttpResponse

from synnefo.api import bodies
from synnefo.api.network import kinds
from synnefo.api.network.collections import (
    OWNED,
    SORT_KEYS,
    STANDARD,
    Collection,
    always,
    flag,
    ids,
    standard,
)
from synnefo.api.request import Request, answer
from synnefo.api.routing import Route, Who
from synnefo.core.network_faults import PolicyNotAuthorized, RouterNotFound
from synnefo.db.models import Port, Router
from synnefo.intents.network import network_rows, network_tags, routers
from synnefo.intents.network.network_rows import GATEWAY

ACTIONS_BODY = {"subnet_id": bodies.uuid, "port_id": bodies.uuid}
GATEWAYS = Prefetch(
    "ports",
    Port.objects.filter(owner=GATEWAY).prefetch_related("addresses__subnet"),
    to_attr="gateway_ports",
)


def rows(request: Request) -> QuerySet[Router]:
    """What the caller sees."""
    found = network_rows.routers(request.caller)
    return found.select_related("gateway").prefetch_related(GATEWAYS)


def record(request: Request, row: Any) -> dict[str, Any]:
    """One router."""
    found = standard(row, row.project_id) | {
        "admin_state_up": row.admin_up,
        "status": "ACTIVE",
        "external_gateway_info": _gateway(row),
        "routes": row.routes,
        "availability_zone_hints": [],
        "availability_zones": ["nova"],
        "flavor_id": None,
        "service_type_id": None,
    }
    if request.caller.is_admin:
        found |= {"distributed": False, "ha": False}
    return found


def _gateway(row: Any) -> dict[str, Any] | None:
    if row.gateway is None:
        return None
    held = [entry for port in row.gateway_ports for entry in port.addresses.all()]
    return {
        "network_id": str(row.gateway.uuid),
        "enable_snat": row.snat,
        "external_fixed_ips": [
            {"subnet_id": str(one.subnet.uuid), "ip_address": one.address} for one in held
        ],
    }


FIXED_IP = bodies.record({"subnet_id": bodies.uuid, "ip_address": kinds.ADDRESS})
GATEWAY_INFO = bodies.record(
    {
        "network_id": bodies.uuid,
        "enable_snat": bodies.flag,
        "external_fixed_ips": bodies.listing(FIXED_IP, 0, 5),
        "qos_policy_id": bodies.maybe(bodies.nothing),
    },
    need=("network_id",),
)


def gateway_info(value: Any, where: str, strict: bool = True) -> Any:
    """Where a router leads to; null or an empty object for nowhere."""
    return None if value in (None, {}) else GATEWAY_INFO(value, where, strict)


ROUTES = bodies.listing(kinds.ROUTE, 0, 30)
COMMON = kinds.STANDARD | {
    "admin_state_up": bodies.flag,
    "external_gateway_info": bodies.described(
        {"anyOf": [bodies.schema_of(GATEWAY_INFO), {"type": "null"}]}
    )(gateway_info),
    "distributed": bodies.flag,
    "ha": bodies.flag,
}
NEW = bodies.record(
    COMMON
    | kinds.OWNED
    | kinds.TAGS
    | {
        "availability_zone_hints": bodies.listing(bodies.choice("nova"), 0, 10),
        "flavor_id": bodies.maybe(bodies.nothing),
    }
)


class Routers(Collection):
    """Who is no administrator may say where a router leads, and no more of its way there."""

    def _check_policy(self, request: Request, wish: Any, verb: str) -> None:
        super()._check_policy(request, wish, verb)
        info = wish.get("external_gateway_info") or {}
        for name in ("enable_snat", "external_fixed_ips"):
            if name in info and not request.caller.is_admin:
                raise PolicyNotAuthorized(
                    f"({verb}_router:external_gateway_info:{name}) is disallowed by policy",
                    field=name,
                )


ROUTERS = Routers(
    name="routers",
    noun="router",
    rows=rows,
    record=record,
    filters=STANDARD
    | OWNED
    | {
        "admin_state_up": flag("admin_state_up", "admin_up"),
        "status": always("active"),
        "external_gateway_info.network_id": ids("gateway__uuid"),
    },
    sort_keys=SORT_KEYS | {"admin_state_up": "admin_up"},
    missing=RouterNotFound,
    make=routers.create,
    change=routers.update,
    remove=routers.delete,
    new=NEW,
    changed=COMMON | {"routes": bodies.maybe(ROUTES)},
    guarded={"distributed": (), "ha": ()},
)


def _interface(row: Router, port: Port, subnet: Any) -> HttpResponse:
    first = str(subnet.uuid) if subnet else ""
    return answer(
        {
            "id": str(row.uuid),
            "tenant_id": row.project_id,
            "project_id": row.project_id,
            "port_id": str(port.uuid),
            "network_id": str(port.network.uuid),
            "subnet_id": first,
            "subnet_ids": [first] if first else [],
            "tags": network_tags.of(row.uuid),
        }
    )


def add_interface(request: Request, id: str) -> HttpResponse:
    """PUT /routers/{id}/add_router_interface."""
    ROUTERS.one(request, id)
    row, port = routers.add_interface(request.caller, id, request.wish)
    first = port.addresses.select_related("subnet").order_by("pk").first()
    return _interface(row, port, first.subnet if first else None)


def remove_interface(request: Request, id: str) -> HttpResponse:
    """PUT /routers/{id}/remove_router_interface."""
    ROUTERS.one(request, id)
    return _interface(*routers.remove_interface(request.caller, id, request.wish))


def _change_routes(request: Request, id: str, *, add: bool) -> HttpResponse:
    ROUTERS.one(request, id)
    routes = request.wish["router"]["routes"]
    routers.change_routes(request.caller, id, routes, add=add)
    return ROUTERS.show(request, id)


def add_routes(request: Request, id: str) -> HttpResponse:
    """PUT /routers/{id}/add_extraroutes."""
    return _change_routes(request, id, add=True)


def remove_routes(request: Request, id: str) -> HttpResponse:
    """PUT /routers/{id}/remove_extraroutes."""
    return _change_routes(request, id, add=False)


INTERFACE_BODY = bodies.record(ACTIONS_BODY)
INTERFACE_SHAPE = bodies.record({"id": bodies.uuid, "port_id": bodies.uuid}, rest=bodies.anything)
ROUTES_BODY = bodies.record(
    {"router": bodies.record({"routes": ROUTES}, need=("routes",))}, need=("router",)
)
ROUTER_ROUTES = (
    *(
        Route(
            "PUT",
            f"routers/{{id}}/{verb}",
            view,
            Who.MEMBER,
            body=INTERFACE_BODY,
            gives={200: INTERFACE_SHAPE},
        )
        for verb, view in (
            ("add_router_interface", add_interface),
            ("remove_router_interface", remove_interface),
        )
    ),
    *(
        Route(
            "PUT",
            f"routers/{{id}}/{verb}",
            view,
            Who.MEMBER,
            body=ROUTES_BODY,
            gives={200: kinds.shape("router")},
        )
        for verb, view in (("add_extraroutes", add_routes), ("remove_extraroutes", remove_routes))
    ),
)
