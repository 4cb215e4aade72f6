"""Small resources below one server: diagnostics, topology, password, cards, security groups.

Everything is told from the database: no reader waits for a cluster. What only a hypervisor knows
(time of processors, octets, uptime) is null, as the API allows.
"""

from typing import Any

from django.http import HttpResponse

from synnefo.api import bodies
from synnefo.api.bodies import record
from synnefo.api.compute.gating import since, until
from synnefo.api.compute.servers import find
from synnefo.api.request import Request, answer, empty
from synnefo.core.faults import Conflict
from synnefo.core.server_states import ServerMode, ServerState, vm_state
from synnefo.db.models import Port, SecurityGroup, SecurityGroupRule, Server, Volume

ONE_FORM, WITH_NETWORK = 48, 12
STATES = {
    ServerState.BUILD: "pending",
    ServerState.ACTIVE: "running",
    ServerState.PAUSED: "paused",
    ServerState.STOPPED: "shutdown",
    ServerState.SUSPENDED: "suspended",
    ServerState.ERROR: "crashed",
}
# Hypervisors that Nova has a driver for; all others are told as the one that drives ours.
DRIVERS = {"xen-pvm": "libvirt", "xen-hvm": "libvirt", "kvm": "libvirt", "fake": "libvirt"}
COUNTERS = (
    "rx_octets", "rx_errors", "rx_drop", "rx_packets", "rx_rate",
    "tx_octets", "tx_errors", "tx_drop", "tx_packets", "tx_rate",
)  # fmt: skip
DISK_COUNTERS = ("read_bytes", "read_requests", "write_bytes", "write_requests", "errors_count")
ANYTHING = record({}, rest=bodies.anything)
PASSWORD = record({"password": bodies.text()}, ("password",))
CARDS = record({"virtual_interfaces": bodies.listing(bodies.anything)}, ("virtual_interfaces",))
GROUPS = record({"security_groups": bodies.listing(bodies.anything)}, ("security_groups",))


# --- diagnostics ----------------------------------------------------------------------------------


def diagnostics(request: Request, id: str) -> HttpResponse:
    """GET /servers/{id}/diagnostics, for administrators."""
    server = find(request, id)
    state = ServerState(server.state)
    if state not in (ServerState.ACTIVE, ServerState.PAUSED):
        word = vm_state(state, ServerMode(server.mode) if server.mode else None)
        raise Conflict(
            f"Cannot 'get_diagnostics' instance {server.uuid} while it is in vm_state {word}"
        )
    told = _told(server)
    return answer(told if request.version[1] >= ONE_FORM else _flat(told))


def _told(server: Server) -> dict[str, Any]:
    ports = Port.objects.filter(server=server).order_by("index", "pk")
    disks = Volume.objects.filter(server=server).count()
    kind = server.backend.hypervisor if server.backend else ""
    return {
        "state": STATES[ServerState(server.state)],
        "driver": DRIVERS.get(kind, "libvirt"),
        "hypervisor": kind or None,
        "hypervisor_os": "linux",
        "uptime": None,
        "config_drive": server.config_drive,
        "num_cpus": server.flavor.vcpus,
        "num_nics": len(ports),
        "num_disks": disks,
        "memory_details": {"maximum": server.flavor.ram, "used": None},
        "cpu_details": [
            {"id": number, "time": None, "utilisation": None}
            for number in range(server.flavor.vcpus)
        ],
        "nic_details": [
            {"mac_address": port.mac_address or None, **dict.fromkeys(COUNTERS)} for port in ports
        ],
        "disk_details": [dict.fromkeys(DISK_COUNTERS) for _ in range(disks)],
    }


def _flat(told: dict[str, Any]) -> dict[str, Any]:
    """The form of before, which each driver filled as it liked: what is known, one value each."""
    return {
        "memory": told["memory_details"]["maximum"] * 1024,  # KiB, as libvirt's driver tells it
        "num_cpus": told["num_cpus"],
        "num_nics": told["num_nics"],
        "num_disks": told["num_disks"],
        "state": told["state"],
    }


@since(78)
def topology(request: Request, id: str) -> HttpResponse:
    """GET /servers/{id}/topology: no server has a NUMA layout of its own here."""
    find(request, id)
    return answer({"nodes": [], "pagesize_kb": None})


# --- passwords ------------------------------------------------------------------------------------


def password(request: Request, id: str) -> HttpResponse:
    """GET /servers/{id}/os-server-password: no guest has ever left one with us."""
    find(request, id)
    return answer({"password": ""})


def forget_password(request: Request, id: str) -> HttpResponse:
    """DELETE /servers/{id}/os-server-password."""
    find(request, id)
    return empty(204)


# --- cards and groups -----------------------------------------------------------------------------


@until(43)
def virtual_interfaces(request: Request, id: str) -> HttpResponse:
    """GET /servers/{id}/os-virtual-interfaces."""
    server = find(request, id)
    ports = Port.objects.filter(server=server).select_related("network").order_by("index", "pk")
    shown = []
    for port in ports:
        card: dict[str, Any] = {"id": str(port.uuid), "mac_address": port.mac_address}
        if request.version[1] >= WITH_NETWORK:
            card["net_id"] = str(port.network.uuid)
        elif not request.strict:
            card["OS-EXT-VIF-NET:net_id"] = str(port.network.uuid)
        shown.append(card)
    return answer({"virtual_interfaces": shown})


def security_groups(request: Request, id: str) -> HttpResponse:
    """GET /servers/{id}/os-security-groups: the groups of its ports, each one once."""
    server = find(request, id)
    groups = SecurityGroup.objects.filter(ports__server=server).distinct().order_by("name", "pk")
    rows = groups.prefetch_related("rules__remote_group")
    return answer({"security_groups": [_group(row) for row in rows]})


def _group(row: SecurityGroup) -> dict[str, Any]:
    return {
        "id": str(row.uuid),
        "name": row.name,
        "description": row.description,
        "tenant_id": row.project_id,
        "rules": [_rule(rule, row) for rule in row.rules.all() if rule.direction == "ingress"],
    }


def _rule(rule: SecurityGroupRule, group: SecurityGroup) -> dict[str, Any]:
    """In the words of before: only what comes in, a prefix or a group of the same project."""
    other = rule.remote_group
    all_of_it = -1 if rule.protocol == "icmp" else None
    return {
        "id": str(rule.uuid),
        "parent_group_id": str(group.uuid),
        "ip_protocol": rule.protocol,
        "from_port": all_of_it if rule.port_min is None else rule.port_min,
        "to_port": all_of_it if rule.port_max is None else rule.port_max,
        "group": {"name": other.name, "tenant_id": other.project_id} if other else {},
        "ip_range": {} if other else {"cidr": rule.remote_prefix or _anywhere(rule)},
    }


def _anywhere(rule: SecurityGroupRule) -> str:
    return "::/0" if rule.ethertype == "IPv6" else "0.0.0.0/0"
