"""Migrations: servers that changed their node or their size, as the wishes for it tell."""

from typing import Any, NamedTuple

from django.db.models import Q, QuerySet
from django.http import HttpResponse

from synnefo.api import bodies
from synnefo.api.compute import servers
from synnefo.api.compute.gating import asks, since
from synnefo.api.moments import moment
from synnefo.api.pagination import limit_of, next_link
from synnefo.api.request import Request, answer, empty, long_timestamp
from synnefo.core.faults import BadRequest, Conflict, NotFound
from synnefo.core.server_states import ServerMode
from synnefo.db.models import Activity, Intent
from synnefo.intents import aborting

QUERY = (
    "status", "host", "source_compute", "instance_uuid", "migration_type", "limit", "marker",
    "changes-since", "changes-before", "user_id", "project_id",
)  # fmt: skip
TYPES = {
    "resize": "resize",
    "migrate_move": "migration",
    "migrate_failover": "migration",
    "live_migrate": "live-migration",
    "evacuate": "evacuation",
}
LIVE = "live-migration"
State = Intent.State
WAITING = (State.RECORDED, State.SUBMITTING)
# The words for each state of the wish: of live migrations, of those to be confirmed, of the others.
STATUS = {
    State.RECORDED: ("queued", "pre-migrating", "accepted"),
    State.SUBMITTING: ("preparing", "pre-migrating", "pre-migrating"),
    State.SUBMITTED: ("running", "migrating", "migrating"),
    State.SUCCEEDED: ("completed", "finished", "done"),
    State.FAILED: ("error", "error", "error"),
    State.CANCELED: ("cancelled", "cancelled", "cancelled"),
}
UNDER_WAY = frozenset({"queued", "preparing", "running", "post-migrating"})
SETTLED = {"confirmResize": "confirmed", "revertResize": "reverted"}
LIST_SHAPE = bodies.record(
    {"migrations": bodies.listing(bodies.anything)}, ("migrations",), rest=bodies.anything
)
SHAPE = bodies.record({"migration": bodies.anything}, ("migration",))
FORCE = bodies.record({"force_complete": bodies.nothing}, ("force_complete",))


class Move(NamedTuple):
    """A migration as all answers show it."""

    intent: Intent
    type: str
    status: str


def _wishes() -> QuerySet[Intent]:
    rows = Intent.objects.filter(action__in=TYPES).exclude(server=None)
    return rows.select_related("server").order_by("-created_at", "-pk")


def _moves(rows: list[Intent]) -> list[Move]:
    """With their states; whether they were confirmed or reverted is in the servers' histories."""
    deeds = Activity.objects.filter(
        server__in={row.server_id for row in rows}, action__in=SETTLED
    ).order_by("started_at")
    settled: dict[int, list[Activity]] = {}
    for deed in deeds:
        settled.setdefault(deed.server_id, []).append(deed)
    return [_move(row, settled.get(row.server_id or 0, [])) for row in rows]


def _move(row: Intent, deeds: list[Activity]) -> Move:
    kind = TYPES[row.action]
    column = {LIVE: 0, "evacuation": 2}.get(kind, 1)
    status = STATUS[State(row.state)][column]
    if status == "finished":
        after = [deed for deed in deeds if deed.started_at >= row.created_at]
        if after:
            status = SETTLED[after[0].action]
        elif row.server is not None and row.server.mode != ServerMode.RESIZED:
            status = "confirmed"
    return Move(row, kind, status)


def _shown(request: Request, move: Move) -> dict[str, Any]:
    row, minor = move.intent, request.version[1]
    told, server = row.arguments, row.server
    source, target = _ends(row)
    size = server.flavor_id if server is not None else None
    shown: dict[str, Any] = {
        "id": row.pk,
        "instance_uuid": str(server.uuid) if server is not None else None,
        "status": move.status,
        "source_node": source,
        "source_compute": source,
        "dest_node": target,
        "dest_compute": target,
        "dest_host": None,
        "old_instance_type_id": told.get("old_flavor", size),
        "new_instance_type_id": told.get("flavor", size),
        "created_at": long_timestamp(row.created_at),
        "updated_at": long_timestamp(row.finished_at or row.submitted_at),
    }
    if minor >= 23:
        shown["migration_type"] = move.type
        if move.type == LIVE and move.status in UNDER_WAY:
            shown["links"] = _links(request, shown["instance_uuid"], row.pk)
    if minor >= 59:
        shown["uuid"] = str(row.uuid)
    if minor >= 80:
        shown |= {"user_id": row.user_id, "project_id": row.project_id}
    return shown


def _ends(row: Intent) -> tuple[str | None, str | None]:
    """From which node to which, as far as it is known."""
    target = row.arguments.get("to")
    if not target and row.server is not None and row.state == State.SUCCEEDED:
        target = row.server.node
    return row.arguments.get("node") or None, target or None


def _links(request: Request, server: str, number: int) -> list[dict[str, str]]:
    path = f"servers/{server}/migrations/{number}"
    return [
        {"rel": "self", "href": f"{request.base}/compute/v2.1/{path}"},
        {"rel": "bookmark", "href": f"{request.base}/compute/{path}"},
    ]


# --- the list for administrators -----------------------------------------------------------------


def _filtered(request: Request) -> QuerySet[Intent]:
    query, rows = request.query, _wishes()
    if server := query.get("instance_uuid"):
        rows = rows.filter(server__uuid=bodies.uuid(server, "instance_uuid", True))
    if kind := query.get("migration_type"):
        rows = rows.filter(action__in=[name for name, word in TYPES.items() if word == kind])
    if host := query.get("host"):
        rows = rows.filter(Q(arguments__node=host) | Q(arguments__to=host))
    if host := query.get("source_compute"):
        rows = rows.filter(arguments__node=host)
    for name in ("user_id", "project_id"):
        if request.version >= (2, 80) and query.get(name):
            rows = rows.filter(**{name: query[name]})
    return _changed(request, rows)


def _changed(request: Request, rows: QuerySet[Intent]) -> QuerySet[Intent]:
    query = request.query
    since_, before = query.get("changes-since"), query.get("changes-before")
    first = moment(since_, "changes-since") if since_ and request.version >= (2, 59) else None
    last = moment(before, "changes-before") if before and request.version >= (2, 66) else None
    if first and last and last < first:
        raise BadRequest(
            "The value of changes-since must be less than or equal to changes-before.",
            field="changes-since",
        )
    if first:
        rows = rows.filter(Q(finished_at__gte=first) | Q(created_at__gte=first))
    if last:
        rows = rows.filter(Q(finished_at__lte=last) | Q(finished_at=None, created_at__lte=last))
    return rows


def _after(rows: QuerySet[Intent], marker: str) -> QuerySet[Intent]:
    absent = BadRequest(f"Marker {marker[:80]} could not be found.", field="marker")
    if not bodies.UUID.fullmatch(marker):
        raise absent
    last = _wishes().filter(uuid=marker).first()
    if last is None:
        raise absent
    return rows.filter(
        Q(created_at__lt=last.created_at) | Q(created_at=last.created_at, pk__lt=last.pk)
    )


@asks(QUERY, 59)
def index(request: Request) -> HttpResponse:
    """GET /os-migrations."""
    paged = request.version >= (2, 59)
    rows = _filtered(request)
    marker = request.query.get("marker")
    if paged and marker is not None:
        rows = _after(rows, marker)
    limit = limit_of(request)
    page = list(rows[:limit])
    status = request.query.get("status")
    shown = [_shown(request, move) for move in _moves(page) if status in (None, "", move.status)]
    data: dict[str, Any] = {"migrations": shown}
    if paged and limit and len(page) == limit:
        href = next_link(request, f"{request.base}/compute/v2.1/os-migrations", str(page[-1].uuid))
        data["migrations_links"] = [{"rel": "next", "href": href}]
    return answer(data)


# --- those of one server that are under way ------------------------------------------------------


def _of_server(request: Request, id: str) -> list[Move]:
    server = servers.find(request, id)
    rows = _wishes().filter(server=server.pk, action="live_migrate", state__in=Intent.UNFINISHED)
    return _moves(list(rows))


def _live(request: Request, id: str, number: str) -> Move:
    found = [move for move in _of_server(request, id) if str(move.intent.pk) == number]
    if not found:
        raise NotFound(f"Migration {number[:80]} for server {id} could not be found.")
    return found[0]


def _detail(request: Request, move: Move) -> dict[str, Any]:
    """How far it has come is not told by clusters, which is what the nulls say."""
    shown = _shown(request, move)
    for name in ("instance_uuid", "old_instance_type_id", "new_instance_type_id"):
        shown.pop(name)
    shown.pop("migration_type", None)
    shown.pop("links", None)
    server = move.intent.server
    shown["server_uuid"] = str(server.uuid) if server is not None else None
    shown |= {
        f"{what}_{part}_bytes": None
        for what in ("memory", "disk")
        for part in ("total", "processed", "remaining")
    }
    return shown


@since(23)
def of_server(request: Request, id: str) -> HttpResponse:
    """GET /servers/{id}/migrations."""
    return answer({"migrations": [_detail(request, move) for move in _of_server(request, id)]})


@since(23)
def show(request: Request, id: str, migration: str) -> HttpResponse:
    """GET /servers/{id}/migrations/{migration}."""
    return answer({"migration": _detail(request, _live(request, id, migration))})


@since(22)
def force(request: Request, id: str, migration: str) -> HttpResponse:
    """POST /servers/{id}/migrations/{migration}/action: clusters cannot hurry one."""
    _live(request, id, migration)
    raise Conflict(
        f"Migration {migration} of {id} cannot be forced: its cluster ends it by itself."
    )


@since(24)
def abort(request: Request, id: str, migration: str) -> HttpResponse:
    """DELETE /servers/{id}/migrations/{migration}: while its cluster has not begun it."""
    move = _live(request, id, migration)
    aborting.abort(move.intent.pk)
    return empty(202)
