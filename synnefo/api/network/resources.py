"""Networks, subnets and ports: who sees which, and how they look."""

import ipaddress
from typing import Any

from django.db.models import Q, QuerySet

from synnefo.api.bodies import UUID
from synnefo.api.compute.patterns import lookup
from synnefo.api.network.collections import NEVER, Collection, Filter, always, flag, ids, words
from synnefo.api.request import Request, timestamp
from synnefo.core.faults import BadRequest, NotFound
from synnefo.db.models import Address, Network, Port, Subnet

DEVICE_OWNER = "compute:nova"
MTU = 1500


class NetworkNotFound(NotFound):
    """No such network, or not the caller's."""


class SubnetNotFound(NotFound):
    """No such subnet, or not the caller's."""


class PortNotFound(NotFound):
    """No such port, or not the caller's."""


def _standard(row: Any, project: str) -> dict[str, Any]:
    """What every record of this service has."""
    return {
        "id": str(row.uuid),
        "name": row.name,
        "description": "",
        "tenant_id": project,
        "project_id": project,
        "tags": [],
        "revision_number": 1,
        "created_at": timestamp(row.created_at),
        "updated_at": timestamp(row.updated_at),
    }


STANDARD: dict[str, Filter] = {
    "id": ids("uuid"),
    "name": words("name"),
    "description": always(""),
}


# --- networks ------------------------------------------------------------------------------------


def _networks(request: Request) -> QuerySet[Network]:
    rows = Network.objects.prefetch_related("subnets")
    if request.caller.is_admin:
        return rows
    return rows.filter(Q(public=True) | Q(project_id=request.project))


def network_record(request: Request, row: Network) -> dict[str, Any]:
    """One network."""
    record = _standard(row, row.project_id) | {
        "admin_state_up": True,
        "status": "ACTIVE",
        "shared": row.public,
        "router:external": row.public,
        "is_default": False,
        "mtu": MTU,
        "port_security_enabled": True,
        "subnets": [str(subnet.uuid) for subnet in row.subnets.all()],
        "availability_zone_hints": [],
        "availability_zones": ["nova"],
        "ipv4_address_scope": None,
        "ipv6_address_scope": None,
    }
    if request.caller.is_admin:
        record |= {
            "provider:network_type": "flat",
            "provider:physical_network": row.link,
            "provider:segmentation_id": None,
        }
    return record


NETWORKS = Collection(
    name="networks",
    noun="network",
    rows=_networks,
    record=network_record,
    filters=STANDARD
    | {
        "tenant_id": words("project_id"),
        "project_id": words("project_id"),
        "shared": flag("shared", "public"),
        "router:external": flag("router:external", "public"),
        "admin_state_up": always("true", "1"),
        "status": always("active"),
        "mtu": always(str(MTU)),
    },
    sort_keys={"id": "uuid", "name": "name", "created_at": "created_at", "tenant_id": "project_id"},
    missing=NetworkNotFound,
)


# --- subnets -------------------------------------------------------------------------------------


def _subnets(request: Request) -> QuerySet[Subnet]:
    rows = Subnet.objects.select_related("network")
    if request.caller.is_admin:
        return rows
    return rows.filter(Q(network__public=True) | Q(network__project_id=request.project))


def subnet_record(_request: Request, row: Subnet) -> dict[str, Any]:
    """One subnet."""
    return _standard(row, row.network.project_id) | {
        "network_id": str(row.network.uuid),
        "ip_version": row.ip_version,
        "cidr": row.cidr,
        "gateway_ip": row.gateway or None,
        "enable_dhcp": True,
        "allocation_pools": [{"start": row.pool_start, "end": row.pool_end}],
        "dns_nameservers": row.dns_nameservers,
        "host_routes": [],
        "ipv6_ra_mode": None,
        "ipv6_address_mode": None,
        "subnetpool_id": None,
        "segment_id": None,
        "service_types": [],
    }


SUBNETS = Collection(
    name="subnets",
    noun="subnet",
    rows=_subnets,
    record=subnet_record,
    filters=STANDARD
    | {
        "tenant_id": words("network__project_id"),
        "project_id": words("network__project_id"),
        "network_id": ids("network__uuid"),
        "cidr": words("cidr"),
        "gateway_ip": words("gateway"),
        "ip_version": lambda values: Q(
            ip_version__in=[int(value) for value in values if value in ("4", "6")]
        ),
        "enable_dhcp": always("true", "1"),
    },
    sort_keys={"id": "uuid", "name": "name", "created_at": "created_at", "cidr": "cidr"},
    missing=SubnetNotFound,
)


# --- ports ---------------------------------------------------------------------------------------


def _ports(request: Request) -> QuerySet[Port]:
    rows = Port.objects.select_related("network", "server")
    rows = rows.prefetch_related("addresses__subnet")
    return rows if request.caller.is_admin else rows.filter(project_id=request.project)


def port_record(request: Request, row: Port) -> dict[str, Any]:
    """One port: a card of a server."""
    record = _standard(row, row.project_id) | {
        "network_id": str(row.network.uuid),
        "mac_address": row.mac_address,
        "fixed_ips": [
            {"subnet_id": str(entry.subnet.uuid), "ip_address": entry.address}
            for entry in row.addresses.all()
        ],
        "device_id": str(row.server.uuid) if row.server else "",
        "device_owner": DEVICE_OWNER if row.server else "",
        "status": row.status,
        "admin_state_up": True,
        "port_security_enabled": True,
        "allowed_address_pairs": [],
        "extra_dhcp_opts": [],
        "security_groups": [],
        "qos_policy_id": None,
        "binding:vnic_type": "normal",
    }
    if request.caller.is_admin:
        record |= {
            "binding:host_id": row.server.node if row.server else "",
            "binding:vif_type": "bridge",
            "binding:vif_details": {},
            "binding:profile": {},
        }
    return record


def _fixed_ip(values: list[str]) -> Q:
    """`ip_address=…`, `subnet_id=…` or `ip_address_substr=…`; several must hold together."""
    holders = Address.objects.all()
    for value in values:
        key, _, wanted = value.partition("=")
        if key == "subnet_id":
            if not UUID.fullmatch(wanted):
                return NEVER
            holders = holders.filter(subnet__uuid=wanted)
        elif key == "ip_address":
            try:
                holders = holders.filter(address=str(ipaddress.ip_address(wanted)))
            except ValueError:
                return NEVER
        elif key == "ip_address_substr":
            pattern = wanted.replace(".", r"\.")
            holders = holders.filter(**lookup("address", pattern, "fixed_ips"))
        else:
            raise BadRequest(
                "Invalid input for fixed_ips: it must be KEY=VALUE.", field="fixed_ips"
            )
    return Q(pk__in=holders.values("port_id"))


def _owner(values: list[str]) -> Q:
    condition = NEVER
    if DEVICE_OWNER in values:
        condition |= Q(server__isnull=False)
    if "" in values:
        condition |= Q(server__isnull=True)
    return condition


PORTS = Collection(
    name="ports",
    noun="port",
    rows=_ports,
    record=port_record,
    filters=STANDARD
    | {
        "tenant_id": words("project_id"),
        "project_id": words("project_id"),
        "network_id": ids("network__uuid"),
        "device_id": ids("server__uuid"),
        "device_owner": _owner,
        "mac_address": lambda values: Q(mac_address__in=[value.lower() for value in values]),
        "status": words("status"),
        "fixed_ips": _fixed_ip,
        "admin_state_up": always("true", "1"),
    },
    sort_keys={
        "id": "uuid",
        "name": "name",
        "created_at": "created_at",
        "mac_address": "mac_address",
        "status": "status",
    },
    missing=PortNotFound,
)
