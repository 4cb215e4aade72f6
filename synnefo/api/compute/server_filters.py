"""Which servers a list has: the filters, one function each, by the name of the parameter."""

from collections.abc import Callable

from django.db.models import Q, QuerySet

from synnefo.api.bodies import FALSE, TRUE, UUID
from synnefo.api.compute.patterns import lookup
from synnefo.api.moments import moment
from synnefo.api.request import Request
from synnefo.core.faults import BadRequest, Forbidden
from synnefo.core.server_states import NOVA_VIEW, STATUS_DURING, ServerState
from synnefo.db.models import Address, Server

BY_STATUS: dict[str, Q] = {
    status: Q(state=state) for state, (_, _, status) in NOVA_VIEW.items()
} | {status: Q(state=ServerState.ACTIVE, task=task) for task, status in STATUS_DURING.items()}
BY_STATUS["ACTIVE"] &= ~Q(task__in=list(STATUS_DURING)) | Q(task=None)
NEVER = Q(pk__in=())


def _status(values: list[str]) -> Q:
    condition = NEVER
    for value in values:
        condition |= BY_STATUS.get(value.upper(), NEVER)
    return condition


def _name(values: list[str]) -> Q:
    return Q(**lookup("name", values[-1], "name"))


def _image(values: list[str]) -> Q:
    # Clients send the id or the address of the image.
    key = values[-1].rstrip("/").rpartition("/")[2]
    return Q(image__uuid=key) if UUID.fullmatch(key) else NEVER


def _flavor(values: list[str]) -> Q:
    return Q(flavor__flavor_id=values[-1].rstrip("/").rpartition("/")[2])


def _ip(values: list[str]) -> Q:
    holders = Address.objects.filter(
        port__server__isnull=False, **lookup("address", values[-1], "ip")
    )
    return Q(pk__in=holders.values("port__server_id"))


def _uuid(values: list[str]) -> Q:
    return Q(uuid__in=[value for value in values if UUID.fullmatch(value)])


FILTERS: dict[str, Callable[[list[str]], Q]] = {
    "status": _status,
    "name": _name,
    "image": _image,
    "flavor": _flavor,
    "ip": _ip,
    "ip6": _ip,
    "uuid": _uuid,
    "key_name": lambda values: Q(key_name=values[-1]),
    "user_id": lambda values: Q(user_id=values[-1]),
}
ADMIN_FILTERS: dict[str, Callable[[list[str]], Q]] = {
    "host": lambda values: Q(node=values[-1]),
    "project_id": lambda values: Q(project_id=values[-1]),
    "tenant_id": lambda values: Q(project_id=values[-1]),
}


def asked(request: Request, name: str) -> bool:
    """A parameter that is true or false; without a value it is true."""
    word = request.query.get(name, "false").strip().lower()
    if word and word not in TRUE | FALSE:
        raise BadRequest(f"{name} must be true or false.", field=name)
    return word not in FALSE


def everybody(request: Request) -> bool:
    """Whether the servers of all projects are wanted, which is for administrators."""
    wanted = asked(request, "all_tenants") or asked(request, "all_projects")
    if wanted and not request.caller.is_admin:
        raise Forbidden("Policy doesn't allow all_tenants to be used by you.", field="all_tenants")
    return wanted


def _lifetime(request: Request) -> Q:
    """Deleted servers show up for administrators who ask, and in lists of changes."""
    alive = ~Q(state=ServerState.DELETED)
    since = request.query.get("changes-since")
    changed = Q() if since is None else Q(updated_at__gte=moment(since, "changes-since"))
    if request.caller.is_admin and "deleted" in request.query and asked(request, "deleted"):
        return changed & ~alive
    if since is not None:
        return changed
    statuses = [value.upper() for value in request.query.getlist("status")]
    if "DELETED" in statuses:
        if not request.caller.is_admin:
            raise Forbidden("Only administrators may list deleted servers.", field="status")
        return Q()
    return alive


def selected(request: Request) -> QuerySet[Server]:
    """The servers that the request asks for, before sorting and paging."""
    condition = _lifetime(request)
    if not everybody(request):
        condition &= Q(project_id=request.project)
    filters = FILTERS | (ADMIN_FILTERS if request.caller.is_admin else {})
    for parameter, build in filters.items():
        if values := request.query.getlist(parameter):
            condition &= build(values)
    return Server.objects.filter(condition)
