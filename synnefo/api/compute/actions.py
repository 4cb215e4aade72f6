"""POST /servers/{id}/action, one row per action; consoles; what happened to a server."""

from collections.abc import Callable
from typing import Any, NamedTuple

from django.conf import settings
from django.http import HttpResponse

from synnefo import wiring
from synnefo.api import bodies
from synnefo.api.bodies import Kind, maybe, record
from synnefo.api.compute.asking import asking
from synnefo.api.compute.servers import find
from synnefo.api.request import Request, answer, empty
from synnefo.core.faults import BadRequest, Conflict, NotFound, ServiceUnavailable
from synnefo.core.naming import instance_name
from synnefo.core.server_states import NOVA_VIEW, ServerState
from synnefo.db.models import Server
from synnefo.intents import consoles
from synnefo.intents import servers as intents
from synnefo.ports import ClusterRefused, ClusterUnreachable
from synnefo.ports import NotFound as NoInstance

Handler = Callable[[Request, Server, str, Any], HttpResponse]


def _record_wish(request: Request, server: Server, action: str, arguments: Any) -> HttpResponse:
    intents.act(request.caller, str(server.uuid), action, arguments)
    return empty(202)


def _console_output(request: Request, server: Server, _action: str, arguments: Any) -> HttpResponse:
    return answer({"output": console_text(server, (arguments or {}).get("length"))})


def console_text(server: Server, length: int | None) -> str:
    """What the server wrote to its console: the one read that must ask a cluster."""
    if server.backend is None or server.state == ServerState.BUILD:
        raise Conflict(f"Instance {server.uuid} is not ready")
    name = instance_name(settings.SYNNEFO_INSTANCE_PREFIX, server.pk)
    lines = None if length is None or length < 0 else length
    try:
        with asking(server.backend):
            return wiring.cluster(server.backend).console_output(name, lines)
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


def console_url(request: Request, server: Server) -> str:
    """The address of a page that shows the console, good for some minutes."""
    if server.backend is None or server.state != ServerState.ACTIVE:
        state = NOVA_VIEW[ServerState(server.state)][0]
        raise Conflict(
            f"Cannot 'get_vnc_console' instance {server.uuid} while it is in vm_state {state}"
        )
    with asking(server.backend):
        token = consoles.issue(request.caller, server, wiring.cluster(server.backend))
    return f"{request.base}/console/vnc.html?path=console/websockify%3Ftoken%3D{token}"


def _vnc_console(request: Request, server: Server, _action: str, _arguments: Any) -> HttpResponse:
    return answer({"console": {"type": "novnc", "url": console_url(request, server)}})


class Action(NamedTuple):
    """An action's arguments, what does it, and the last minor version that knows it."""

    arguments: Kind
    handler: Handler
    until: int = 9999


VNC_TYPE = record({"type": bodies.choice("novnc", "xvpvnc")}, ("type",))
LENGTH = bodies.either(
    {
        int: bodies.integer(-1),
        str: bodies.integer(-1),
        type(None): bodies.anything,
    },
    "a whole number",
)
REBOOT_TYPES = {"SOFT": "SOFT", "HARD": "HARD"}


def _reboot_type(value: Any, where: str, strict: bool) -> str:
    word = value.upper() if isinstance(value, str) else value
    return str(bodies.choice("SOFT", "HARD")(word, where, strict))


ACTIONS: dict[str, Action] = {
    "os-start": Action(bodies.nothing, _record_wish),
    "os-stop": Action(bodies.nothing, _record_wish),
    "reboot": Action(record({"type": _reboot_type}, ("type",)), _record_wish),
    "os-getConsoleOutput": Action(maybe(record({"length": LENGTH})), _console_output),
    "os-getVNCConsole": Action(VNC_TYPE, _vnc_console, until=5),
}


def act(request: Request, id: str) -> HttpResponse:
    """Exactly one action with its arguments."""
    body = request.json()
    if not isinstance(body, dict) or len(body) != 1:
        raise BadRequest("The body must be an object with exactly one action.")
    name, arguments = next(iter(body.items()))
    server = find(request, id)
    action = ACTIONS.get(name)
    if action is None:
        raise BadRequest(f"There is no such action: {name[:80]}", field=name[:80])
    if request.version[1] > action.until:
        raise NotFound("The resource could not be found.")
    return action.handler(request, server, name, action.arguments(arguments, name, request.strict))


REMOTE = record(
    {
        "remote_console": record(
            {"protocol": bodies.choice("vnc"), "type": bodies.choice("novnc")},
            ("protocol", "type"),
        )
    },
    ("remote_console",),
)


def remote_console(request: Request, id: str) -> HttpResponse:
    """POST /servers/{id}/remote-consoles, from 2.6."""
    if request.version < (2, 6):
        raise NotFound("The resource could not be found.")
    REMOTE(request.json(), "", request.strict)
    url = console_url(request, find(request, id))
    return answer({"remote_console": {"protocol": "vnc", "type": "novnc", "url": url}})
