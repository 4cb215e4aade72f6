"""Consoles of servers: what one has said, and pages that show its screen."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse

from synnefo import wiring
from synnefo.api import bodies
from synnefo.api.bodies import record
from synnefo.api.compute.asking import asking
from synnefo.api.compute.gating import since
from synnefo.api.compute.servers import find
from synnefo.api.request import Request, answer
from synnefo.core.faults import BadRequest, Conflict, NotFound, ServiceUnavailable
from synnefo.core.naming import instance_name
from synnefo.core.server_states import ServerMode, ServerState, vm_state
from synnefo.db.models import Server
from synnefo.intents.compute import consoles
from synnefo.ports import ClusterRefused, ClusterUnreachable
from synnefo.ports import NotFound as NoInstance

SHOWN = frozenset({"novnc"})  # Of all types of consoles that there are elsewhere.
REMOTE = record({"remote_console": record({}, rest=bodies.text())}, ("remote_console",))


def text(server: Server, length: int | None) -> str:
    """What the server wrote to its console: the one read that must ask a cluster."""
    if server.backend is None or server.state == ServerState.BUILD:
        raise Conflict(f"Instance {server.uuid} is not ready")
    name = instance_name(settings.SYNNEFO_INSTANCE_PREFIX, server.pk)
    lines = None if length is None or length < 0 else length
    try:
        with asking(server.backend):
            found = wiring.cluster(server.backend).console_output(name, lines)
            return found if lines is None else _tail(found, lines)
    except NoInstance as error:
        raise NotFound(f"The console of instance {server.uuid} could not be found.") from error
    except ClusterUnreachable as error:
        raise ServiceUnavailable(
            "The cluster of this server cannot be reached just now.", cause=str(error)
        ) from error
    except ClusterRefused as error:
        raise Conflict(
            f"Instance {server.uuid} has no console to read.", cause=str(error)
        ) from error


def _tail(output: str, lines: int) -> str:
    """So many lines in Nova's way of counting: after the last line's end there is an empty one."""
    return "\n".join(output.split("\n")[-lines:]) if lines else ""


def url(request: Request, server: Server, kind: str, verb: str = "get_vnc_console") -> str:
    """The address of a page that shows the console, good for some minutes."""
    if kind not in SHOWN:
        raise BadRequest(f"Unavailable console type {kind}.")
    if server.backend is None or server.state != ServerState.ACTIVE:
        mode = ServerMode(server.mode) if server.mode else None
        state = vm_state(ServerState(server.state), mode)
        raise Conflict(f"Cannot '{verb}' instance {server.uuid} while it is in vm_state {state}")
    with asking(server.backend):
        token = consoles.issue(request.caller, server, wiring.cluster(server.backend))
    return f"{request.base}/console/vnc.html?path=console/websockify%3Ftoken%3D{token}"


@since(6)
def remote(request: Request, id: str) -> HttpResponse:
    """POST /servers/{id}/remote-consoles, from 2.6."""
    wish: dict[str, Any] = request.wish["remote_console"]
    shown = url(request, find(request, id), wish["type"])
    return answer({"remote_console": {**wish, "url": shown}})
