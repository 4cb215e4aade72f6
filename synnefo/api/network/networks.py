"""Networks: how they look, what may be said of them."""

from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet, Value

from synnefo.api import bodies
from synnefo.api.network import kinds
from synnefo.api.network.collections import (
    OWNED,
    SORT_KEYS,
    STANDARD,
    Collection,
    always,
    condition,
    flag,
    numbers,
    standard,
)
from synnefo.api.request import Request
from synnefo.core.network_faults import NetworkNotFound
from synnefo.db.models import Network, NetworkGrant, Subnet
from synnefo.intents.network import network_rows, networks

LARGEST_SEGMENT = 2**24 - 1
SUBNETS = Prefetch("subnets", Subnet.objects.select_related("subnet_pool__scope").order_by("pk"))


def rows(request: Request) -> QuerySet[Network]:
    """What the caller sees; whether others share one with it is asked along."""
    granted = NetworkGrant.objects.filter(
        kind="network",
        action="access_as_shared",
        target=request.project,
        resource=OuterRef("uuid"),
    )
    found = network_rows.networks(request.caller)
    shared = Value(False) if request.caller.is_admin else Exists(granted)
    return found.annotate(granted=shared).prefetch_related(SUBNETS)


def _scope(row: Network, version: int) -> str | None:
    for subnet in row.subnets.all():
        if subnet.ip_version == version and subnet.subnet_pool and subnet.subnet_pool.scope:
            return str(subnet.subnet_pool.scope.uuid)
    return None


def record(request: Request, row: Any) -> dict[str, Any]:
    """One network."""
    found = standard(row, row.project_id) | {
        "admin_state_up": row.admin_up,
        "status": "ACTIVE",
        "shared": row.public or row.granted,
        "router:external": row.is_external,
        "mtu": row.mtu,
        "port_security_enabled": row.port_security,
        "subnets": [str(subnet.uuid) for subnet in row.subnets.all()],
        "availability_zone_hints": [],
        "availability_zones": ["nova"],
        "ipv4_address_scope": _scope(row, 4),
        "ipv6_address_scope": _scope(row, 6),
        "dns_domain": row.dns_domain,
    }
    if row.is_external:
        found["is_default"] = row.is_default
    if request.caller.is_admin:
        found |= {
            "provider:network_type": row.physical.get("provider:network_type", "flat"),
            "provider:physical_network": row.physical.get("provider:physical_network", row.link),
            "provider:segmentation_id": row.physical.get("provider:segmentation_id"),
        }
    return found


PROVIDER = {
    "provider:network_type": bodies.maybe(bodies.choice("flat", "vlan", "vxlan", "gre", "local")),
    "provider:physical_network": bodies.maybe(bodies.text(1, 64, pattern=r"[A-Za-z0-9_.:-]+")),
    "provider:segmentation_id": bodies.maybe(bodies.integer(0, LARGEST_SEGMENT)),
}
CHANGED = (
    kinds.STANDARD
    | PROVIDER
    | {
        "admin_state_up": bodies.flag,
        "shared": bodies.flag,
        "router:external": bodies.flag,
        "is_default": bodies.flag,
        "port_security_enabled": bodies.flag,
        "mtu": bodies.integer(68, 65535),
        "dns_domain": kinds.DESCRIPTION,
    }
)
NEW = bodies.record(
    CHANGED
    | kinds.OWNED
    | kinds.TAGS
    | {"availability_zone_hints": bodies.listing(bodies.choice("nova"), 0, 10)},
)
NETWORKS = Collection(
    name="networks",
    noun="network",
    rows=rows,
    record=record,
    filters=STANDARD
    | OWNED
    | {
        "shared": condition("shared", Q(public=True) | Q(granted=True)),
        "router:external": condition("router:external", network_rows.EXTERNAL),
        "admin_state_up": flag("admin_state_up", "admin_up"),
        "is_default": flag("is_default", "is_default"),
        "status": always("active"),
        "mtu": numbers("mtu"),
        "provider:physical_network": lambda values: Q(link__in=values),
    },
    sort_keys=SORT_KEYS | {"admin_state_up": "admin_up", "mtu": "mtu"},
    missing=NetworkNotFound,
    served=frozenset({"GET"}),
    make=networks.create,
    change=networks.update,
    remove=networks.delete,
    new=NEW,
    changed=CHANGED,
    guarded={
        "shared": (False,),
        "router:external": (False,),
        "is_default": (False,),
        **dict.fromkeys(PROVIDER, (None,)),
    },
)
