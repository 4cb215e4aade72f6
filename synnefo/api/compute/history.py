"""What happened to a server and by whom: instance actions."""

from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpResponse

from synnefo.api import bodies
from synnefo.api.bodies import record
from synnefo.api.compute.server_records import host_id
from synnefo.api.compute.servers import missing, selected_marker
from synnefo.api.moments import moment
from synnefo.api.pagination import limit_of, next_link
from synnefo.api.request import Request, answer, long_timestamp
from synnefo.core.faults import BadRequest, NotFound
from synnefo.core.server_states import ServerState
from synnefo.db.models import Activity, Intent, Server

OF_DELETED, FOR_ALL, PAGED, WITH_HOSTS, BEFORE, WITH_DETAILS = 21, 51, 58, 62, 66, 84
RESULTS = {"success": "Success", "error": "Error", "failed": "Error", "canceled": "Error"}
QUERY = ("limit", "marker", "changes-since", "changes-before")
ACTION = record({"action": bodies.text(), "request_id": bodies.text()}, rest=bodies.anything)
LIST = record(
    {
        "instanceActions": bodies.listing(ACTION, most=1000),
        "links": bodies.listing(bodies.anything),
    },
    ("instanceActions",),
)
ONE = record({"instanceAction": ACTION}, ("instanceAction",))


def _server(request: Request, uuid: str) -> Server:
    """The server; from 2.21 on also one that was deleted."""
    servers = selected_marker(request, uuid)
    if request.version[1] < OF_DELETED:
        servers = servers.exclude(state=ServerState.DELETED)
    server = servers.first()
    if server is None:
        raise missing(uuid)
    return server


def _rows(server: Server) -> QuerySet[Activity]:
    newest = Activity.objects.filter(server=server).order_by("-started_at", "-pk")
    return newest.select_related("intent")


def _name(row: Activity) -> str:
    """Its id: what the user's request was called, or the job of whoever made it at the cluster."""
    return row.request_id or f"job-{row.job_id or row.pk}"


def _shown(request: Request, row: Activity, server: Server) -> dict[str, Any]:
    shown = {
        "action": row.action,
        "instance_uuid": str(server.uuid),
        "request_id": _name(row),
        # An administrator at the cluster's own command line has a name but no id here.
        "user_id": (row.intent and row.intent.user_id) or row.actor,
        "project_id": server.project_id,
        "start_time": long_timestamp(row.started_at),
        "message": row.message or None,
    }
    if request.version[1] >= PAGED:
        shown["updated_at"] = long_timestamp(row.finished_at or row.started_at)
    return shown


def _changed(request: Request, rows: QuerySet[Activity]) -> QuerySet[Activity]:
    """Those that changed in the time asked for."""
    since = request.query.get("changes-since")
    before = request.query.get("changes-before") if request.version[1] >= BEFORE else None
    rows = rows.annotate(at=Coalesce("finished_at", "started_at"))
    if since is not None:
        rows = rows.filter(at__gte=moment(since, "changes-since"))
    if before is not None:
        rows = rows.filter(at__lte=moment(before, "changes-before"))
    if since and before and moment(since, "changes-since") > moment(before, "changes-before"):
        raise BadRequest(
            "The value of changes-since must be less than or equal to changes-before.",
            field="changes-since",
        )
    return rows


def _after(rows: QuerySet[Activity], marker: str) -> QuerySet[Activity]:
    last = next((row for row in rows if _name(row) == marker), None)
    if last is None:
        raise BadRequest(f"marker [{marker[:80]}] not found", field="marker")
    older = Q(started_at__lt=last.started_at) | Q(started_at=last.started_at, pk__lt=last.pk)
    return rows.filter(older)


def index(request: Request, id: str) -> HttpResponse:
    """GET /servers/{id}/os-instance-actions, newest first; in pages from 2.58 on."""
    server = _server(request, id)
    rows, paged = _rows(server), request.version[1] >= PAGED
    if paged:
        rows = _changed(request, rows)
        if (marker := request.query.get("marker")) is not None:
            rows = _after(rows, marker)
    limit = limit_of(request)
    page = [_shown(request, row, server) for row in (rows[:limit] if paged else rows)]
    data: dict[str, Any] = {"instanceActions": page}
    if paged and limit and len(page) == limit:
        url = f"{request.base}/compute/v2.1/servers/{id}/os-instance-actions"
        href = next_link(request, url, page[-1]["request_id"])
        data["links"] = [{"rel": "next", "href": href}]
    return answer(data)


def show(request: Request, id: str, request_id: str) -> HttpResponse:
    """GET /servers/{id}/os-instance-actions/{request_id}."""
    server = _server(request, id)
    row = next((one for one in _rows(server) if _name(one) == request_id), None)
    if row is None:
        raise NotFound(f"Action for request_id {request_id[:80]} on instance {id} not found")
    shown = _shown(request, row, server)
    if request.caller.is_admin or request.version[1] >= FOR_ALL:
        shown["events"] = _events(request, row, server)
    return answer({"instanceAction": shown})


def _events(request: Request, row: Activity, server: Server) -> list[dict[str, Any]]:
    """One for each job of the wish; of what nobody wished here, the activity itself."""
    jobs = (
        [row.intent, *Intent.objects.filter(first=row.intent).order_by("pk")] if row.intent else []
    )
    if len(jobs) < 2:
        return [_event(request, server, row.action, row.result, row)]
    return [_event(request, server, job.action, job.state, job) for job in jobs if job]


OUTCOMES = {
    Intent.State.SUCCEEDED.value: "success",
    Intent.State.FAILED.value: "error",
    Intent.State.CANCELED.value: "canceled",
}


def _event(
    request: Request, server: Server, action: str, result: str, row: Activity | Intent
) -> dict[str, Any]:
    word = OUTCOMES.get(result, result.lower())
    started = row.started_at if isinstance(row, Activity) else row.created_at
    event: dict[str, Any] = {
        "event": f"compute_{action}",
        "start_time": long_timestamp(started),
        "finish_time": long_timestamp(row.finished_at),
        "result": RESULTS.get(word),
    }
    minor, admin = request.version[1], request.caller.is_admin
    if admin:
        event["traceback"] = None
    if minor >= WITH_HOSTS:
        event["hostId"] = host_id(server.project_id, server.node)
        if admin:
            event["host"] = server.node
    if minor >= WITH_DETAILS:
        failed = RESULTS.get(word) == "Error"
        said = row.message if isinstance(row, Activity) else row.cause
        event["details"] = (said or None) if failed else None
    return event
