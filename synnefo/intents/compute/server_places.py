"""Where a new server has to be: a zone, a node or near or far from others, as its user wishes.

What the cloud cannot do is said at once, where Nova would build a server that fails.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest
from synnefo.core.server_states import ServerState
from synnefo.db.models import Node, Server
from synnefo.intents import zones
from synnefo.intents.server_request import ServerRequest

HINTS_FIELD = "os:scheduler_hints"
# Hints that ask for what no cluster tells or does.
REFUSED = ("build_near_host_ip", "cidr", "target_cell", "different_cell", "query")


def place(caller: Caller, request: ServerRequest) -> tuple[str, int | None]:
    """The node and the backend that the server has to be on; "" and None for any."""
    _check_zone(request)
    for name in REFUSED:
        if request.hints.get(name):
            raise BadRequest(
                f"The scheduler hint {name} cannot be followed here.", field=f"{HINTS_FIELD}.{name}"
            )
    if request.node:
        return _node(request.node)
    together = servers_named(request.hints, "same_host")
    if together:
        return _beside(caller, together)
    return "", None


def _check_zone(request: ServerRequest) -> None:
    if request.zone is not None and not zones.exists(request.zone):
        raise BadRequest(
            "The requested availability zone is not available", field="availability_zone"
        )


def servers_named(hints: Mapping[str, Any], name: str) -> Sequence[str]:
    """The servers of a hint, which is one id or several."""
    found = hints.get(name) or ()
    return [found] if isinstance(found, str) else list(found)


def _node(name: str) -> tuple[str, int | None]:
    backend = Node.objects.filter(name=name).values_list("backend_id", flat=True).first()
    if backend is None:
        raise BadRequest(f"Compute host {name[:80]} could not be found.", field="host")
    return name, backend


def _beside(caller: Caller, ids: Sequence[str]) -> tuple[str, int | None]:
    """The one node that all these servers are on."""
    rows = Server.objects.filter(uuid__in=ids).exclude(state=ServerState.DELETED)
    if not caller.is_admin:
        rows = rows.filter(project_id=caller.project_id)
    found = list(rows.values_list("node", "wanted_node", "backend_id"))
    places = {(node or wanted, backend) for node, wanted, backend in found}
    if len(found) < len(set(ids)):
        raise _nowhere("not all servers of same_host exist.")
    if len(places) > 1:
        raise _nowhere("the servers of same_host are not on one node.")
    node, backend = places.pop()
    if not node:
        raise _nowhere("the server of same_host has no node yet; ask again when it is built.")
    return str(node), backend


def _nowhere(why: str) -> BadRequest:
    return BadRequest(f"No valid host was found: {why}", field=f"{HINTS_FIELD}.same_host")
