"""POST /os-server-external-events: what other services tell of servers.

Here the services are one program, and each change is known where it is made: an event is checked
and acknowledged, and has nothing left to do.
"""

from typing import Any

from django.http import HttpResponse

from synnefo.api import bodies
from synnefo.api.bodies import ByVersion, Kind, choice, maybe, record, text, uuid
from synnefo.api.request import Request, answer
from synnefo.core.faults import NotFound
from synnefo.core.server_states import ServerState
from synnefo.db.models import Server

NAMES = ("network-changed", "network-vif-plugged", "network-vif-unplugged", "network-vif-deleted")
MOST = 1000
SERVICES = frozenset({"service"})  # The role of other services; they need not be administrators.


def _events(*names: str) -> Kind:
    event = record(
        {
            "name": choice(*names),
            "server_uuid": uuid,
            "status": choice("failed", "completed", "in-progress"),
            "tag": maybe(text(0, 255)),
        },
        ("name", "server_uuid"),
    )
    return record({"events": bodies.listing(event, most=MOST)}, ("events",))


BODY = ByVersion(
    {
        1: _events(*NAMES),
        51: _events(*NAMES, "volume-extended"),
        76: _events(*NAMES, "volume-extended", "power-update"),
        82: _events(*NAMES, "volume-extended", "power-update", "accelerator-request-bound"),
        93: _events(
            *NAMES, "volume-extended", "power-update", "accelerator-request-bound",
            "volume-reimaged",
        ),
    }
)  # fmt: skip
SHAPE = record({"events": bodies.listing(bodies.anything, most=MOST)}, ("events",))


def create(request: Request) -> HttpResponse:
    """200 where all are known, 207 where some are not, 404 where none is."""
    wanted = request.wish["events"]
    servers = Server.objects.filter(uuid__in=[one["server_uuid"] for one in wanted])
    placed = dict(servers.exclude(state=ServerState.DELETED).values_list("uuid", "placed"))
    by_id = {str(key): value for key, value in placed.items()}
    told = [_told(one, by_id) for one in wanted]
    if not any(one["code"] == 200 for one in told):
        raise NotFound("No instances found for any event")
    whole = all(one["code"] == 200 for one in told)
    return answer({"events": told}, 200 if whole else 207)


def _told(event: dict[str, Any], placed: dict[str, bool]) -> dict[str, Any]:
    told = {"status": "completed"} | event
    known = placed.get(event["server_uuid"])
    if known is None:
        return told | {"status": "failed", "code": 404}
    if not known:
        return told | {"status": "failed", "code": 422}
    return told | {"code": 200}
