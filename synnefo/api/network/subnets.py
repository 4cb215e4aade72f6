"""Subnets: how they look, what may be said of them."""

import ipaddress
from typing import Any

from django.db.models import Q, QuerySet

from synnefo.api import bodies
from synnefo.api.network import kinds
from synnefo.api.network.collections import (
    SORT_KEYS,
    STANDARD,
    Collection,
    flag,
    ids,
    numbers,
    standard,
    words,
)
from synnefo.api.request import Request
from synnefo.core.network_faults import SubnetNotFound
from synnefo.db.models import Subnet
from synnefo.intents.network import network_rows, subnets

MODES = bodies.maybe(bodies.choice("slaac", "dhcpv6-stateful", "dhcpv6-stateless"))


def rows(request: Request) -> QuerySet[Subnet]:
    """What the caller sees."""
    return network_rows.subnets(request.caller).select_related("network", "subnet_pool")


def record(request: Request, row: Any) -> dict[str, Any]:
    """One subnet."""
    found = standard(row, row.network.project_id) | {
        "network_id": str(row.network.uuid),
        "ip_version": row.ip_version,
        "cidr": row.cidr,
        "gateway_ip": row.gateway or None,
        "enable_dhcp": row.enable_dhcp,
        "allocation_pools": [{"start": start, "end": end} for start, end in subnets.pools_of(row)],
        "dns_nameservers": row.dns_nameservers,
        "host_routes": row.host_routes,
        "ipv6_ra_mode": row.ipv6_ra_mode or None,
        "ipv6_address_mode": row.ipv6_address_mode or None,
        "subnetpool_id": str(row.subnet_pool.uuid) if row.subnet_pool else None,
        "service_types": row.service_types,
        "dns_publish_fixed_ip": False,
        "router:external": row.network.is_external,
    }
    if request.caller.is_admin:
        found["segment_id"] = None
    return found


def _cidrs(values: list[str]) -> Q:
    found = []
    for value in values:
        try:
            found.append(str(ipaddress.ip_network(value, strict=False)))
        except ValueError:
            continue
    return Q(cidr__in=found)


POOL = bodies.record({"start": kinds.ADDRESS, "end": kinds.ADDRESS}, need=("start", "end"))
CHANGED = kinds.STANDARD | {
    "gateway_ip": bodies.maybe(kinds.ADDRESS),
    "allocation_pools": bodies.listing(POOL, 0, 50),
    "dns_nameservers": bodies.maybe(bodies.listing(kinds.ADDRESS, 0, 5)),
    "host_routes": bodies.maybe(bodies.listing(kinds.ROUTE, 0, 20)),
    "enable_dhcp": bodies.flag,
    "service_types": bodies.listing(bodies.text(1, 64), 0, 20),
    "segment_id": bodies.maybe(bodies.nothing),
    "dns_publish_fixed_ip": bodies.flag,
}
NEW = bodies.record(
    CHANGED
    | kinds.OWNED
    | kinds.TAGS
    | {
        "network_id": bodies.uuid,
        "cidr": bodies.maybe(kinds.cidr),
        "ip_version": bodies.maybe(kinds.ip_version),
        "ipv6_ra_mode": MODES,
        "ipv6_address_mode": MODES,
        "subnetpool_id": bodies.maybe(bodies.uuid),
        "use_default_subnetpool": bodies.flag,
        "prefixlen": bodies.maybe(kinds.PREFIX_LENGTH),
    },
    need=("network_id",),
)
SUBNETS = Collection(
    name="subnets",
    noun="subnet",
    rows=rows,
    record=record,
    filters=STANDARD
    | {
        "tenant_id": words("network__project_id"),
        "project_id": words("network__project_id"),
        "network_id": ids("network__uuid"),
        "cidr": _cidrs,
        "gateway_ip": words("gateway"),
        "ip_version": numbers("ip_version"),
        "enable_dhcp": flag("enable_dhcp", "enable_dhcp"),
        "ipv6_ra_mode": words("ipv6_ra_mode"),
        "ipv6_address_mode": words("ipv6_address_mode"),
        "subnetpool_id": ids("subnet_pool__uuid"),
    },
    sort_keys={key: value for key, value in SORT_KEYS.items() if value != "project_id"}
    | {"cidr": "cidr", "ip_version": "ip_version", "enable_dhcp": "enable_dhcp"},
    missing=SubnetNotFound,
    served=frozenset({"GET"}),
    make=subnets.create,
    change=subnets.update,
    remove=subnets.delete,
    new=NEW,
    changed=CHANGED,
    guarded={"service_types": ([],), "segment_id": (None,)},
)
