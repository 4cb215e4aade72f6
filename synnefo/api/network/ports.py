"""Ports: how they look, how they are found, what may be said of them."""

from typing import Any

from django.db.models import Q, QuerySet

from synnefo.api import bodies
from synnefo.api.bodies import UUID
from synnefo.api.compute.patterns import lookup
from synnefo.api.network import kinds
from synnefo.api.network.collections import (
    NEVER,
    OWNED,
    SORT_KEYS,
    STANDARD,
    Collection,
    flag,
    ids,
    standard,
    words,
)
from synnefo.api.request import Request
from synnefo.core.addresses import canonical
from synnefo.core.faults import BadRequest
from synnefo.core.network_faults import PortNotFound
from synnefo.db.models import Address, Port, Server
from synnefo.intents.network import network_rows, ports

SERVERS = "compute:"
SERVER = "compute:nova"
DETAILS = {"port_filter": True}


def rows(request: Request) -> QuerySet[Port]:
    """What the caller sees."""
    found = network_rows.ports(request.caller).select_related("network", "server")
    return found.prefetch_related("addresses__subnet", "security_groups")


def record(request: Request, row: Any) -> dict[str, Any]:
    """One port: a card of a server, a router's, or nobody's yet."""
    project = "" if row.owner in network_rows.HIDDEN else row.project_id
    found = standard(row, project) | {
        "network_id": str(row.network.uuid),
        "mac_address": row.mac_address,
        "fixed_ips": [
            {"subnet_id": str(entry.subnet.uuid), "ip_address": entry.address}
            for entry in sorted(row.addresses.all(), key=lambda one: one.pk)
        ],
        "device_id": str(row.server.uuid) if row.server else row.device,
        "device_owner": SERVER if row.server else row.owner,
        "status": row.status if row.admin_up else "DOWN",
        "admin_state_up": row.admin_up,
        "port_security_enabled": row.port_security,
        "allowed_address_pairs": [
            {"mac_address": one.get("mac_address") or row.mac_address, **one}
            for one in row.address_pairs
        ],
        "extra_dhcp_opts": row.dhcp_options,
        "security_groups": [str(group.uuid) for group in row.security_groups.all()],
        "qos_policy_id": None,
        "binding:vnic_type": row.vnic_type,
        "dns_name": row.dns_name,
        "dns_assignment": [],
    }
    if network_rows.sees_all(request.caller):
        found |= _binding(row)
    return found


def _binding(row: Any) -> dict[str, Any]:
    host = row.server.node if row.server else row.host
    bound = bool(row.server or row.router_id or host)
    return {
        "binding:host_id": host,
        "binding:vif_type": "bridge" if bound else "unbound",
        "binding:vif_details": DETAILS if bound else {},
        "binding:profile": row.profile,
    }


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
            address = canonical(wanted)
            if address is None:
                return NEVER
            holders = holders.filter(address=address)
        elif key == "ip_address_substr":
            pattern = wanted.replace(".", r"\.")
            holders = holders.filter(**lookup("address", pattern, "fixed_ips"))
        else:
            raise BadRequest(
                "Invalid input for fixed_ips: it must be KEY=VALUE.", field="fixed_ips"
            )
    return Q(pk__in=holders.values("port_id"))


def _owner(values: list[str]) -> Q:
    condition = Q(owner__in=[one for one in values if one], server__isnull=True)
    if SERVER in values:
        condition |= Q(server__isnull=False)
    if "" in values:
        condition |= Q(server__isnull=True, owner="")
    return condition


def _device(values: list[str]) -> Q:
    """Of these servers or other devices: keys of this table only, so that indexes find them."""
    known = [one for one in values if UUID.fullmatch(one)]
    found = Q(device__in=values, server__isnull=True)
    return found | Q(server__in=Server.objects.filter(uuid__in=known).values("pk"))


FIXED_IP = bodies.record({"subnet_id": bodies.uuid, "ip_address": kinds.ADDRESS})
PAIR = bodies.record(
    {"ip_address": kinds.address_or_range, "mac_address": kinds.mac}, need=("ip_address",)
)
DHCP_OPTION = bodies.record(
    {
        "opt_name": bodies.text(1, 64, pattern=r"[A-Za-z0-9:._-]+"),
        "opt_value": bodies.maybe(bodies.text(1, 255)),
        "ip_version": kinds.ip_version,
    },
    need=("opt_name", "opt_value"),
)


def dhcp_options(value: Any, where: str, strict: bool = True) -> list[dict[str, Any]]:
    """Options for a guest; each has a version of IP, and null takes one away."""
    found: list[dict[str, Any]] = bodies.listing(DHCP_OPTION, 0, 50)(value, where, strict)
    shown = [
        {"opt_name": one["opt_name"], "opt_value": one["opt_value"]}
        | {"ip_version": one.get("ip_version", 4)}
        for one in found
        if one["opt_value"] is not None
    ]
    return list({(one["opt_name"], one["ip_version"]): one for one in shown}.values())


BINDING = {
    "binding:host_id": bodies.maybe(bodies.text(0, 255)),
    "binding:profile": bodies.maybe(
        bodies.mapping(bodies.text(1, 255), bodies.text(0, 255, lines=True), 20)
    ),
}
CHANGED = (
    kinds.STANDARD
    | BINDING
    | {
        "admin_state_up": bodies.flag,
        "mac_address": bodies.maybe(kinds.mac),  # null asks for a new one
        "fixed_ips": bodies.listing(FIXED_IP, 0, 20),
        "device_id": bodies.maybe(bodies.text(0, 255)),
        "device_owner": bodies.maybe(bodies.text(0, 64)),
        "security_groups": bodies.maybe(bodies.listing(bodies.uuid, 0, 50)),
        "port_security_enabled": bodies.flag,
        "allowed_address_pairs": bodies.maybe(bodies.listing(PAIR, 0, 10)),
        "extra_dhcp_opts": bodies.maybe(
            bodies.described({"type": "array", "items": bodies.schema_of(DHCP_OPTION)})(
                dhcp_options
            )
        ),
        "binding:vnic_type": bodies.choice("normal", "direct", "macvtap"),
        "dns_name": bodies.maybe(bodies.text(0, 63, pattern=r"[A-Za-z0-9.-]*")),
        "qos_policy_id": bodies.maybe(bodies.nothing),
    }
)
NEW = bodies.record(
    CHANGED | kinds.OWNED | kinds.TAGS | {"network_id": bodies.uuid},
    need=("network_id",),
)
PORTS = Collection(
    name="ports",
    noun="port",
    rows=rows,
    record=record,
    filters=STANDARD
    | OWNED
    | {
        "network_id": ids("network__uuid"),
        "device_id": _device,
        "device_owner": _owner,
        "mac_address": lambda values: Q(mac_address__in=[value.lower() for value in values]),
        "status": words("status"),
        "fixed_ips": _fixed_ip,
        "admin_state_up": flag("admin_state_up", "admin_up"),
        "security_groups": lambda values: Q(
            pk__in=Port.objects.filter(ids("security_groups__uuid")(values)).values("pk")
        ),
        "binding:host_id": lambda values: Q(server__node__in=values) | Q(host__in=values),
    },
    sort_keys=SORT_KEYS
    | {"mac_address": "mac_address", "status": "status", "admin_state_up": "admin_up"},
    missing=PortNotFound,
    served=frozenset({"GET", "POST", "PUT", "DELETE"}),
    make=ports.create,
    change=ports.update,
    remove=ports.delete,
    new=NEW,
    changed=CHANGED,
    guarded=dict.fromkeys(BINDING, (None,)),
)
