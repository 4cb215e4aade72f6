"""What happened to a server and by whom: instance actions."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse

from synnefo.api.compute.servers import missing, selected_marker
from synnefo.api.request import Request, answer, long_timestamp
from synnefo.core.faults import NotFound
from synnefo.core.server_states import ServerState
from synnefo.db.models import Activity, Server

MOST = 1000
RESULTS = {"success": "Success", "error": "Error", "canceled": "Error"}


def _server(request: Request, uuid: str) -> Server:
    """The server; from 2.21 on also one that was deleted."""
    servers = selected_marker(request, uuid)
    if request.version < (2, 21):
        servers = servers.exclude(state=ServerState.DELETED)
    server = servers.first()
    if server is None:
        raise missing(uuid)
    return server


def _rows(server: Server) -> QuerySet[Activity]:
    newest = Activity.objects.filter(server=server).order_by("-started_at", "-pk")
    return newest.select_related("intent")


def _shown(row: Activity, server: Server) -> dict[str, Any]:
    return {
        "action": row.action,
        "instance_uuid": str(server.uuid),
        "request_id": row.request_id or f"job-{row.job_id or row.pk}",
        # An administrator at the cluster's own command line has a name but no id here.
        "user_id": (row.intent and row.intent.user_id) or row.actor,
        "project_id": server.project_id,
        "start_time": long_timestamp(row.started_at),
        "message": row.message or None,
    }


def index(request: Request, id: str) -> HttpResponse:
    """GET /servers/{id}/os-instance-actions, newest first."""
    server = _server(request, id)
    return answer({"instanceActions": [_shown(row, server) for row in _rows(server)[:MOST]]})


def show(request: Request, id: str, request_id: str) -> HttpResponse:
    """GET /servers/{id}/os-instance-actions/{request_id}."""
    server = _server(request, id)
    for row in _rows(server):
        shown = _shown(row, server)
        if shown["request_id"] == request_id:
            return answer({"instanceAction": shown | {"events": [_event(row)]}})
    raise NotFound(f"Action for request_id {request_id} on instance {id} not found")


def _event(row: Activity) -> dict[str, Any]:
    return {
        "event": f"compute__{row.action}",
        "start_time": long_timestamp(row.started_at),
        "finish_time": long_timestamp(row.finished_at),
        "result": RESULTS.get(row.result.lower(), row.result or None) if row.result else None,
        "traceback": None,
    }
