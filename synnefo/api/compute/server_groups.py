"""Server groups: servers that are to share a node, or not to."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse

from synnefo.api import bodies
from synnefo.api.bodies import ByVersion, Kind
from synnefo.api.compute.gating import asks
from synnefo.api.pagination import limit_of
from synnefo.api.request import Request, answer, empty
from synnefo.core.faults import BadRequest
from synnefo.core.server_states import ServerState
from synnefo.db.models import Server, ServerGroup
from synnefo.intents.compute import server_groups as intents

QUERY = ("all_projects", "limit", "offset")
HARD = ("affinity", "anti-affinity")
ALL = (*HARD, "soft-anti-affinity", "soft-affinity")
WRAPPED = ("server_group",)
RULES = bodies.record({"max_server_per_host": bodies.integer(1)})


def _old(*policies: str) -> Kind:
    fields = {
        "name": bodies.NAME,
        "policies": bodies.listing(bodies.choice(*policies), 1, 1),
    }
    return bodies.record({"server_group": bodies.record(fields, ("name", "policies"))}, WRAPPED)


NEW = {"name": bodies.NAME, "policy": bodies.choice(*ALL), "rules": RULES}
CREATE = ByVersion(
    {
        1: _old(*HARD),
        15: _old(*ALL),
        64: bodies.record({"server_group": bodies.record(NEW, ("name", "policy"))}, WRAPPED),
    }
)
SHAPE = bodies.record({"server_group": bodies.anything}, WRAPPED)
LIST_SHAPE = bodies.record({"server_groups": bodies.listing(bodies.anything)}, ("server_groups",))


def _members(rows: Sequence[ServerGroup]) -> dict[int, list[str]]:
    servers = Server.objects.filter(group__in=[row.pk for row in rows])
    found: dict[int, list[str]] = {}
    alive = servers.exclude(state=ServerState.DELETED).order_by("pk")
    for group, uuid in alive.values_list("group_id", "uuid"):
        found.setdefault(group, []).append(str(uuid))
    return found


def _shown(request: Request, rows: Sequence[ServerGroup]) -> list[dict[str, Any]]:
    members, version = _members(rows), request.version
    shown = []
    for row in rows:
        entry: dict[str, Any] = {
            "id": str(row.uuid),
            "name": row.name,
            "members": members.get(row.pk, []),
        }
        if version < (2, 64):
            entry |= {"policies": [row.policy], "metadata": {}}
        else:
            rules = {} if row.most_per_node is None else {"max_server_per_host": row.most_per_node}
            entry |= {"policy": row.policy, "rules": rules}
        if version >= (2, 13):
            entry |= {"project_id": row.project_id, "user_id": row.user_id}
        shown.append(entry)
    return shown


def _offset(request: Request) -> int:
    return int(bodies.integer()(request.query.get("offset", 0), "offset", True))


@asks(QUERY)
def index(request: Request) -> HttpResponse:
    """GET /os-server-groups: two queries."""
    rows = ServerGroup.objects.order_by("pk")
    everybody = request.caller.is_admin and "all_projects" in request.query
    if not everybody:
        rows = rows.filter(project_id=request.project)
    start = _offset(request)
    page = list(rows[start : start + limit_of(request)])
    return answer({"server_groups": _shown(request, page)})


def create(request: Request) -> HttpResponse:
    """POST /os-server-groups."""
    wish = request.wish["server_group"]
    policy = wish["policy"] if "policy" in wish else wish["policies"][0]
    most = wish.get("rules", {}).get("max_server_per_host")
    if wish.get("rules") and policy != "anti-affinity":
        raise BadRequest("Only anti-affinity policy supports rules.", field="server_group.rules")
    row = intents.create(request.caller, wish["name"], policy, most)
    return answer({"server_group": _shown(request, [row])[0]})


def show(request: Request, id: str) -> HttpResponse:
    """GET /os-server-groups/{id}."""
    row = intents.find(request.caller, id)
    return answer({"server_group": _shown(request, [row])[0]})


def delete(request: Request, id: str) -> HttpResponse:
    """DELETE /os-server-groups/{id}."""
    intents.delete(request.caller, id)
    return empty(204)
