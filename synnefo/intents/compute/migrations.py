"""Servers that administrators take to other nodes: cold, live, or from a node that is lost."""

from __future__ import annotations

from django.utils import timezone

from synnefo.core.allocator import NoRoom
from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest, Conflict
from synnefo.core.server_actions import ACTIONS, MOVE, WISHES
from synnefo.db.models import Node, Server
from synnefo.db.transactions import writing
from synnefo.intents import placing, server_wishes
from synnefo.intents.server_wishes import begin

# Disks that another node has, or can reach, as well.
EVERYWHERE = frozenset({"drbd", "rbd", "sharedfile", "gluster", "ext", "blockdev"})


def migrate(caller: Caller, server_uuid: str, host: str | None) -> None:
    """Stopped on the one node and started on the other; to be confirmed or reverted."""
    with writing():
        server, now = server_wishes.locked(caller, server_uuid), timezone.now()
        server_wishes.check(caller, server, WISHES["migrate"])
        node = _target(server, host)
        if _everywhere(server):
            step = "migrate_failover"
        elif server_wishes.can(server, MOVE):
            step, node = "migrate_move", node or _roomy(server)
        else:
            raise BadRequest(_local(server))
        to = node or _roomiest(server)
        begin(caller, server, [step], now, to=to, node=server.node)


def _roomiest(server: Server) -> str:
    """The node with the most memory among the others; "" where none is known of."""
    nodes = Node.objects.filter(backend=server.backend_id, role=Node.Role.REGULAR, vm_capable=True)
    others = nodes.exclude(name=server.node).order_by("-memory_free", "name")
    return others.values_list("name", flat=True).first() or ""


def migrate_live(caller: Caller, server_uuid: str, host: str | None) -> None:
    """Without a pause that anybody notices, where both nodes have the disks."""
    with writing():
        server, now = server_wishes.locked(caller, server_uuid), timezone.now()
        server_wishes.check(caller, server, ACTIONS["live_migrate"])
        node = _target(server, host)
        if not _everywhere(server):
            raise BadRequest(f"Migration pre-check error: {_local(server)}")
        begin(caller, server, ["live_migrate"], now, to=node, node=server.node)


def evacuate(caller: Caller, server_uuid: str, host: str | None) -> None:
    """Started on another node, for its own one is lost."""
    with writing():
        server, now = server_wishes.locked(caller, server_uuid), timezone.now()
        server_wishes.check(caller, server, ACTIONS["evacuate"])
        here = Node.objects.filter(backend=server.backend_id, name=server.node).first()
        if here is None or here.role != Node.Role.OFFLINE:
            raise Conflict(f"Compute service of {server.node or 'this server'} is still in use.")
        node = _target(server, host)
        if not _everywhere(server):
            raise Conflict(_local(server))
        begin(caller, server, ["evacuate"], now, to=node, node=server.node)


def _everywhere(server: Server) -> bool:
    return server.flavor.disk_template in EVERYWHERE


def _local(server: Server) -> str:
    template = server.flavor.disk_template
    return f"{server.node or 'one node'} alone has the disks of this server ({template})."


def _roomy(server: Server) -> str:
    """Another node that its zone, its group and its size allow; "" before any node is known."""
    if not Node.objects.filter(backend=server.backend_id).exists():
        return ""
    try:
        return placing.elsewhere(server)
    except NoRoom as reason:
        raise BadRequest(str(reason)) from reason


def _target(server: Server, host: str | None) -> str:
    """The node's name, if one was named that can take it; "" lets the cluster choose."""
    if host is None:
        return ""
    if host == server.node:
        raise BadRequest("The target host can't be the same one.", field="host")
    usable = Node.objects.filter(backend=server.backend_id, name=host)
    if not usable.exclude(role=Node.Role.OFFLINE).exists():
        raise BadRequest(f"Compute host {host} could not be found.", field="host")
    return host
