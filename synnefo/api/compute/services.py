"""Services and hosts: each node of a cluster runs one, `nova-compute` in the old words."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse

from synnefo.api import bodies
from synnefo.api.bodies import ByVersion
from synnefo.api.compute import node_records
from synnefo.api.compute.gating import asks, until
from synnefo.api.request import Request, answer, empty
from synnefo.core.faults import BadRequest, NotFound
from synnefo.core.server_states import ServerState
from synnefo.db.models import Node, Server
from synnefo.intents import zones
from synnefo.intents.compute import nodes as intents

QUERY = ("host", "binary")
HOST_QUERY = ("zone", "service")
LIST_SHAPE = bodies.record({"services": bodies.listing(bodies.anything)}, ("services",))
SHAPE = bodies.record({"service": bodies.anything}, ("service",))
HOSTS_SHAPE = bodies.record({"hosts": bodies.listing(bodies.anything)}, ("hosts",))
HOST_SHAPE = bodies.record({"host": bodies.anything}, ("host",))

HOST = bodies.text(1, 255, pattern=r"[a-zA-Z0-9._-]+")
BINARY = bodies.text(1, 255)
REASON = bodies.text(1, 255, trim=True)
NAMED = {"host": HOST, "binary": BINARY, "disabled_reason": REASON}
CHANGE = ByVersion(
    {
        1: bodies.record(NAMED, ("host", "binary")),
        11: bodies.record(NAMED | {"forced_down": bodies.flag}, ("host", "binary")),
        53: bodies.record(
            {
                "status": bodies.choice("enabled", "disabled"),
                "disabled_reason": REASON,
                "forced_down": bodies.flag,
            }
        ),
    }
)
HOST_CHANGE = bodies.record(
    {
        "status": bodies.text(),
        "maintenance_mode": bodies.text(),
    }
)


def _nodes() -> QuerySet[Node]:
    return Node.objects.filter(vm_capable=True).order_by("pk")


@asks(QUERY)
def index(request: Request) -> HttpResponse:
    """GET /os-services."""
    rows = _nodes()
    if host := request.query.get("host"):
        rows = rows.filter(name=host)
    if request.query.get("binary", node_records.BINARY) not in ("", node_records.BINARY):
        rows = rows.none()
    by_node, minor = zones.of_nodes(), request.version[1]
    shown = [
        node_records.service(node, by_node.get(node.pk, zones.DEFAULT), minor) for node in rows
    ]
    return answer({"services": shown})


def _by_uuid(id: str) -> Node:
    try:
        uuid = bodies.uuid(id, "id", True)
    except BadRequest as fault:
        raise BadRequest(f"Invalid uuid {id[:80]}", field="id") from fault
    node = _nodes().filter(uuid=uuid).first()
    if node is None:
        raise NotFound(f"Service {id} could not be found.")
    return node


def update(request: Request, id: str) -> HttpResponse:
    """PUT /os-services/{id}; before 2.53 the id is the action, and the body names the host."""
    if request.version < (2, 53):
        return _act(request, id)
    node, wish = _by_uuid(id), request.wish
    if not {"status", "forced_down"} & wish.keys():
        raise BadRequest(
            "No updates were requested. Fields 'status' or 'forced_down' should be specified."
        )
    if wish.get("status") == "enabled" and "disabled_reason" in wish:
        raise BadRequest(
            "Specifying 'disabled_reason' with status 'enabled' is invalid.",
            field="disabled_reason",
        )
    if "forced_down" in wish:
        node = intents.force_down(node.pk, wish["forced_down"])
    if wish.get("status") == "enabled":
        node = intents.enable(node.pk)
    elif "status" in wish:
        node = intents.disable(node.pk, wish.get("disabled_reason"))
    shown = node_records.service(node, zones.of_node(node), request.version[1])
    return answer({"service": shown})


def _enable(node: Node, _wish: dict[str, Any]) -> dict[str, Any]:
    intents.enable(node.pk)
    return {"status": "enabled"}


def _disable(node: Node, _wish: dict[str, Any]) -> dict[str, Any]:
    intents.disable(node.pk)
    return {"status": "disabled"}


def _disable_with_reason(node: Node, wish: dict[str, Any]) -> dict[str, Any]:
    if "disabled_reason" not in wish:
        raise BadRequest("Missing disabled reason field", field="disabled_reason")
    intents.disable(node.pk, wish["disabled_reason"])
    return {"status": "disabled", "disabled_reason": wish["disabled_reason"]}


def _force_down(node: Node, wish: dict[str, Any]) -> dict[str, Any]:
    if "forced_down" not in wish:
        raise BadRequest("Missing forced_down field", field="forced_down")
    intents.force_down(node.pk, wish["forced_down"])
    return {"forced_down": wish["forced_down"]}


ACTIONS: dict[str, tuple[int, Callable[[Node, dict[str, Any]], dict[str, Any]]]] = {
    "enable": (1, _enable),
    "disable": (1, _disable),
    "disable-log-reason": (1, _disable_with_reason),
    "force-down": (11, _force_down),
}


def _act(request: Request, name: str) -> HttpResponse:
    since, act = ACTIONS.get(name, (10_000, _enable))
    if request.version[1] < since:
        raise NotFound("Unknown action")
    wish = request.wish
    if wish["binary"] != node_records.BINARY:
        raise BadRequest(
            f"Updating a {wish['binary']} service is not supported."
            " Only nova-compute services can be updated.",
            field="binary",
        )
    node = _named(wish["host"])
    named = {"host": node.name, "binary": node_records.BINARY}
    return answer({"service": named | act(node, wish)})


def _named(host: str) -> Node:
    node = _nodes().filter(name=host).first()
    if node is None:
        raise NotFound(f"Compute host {host[:80]} could not be found.")
    return node


def delete(request: Request, id: str) -> HttpResponse:
    """DELETE /os-services/{id}: refused, with the way to do it."""
    if request.version >= (2, 53):
        node = _by_uuid(id)
    else:
        number = bodies.integer(0)(id, "id", True)
        found = _nodes().filter(pk=number).first()
        if found is None:
            raise NotFound(f"Service {id} not found.")
        node = found
    intents.forget(node.pk)
    return empty(204)


# --- hosts, the older words for the same, until 2.42 ---------------------------------------------


@until(42)
def hosts(request: Request) -> HttpResponse:
    """GET /os-hosts."""
    by_node = zones.of_nodes()
    wanted = request.query.get("zone")
    shown = []
    for node in _nodes():
        zone = by_node.get(node.pk, zones.DEFAULT)
        if not wanted or wanted == zone:
            shown.append({"host_name": node.name, "service": "compute", "zone": zone})
    return answer({"hosts": shown})


@until(42)
def host(_request: Request, id: str) -> HttpResponse:
    """GET /os-hosts/{name}: what it has, what is used, and by which projects."""
    node = _named(id)
    gib = node_records.MIB_PER_GIB
    used = node_records.numbers(node, node_records.server_counts([node.name]).get(node.name, {}))
    rows = [
        ("(total)", node.cpus, node.memory_total, node.disk_total // gib),
        ("(used_now)", used["vcpus_used"], used["memory_mb_used"], used["local_gb_used"]),
    ]
    by_project: dict[str, list[int]] = {}
    columns = ("project_id", "flavor__vcpus", "flavor__ram", "flavor__disk")
    servers = Server.objects.filter(node=node.name).exclude(state=ServerState.DELETED)
    for project, *sizes in servers.values_list(*columns):
        sums = by_project.setdefault(project, [0, 0, 0])
        by_project[project] = [a + b for a, b in zip(sums, sizes, strict=True)]
    whole = [sum(sizes[column] for sizes in by_project.values()) for column in range(3)]
    rows.append(("(used_max)", whole[0], whole[1], whole[2]))
    rows += [(project, cpu, memory, disk) for project, (cpu, memory, disk) in by_project.items()]
    return answer({"host": [_resource(node, *row) for row in rows]})


def _resource(node: Node, project: str, cpu: int, memory: int, disk: int) -> dict[str, Any]:
    values = {"host": node.name, "project": project}
    return {"resource": values | {"cpu": cpu, "memory_mb": memory, "disk_gb": disk}}


@until(42)
def change_host(request: Request, id: str) -> HttpResponse:
    """PUT /os-hosts/{name}: status enable or disable; clusters know no maintenance mode."""
    wish = {name: value.strip().lower() for name, value in request.wish.items()}
    if not wish or any(value not in ("enable", "disable") for value in wish.values()):
        raise BadRequest(
            "Give status or maintenance_mode, each of which is enable or disable.", field="status"
        )
    node = _named(id)
    if "maintenance_mode" in wish:
        raise BadRequest(
            "Ganeti has no maintenance mode: disable the node and migrate its servers instead."
        )
    change = intents.enable if wish["status"] == "enable" else intents.disable
    change(node.pk)
    return answer({"host": node.name, "status": f"{wish['status']}d"})


@until(42)
def power(_request: Request, id: str) -> HttpResponse:
    """GET /os-hosts/{name}/startup, shutdown and reboot: nobody here has the nodes' switches."""
    node = _named(id)
    raise BadRequest(f"The power of {node.name} is not switched from here.")
