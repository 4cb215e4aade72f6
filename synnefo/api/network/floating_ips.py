"""Floating addresses: how they look, what may be said of them."""

from typing import Any

from django.db.models import Q, QuerySet

from synnefo.api import bodies
from synnefo.api.network import kinds
from synnefo.api.network.collections import (
    OWNED,
    SORT_KEYS,
    STANDARD,
    Collection,
    addresses,
    ids,
    standard,
)
from synnefo.api.request import Request
from synnefo.core.network_faults import FloatingIPNotFound
from synnefo.db.models import FloatingIp
from synnefo.intents.network import floating_ips, network_rows


def rows(request: Request) -> QuerySet[FloatingIp]:
    """What the caller sees."""
    found = network_rows.floating_ips(request.caller)
    return found.select_related("network", "port__network", "port__server", "router")


def record(_request: Request, row: Any) -> dict[str, Any]:
    """One floating address."""
    row.name = ""
    found = standard(row, row.project_id) | {
        "floating_network_id": str(row.network.uuid),
        "floating_ip_address": row.address,
        "fixed_ip_address": row.fixed_address,
        "port_id": str(row.port.uuid) if row.port else None,
        "router_id": str(row.router.uuid) if row.router else None,
        "status": "ACTIVE" if row.port else "DOWN",
        "port_details": _port(row.port) if row.port else None,
        "dns_name": row.dns_name,
        "dns_domain": row.dns_domain,
        "qos_policy_id": None,
        "port_forwardings": [],
    }
    del found["name"]
    return found


def _port(port: Any) -> dict[str, Any]:
    return {
        "name": port.name,
        "network_id": str(port.network.uuid),
        "mac_address": port.mac_address,
        "admin_state_up": port.admin_up,
        "status": port.status,
        "device_id": str(port.server.uuid) if port.server else port.device,
        "device_owner": "compute:nova" if port.server else port.owner,
    }


def _status(values: list[str]) -> Q:
    found = Q(pk__in=())
    if "ACTIVE" in values:
        found |= Q(port__isnull=False)
    if "DOWN" in values:
        found |= Q(port__isnull=True)
    return found


CHANGED = {
    "description": kinds.DESCRIPTION,
    "port_id": bodies.maybe(bodies.uuid),
    "fixed_ip_address": bodies.maybe(bodies.address(4)),
    "qos_policy_id": bodies.maybe(bodies.nothing),
}
NEW = bodies.record(
    CHANGED
    | kinds.OWNED
    | kinds.TAGS
    | {
        "floating_network_id": bodies.uuid,
        "floating_ip_address": bodies.maybe(bodies.address(4)),
        "subnet_id": bodies.maybe(bodies.uuid),
        "dns_name": bodies.text(0, 63),
        "dns_domain": kinds.DESCRIPTION,
    },
    need=("floating_network_id",),
)
FLOATING_IPS = Collection(
    name="floatingips",
    noun="floatingip",
    title="Floating IP",
    rows=rows,
    record=record,
    filters={key: value for key, value in STANDARD.items() if key != "name"}
    | OWNED
    | {
        "floating_network_id": ids("network__uuid"),
        "floating_ip_address": addresses("address"),
        "fixed_ip_address": addresses("fixed_address"),
        "port_id": ids("port__uuid"),
        "router_id": ids("router__uuid"),
        "status": _status,
    },
    sort_keys={key: value for key, value in SORT_KEYS.items() if key != "name"}
    | {"floating_ip_address": "address", "fixed_ip_address": "fixed_address"},
    missing=FloatingIPNotFound,
    make=floating_ips.create,
    change=floating_ips.update,
    remove=floating_ips.delete,
    new=NEW,
    changed=CHANGED,
)
