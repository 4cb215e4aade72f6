"""Simple tenant usage, and the log of usage audits, which nobody runs here."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.utils import timezone

from synnefo.api import bodies
from synnefo.api.compute.gating import asks
from synnefo.api.pagination import limit_of, next_link
from synnefo.api.request import Request, answer, long_timestamp
from synnefo.core.faults import BadRequest, NotFound
from synnefo.core.server_states import ServerMode, ServerState, vm_state
from synnefo.core.usage import Total, Use
from synnefo.db.models import Node, Server

QUERY = ("start", "end", "detailed", "limit", "marker")
LIST_SHAPE = bodies.record(
    {"tenant_usages": bodies.listing(bodies.anything, most=100_000)},
    ("tenant_usages",),
    rest=bodies.anything,
)
SHAPE = bodies.record({"tenant_usage": bodies.anything}, ("tenant_usage",), rest=bodies.anything)
AUDIT_SHAPE = bodies.record({}, rest=bodies.anything)
FORM = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,6})?")
COLUMNS = (
    "pk",
    "uuid",
    "name",
    "project_id",
    "state",
    "mode",
    "launched_at",
    "deleted_at",
    "flavor__name",
    "flavor__vcpus",
    "flavor__ram",
    "flavor__disk",
    "flavor__ephemeral",
)


class Period(NamedTuple):
    """From start to stop, neither of which lies ahead; `detailed` lists the servers."""

    start: datetime
    stop: datetime
    detailed: bool


def _moment(request: Request, name: str, now: datetime) -> datetime:
    text = request.query.get(name)
    if not text:
        return now
    if not FORM.fullmatch(text):
        raise BadRequest("Datetime is in invalid format", field=name)
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError as error:
        raise BadRequest("Datetime is in invalid format", field=name) from error


def _period(request: Request, *, detailed: bool) -> Period:
    now = timezone.now()
    start, stop = _moment(request, "start", now), _moment(request, "end", now)
    if not start < stop:
        raise BadRequest(
            "Invalid start time. The start time cannot occur after the end time.", field="start"
        )
    return Period(start, min(stop, now), detailed)


def _servers(request: Request, period: Period, project: str | None) -> QuerySet[Server]:
    """Those that existed in the period, in the order of their launch; paged from 2.40 on."""
    over = Q(deleted_at=None) | Q(deleted_at__gte=period.start)
    rows = Server.objects.filter(over, launched_at__lte=period.stop)
    if project is not None:
        rows = rows.filter(project_id=project)
    marker = request.query.get("marker")
    if marker is not None and request.version >= (2, 40):
        last = _marked(rows, marker)
        rows = rows.filter(
            Q(launched_at__gt=last.launched_at) | Q(launched_at=last.launched_at, pk__gt=last.pk)
        )
    return rows.order_by("launched_at", "pk")


def _marked(rows: QuerySet[Server], marker: str) -> Server:
    absent = BadRequest(f"marker [{marker[:80]}] not found", field="marker")
    if not bodies.UUID.fullmatch(marker):
        raise absent
    last = rows.filter(uuid=marker).first()
    if last is None:
        raise absent
    return last


def _usages(
    request: Request, period: Period, project: str | None
) -> tuple[list[dict[str, Any]], str | None]:
    """The projects' sums, and the server to go on after: one query."""
    paged = request.version >= (2, 40)
    limit = limit_of(request) if paged else None
    rows = list(_servers(request, period, project).values(*COLUMNS)[:limit])
    totals: dict[str, Total] = {}
    details: dict[str, list[dict[str, Any]]] = {}
    now = timezone.now()
    for row in rows:
        use = _use(row)
        hours = totals.setdefault(row["project_id"], Total()).add(use, period.start, period.stop)
        details.setdefault(row["project_id"], []).append(_detail(row, use, hours, now))
    shown = []
    for tenant, total in totals.items():
        entry = _shown(tenant, total, period)
        shown.append(entry | ({"server_usages": details[tenant]} if period.detailed else {}))
    full = paged and bool(limit) and len(rows) == limit
    return shown, str(rows[-1]["uuid"]) if full else None


def _use(row: dict[str, Any]) -> Use:
    return Use(
        launched_at=row["launched_at"],
        ended_at=row["deleted_at"],
        vcpus=row["flavor__vcpus"],
        memory=row["flavor__ram"],
        disk=row["flavor__disk"] + row["flavor__ephemeral"],
    )


def _detail(row: dict[str, Any], use: Use, hours: float, now: datetime) -> dict[str, Any]:
    mode = ServerMode(row["mode"]) if row["mode"] else None
    state = vm_state(ServerState(row["state"]), mode)
    return {
        "instance_id": str(row["uuid"]),
        "name": row["name"],
        "tenant_id": row["project_id"],
        "flavor": row["flavor__name"],
        "vcpus": use.vcpus,
        "memory_mb": use.memory,
        "local_gb": use.disk,
        "hours": hours,
        "uptime": use.uptime(now),
        "started_at": long_timestamp(use.launched_at),
        "ended_at": long_timestamp(use.ended_at),
        "state": "terminated" if use.ended_at else state,
    }


def _shown(tenant: str, total: Total, period: Period) -> dict[str, Any]:
    return {
        "tenant_id": tenant,
        "start": long_timestamp(period.start),
        "stop": long_timestamp(period.stop),
        "total_hours": total.hours,
        "total_vcpus_usage": total.vcpus,
        "total_memory_mb_usage": total.memory,
        "total_local_gb_usage": total.disk,
    }


@asks(QUERY)
def index(request: Request) -> HttpResponse:
    """GET /os-simple-tenant-usage: of all projects."""
    period = _period(request, detailed=request.query.get("detailed") == "1")
    shown, last = _usages(request, period, None)
    data: dict[str, Any] = {"tenant_usages": shown}
    if last:
        href = next_link(request, f"{request.base}/compute/v2.1/os-simple-tenant-usage", last)
        data["tenant_usages_links"] = [{"rel": "next", "href": href}]
    return answer(data)


@asks(QUERY)
def show(request: Request, id: str) -> HttpResponse:
    """GET /os-simple-tenant-usage/{project}."""
    if id != request.project and not request.caller.is_admin:
        raise NotFound(f"Project {id} could not be found.")
    shown, last = _usages(request, _period(request, detailed=True), id)
    data: dict[str, Any] = {"tenant_usage": shown[0] if shown else {}}
    if last:
        path = f"{request.base}/compute/v2.1/os-simple-tenant-usage/{id}"
        data["tenant_usage_links"] = [{"rel": "next", "href": next_link(request, path, last)}]
    return answer(data)


# --- audits of usage -----------------------------------------------------------------------------


def _audits(before: datetime) -> dict[str, Any]:
    """The last whole month. Usage is counted from rows when it is asked for, so no node ran any."""
    end = before.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    begin = (end - timedelta(days=1)).replace(day=1)
    hosts = sorted(Node.objects.filter(vm_capable=True).values_list("name", flat=True))
    return {
        "period_beginning": f"{begin:%Y-%m-%d %H:%M:%S}",
        "period_ending": f"{end:%Y-%m-%d %H:%M:%S}",
        "num_hosts": len(hosts),
        "num_hosts_done": 0,
        "num_hosts_running": 0,
        "num_hosts_not_run": len(hosts),
        "hosts_not_run": hosts,
        "total_instances": 0,
        "total_errors": 0,
        "overall_status": f"0 of {len(hosts)} hosts done. 0 errors.",
        "log": {},
    }


def audits(_request: Request) -> HttpResponse:
    """GET /os-instance_usage_audit_log."""
    return answer({"instance_usage_audit_logs": _audits(timezone.now())})


def audit(_request: Request, before: str) -> HttpResponse:
    """GET /os-instance_usage_audit_log/{time}."""
    form = "%Y-%m-%d %H:%M:%S.%f" if "." in before else "%Y-%m-%d %H:%M:%S"
    try:
        when = datetime.strptime(before, form).replace(tzinfo=UTC)
        log = _audits(when)
    except (ValueError, OverflowError) as error:
        raise BadRequest(f"Invalid timestamp for date {before[:80]}", field="id") from error
    return answer({"instance_usage_audit_log": log})
