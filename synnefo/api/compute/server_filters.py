"""Which servers a list has: the filters, one function each, by the name of the parameter.

A filter that is for administrators, or for a later microversion, is not heard, as with Nova; from
2.75 on what nobody knows is refused.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from django.db.models import Q, QuerySet

from synnefo.api.bodies import FALSE, TRUE, UUID
from synnefo.api.compute.patterns import lookup
from synnefo.api.compute.server_conditions import (
    BY_STATUS,
    BY_VM_STATE,
    NEVER,
    by_power_state,
    chosen_tags,
)
from synnefo.api.moments import moment
from synnefo.api.request import Request
from synnefo.core.faults import BadRequest, Forbidden
from synnefo.core.server_states import ServerMode, ServerState
from synnefo.db.models import Address, FloatingIp, Server

SORT_KEYS = {
    "created_at": "created_at",
    "updated_at": "updated_at",
    "display_name": "name",
    "name": "name",
    "display_description": "description",
    "description": "description",
    "vm_state": "state",
    "power_state": "state",
    "task_state": "task",
    "key_name": "key_name",
    "launched_at": "launched_at",
    "terminated_at": "deleted_at",
    "launch_index": "launch_index",
    "uuid": "uuid",
    "id": "pk",
    "host": "node",
    "node": "node",
    "hostname": "hostname",
    "availability_zone": "zone",
    "progress": "progress",
    "project_id": "project_id",
    "user_id": "user_id",
    "instance_type_id": "flavor_id",
    "image_ref": "image_id",
    "config_drive": "config_drive",
    "auto_disk_config": "disk_config",
    "access_ip_v4": "access_ipv4",
    "access_ip_v6": "access_ipv6",
    "locked_by": "locked_by",
    "locked": "locked_by",
}
STATUS_REFUSED = 38  # From here on an unknown status is refused.
Values = list[str]


def truth(value: str, name: str) -> bool:
    """True or false; nothing is true."""
    word = value.strip().lower()
    if word and word not in TRUE | FALSE:
        raise BadRequest(f"{name} must be true or false.", field=name)
    return word not in FALSE


def _number(value: str, name: str) -> int:
    if not value.isascii() or not value.isdigit() or len(value) > 9:
        raise BadRequest(f"{name} must be a whole number.", field=name)
    return int(value)


def _last_segment(values: Values) -> str:
    """Clients send the id or the address of what has it."""
    return values[-1].rstrip("/").rpartition("/")[2]


def _image(values: Values) -> Q:
    key = _last_segment(values)
    return Q(image__uuid=key) if UUID.fullmatch(key) else NEVER


def _ip(values: Values, parameter: str, version: int) -> Q:
    pattern = lookup("address", values[-1], parameter)
    fixed = Address.objects.filter(
        port__server__isnull=False, subnet__ip_version=version, **pattern
    )
    found = Q(pk__in=fixed.values("port__server_id"))
    if version == 4:
        floating = FloatingIp.objects.filter(port__server__isnull=False, **pattern)
        found |= Q(pk__in=floating.values("port__server_id"))
    return found


def _alike(column: str, parameter: str) -> Callable[[Values], Q]:
    """A column of text by a pattern."""
    return lambda values: Q(**lookup(column, values[-1], parameter))


def _at(column: str, parameter: str) -> Callable[[Values], Q]:
    return lambda values: Q(**{column: moment(values[-1], parameter)})


def _one_of(column: str) -> Callable[[Values], Q]:
    return lambda values: Q(**{f"{column}__in": values})


def _constant(value: str) -> Callable[[Values], Q]:
    """What is the same of all servers."""
    return lambda values: Q() if values[-1] == value else NEVER


def _locked(values: Values) -> Q:
    return Q(locked_by__isnull=not truth(values[-1], "locked"))


class Filter(NamedTuple):
    """What a parameter means, the minor version that brought it, and since when it is for all.

    None is for administrators only, ever.
    """

    build: Callable[[Values], Q]
    since: int = 1
    for_all: int | None = None


FILTERS: dict[str, Filter] = {
    "name": Filter(_alike("name", "name"), for_all=1),
    "display_name": Filter(_alike("name", "display_name"), for_all=1),
    "image": Filter(_image, for_all=1),
    "flavor": Filter(lambda values: Q(flavor__flavor_id=_last_segment(values)), for_all=1),
    "ip": Filter(lambda values: _ip(values, "ip", 4), for_all=1),
    "ip6": Filter(lambda values: _ip(values, "ip6", 6), for_all=5),
    "reservation_id": Filter(_one_of("reservation_id"), for_all=1),
    "tags": Filter(lambda v: chosen_tags(v, "tags", every=True), 26, 26),
    "tags-any": Filter(lambda v: chosen_tags(v, "tags-any", every=False), 26, 26),
    "not-tags": Filter(lambda v: ~chosen_tags(v, "not-tags", every=True), 26, 26),
    "not-tags-any": Filter(lambda v: ~chosen_tags(v, "not-tags-any", every=False), 26, 26),
    "locked": Filter(_locked, 73, 73),
    "availability_zone": Filter(_one_of("zone"), for_all=83),
    "config_drive": Filter(
        lambda values: Q(config_drive=truth(values[-1], "config_drive")), for_all=83
    ),
    "key_name": Filter(_one_of("key_name"), for_all=83),
    "created_at": Filter(_at("created_at", "created_at"), for_all=83),
    "launched_at": Filter(_at("launched_at", "launched_at"), for_all=83),
    "terminated_at": Filter(_at("deleted_at", "terminated_at"), for_all=83),
    "power_state": Filter(
        lambda values: by_power_state(_number(values[-1], "power_state")), for_all=83
    ),
    "task_state": Filter(_one_of("task"), for_all=83),
    "vm_state": Filter(
        lambda values: _any_of(BY_VM_STATE.get(value.lower()) for value in values), for_all=83
    ),
    "progress": Filter(lambda v: Q(progress=_number(v[-1], "progress")), for_all=83),
    "user_id": Filter(_one_of("user_id"), for_all=83),
    "uuid": Filter(lambda values: Q(uuid__in=[one for one in values if UUID.fullmatch(one)])),
    "host": Filter(_one_of("node")),
    "node": Filter(_one_of("node")),
    "hostname": Filter(_alike("hostname", "hostname")),
    "description": Filter(_alike("description", "description")),
    "display_description": Filter(_alike("description", "display_description")),
    "project_id": Filter(_one_of("project_id")),
    "tenant_id": Filter(_one_of("project_id")),
    "locked_by": Filter(_one_of("locked_by")),
    "launch_index": Filter(lambda v: Q(launch_index=_number(v[-1], "launch_index"))),
    "access_ip_v4": Filter(_alike("access_ipv4", "access_ip_v4")),
    "access_ip_v6": Filter(_alike("access_ipv6", "access_ip_v6")),
    "auto_disk_config": Filter(
        lambda v: Q(disk_config="AUTO" if truth(v[-1], "auto_disk_config") else "MANUAL")
    ),
    "root_device_name": Filter(_constant("/dev/vda")),
    "kernel_id": Filter(_constant("")),
    "ramdisk_id": Filter(_constant("")),
}
PAGING = ("limit", "marker", "sort_key", "sort_dir")
LIFETIME = ("status", "deleted", "soft_deleted", "all_tenants", "all_projects", "changes-since")
NEWER = {"changes-before": 66}
QUERY = (*FILTERS, *LIFETIME, *NEWER, *PAGING)
STRICT_QUERY = 75


def check_query(request: Request) -> None:
    """From 2.75 on only what is known may be asked."""
    if request.version[1] < STRICT_QUERY or not request.strict:
        return
    known = set(QUERY)
    for name in request.query:
        if name not in known:
            raise BadRequest(
                "Invalid input for query parameters: Additional properties are not allowed"
                f" ({name[:80]!r} was unexpected)",
                field=name[:80],
            )


def _any_of(conditions: Iterable[Q | None]) -> Q:
    found = NEVER
    for condition in conditions:
        found |= condition if condition is not None else NEVER
    return found


def asked(request: Request, name: str) -> bool:
    """A parameter that is true or false; without a value it is true."""
    return truth(request.query.get(name, "false"), name)


def everybody(request: Request) -> bool:
    """Whether the servers of all projects are wanted, which is for administrators."""
    wanted = asked(request, "all_tenants") or asked(request, "all_projects")
    if wanted and not request.caller.is_admin:
        raise Forbidden("Policy doesn't allow all_tenants to be used by you.", field="all_tenants")
    return wanted


def _changes(request: Request) -> Q | None:
    """When they were changed last; None if nobody asks."""
    since, before = request.query.get("changes-since"), None
    if request.version[1] >= NEWER["changes-before"]:
        before = request.query.get("changes-before")
    if since is None and before is None:
        return None
    condition = Q()
    if since is not None:
        condition &= Q(updated_at__gte=moment(since, "changes-since"))
    if before is not None:
        condition &= Q(updated_at__lte=moment(before, "changes-before"))
    if since and before and moment(since, "changes-since") > moment(before, "changes-before"):
        raise BadRequest(
            "The value of changes-since must be less than or equal to changes-before.",
            field="changes-since",
        )
    return condition


def _statuses(request: Request) -> Q:
    values = [value.upper() for value in request.query.getlist("status")]
    if not values:
        return Q()
    unknown = [value for value in values if value not in BY_STATUS]
    if unknown and request.version[1] >= STATUS_REFUSED:
        raise BadRequest("Invalid status value", field="status")
    return _any_of(BY_STATUS.get(value) for value in values)


def _lifetime(request: Request) -> Q:
    """Deleted servers show up for administrators who ask, and in lists of changes."""
    gone = Q(state=ServerState.DELETED)
    changes = _changes(request)
    if request.caller.is_admin and "deleted" in request.query and asked(request, "deleted"):
        return (changes or Q()) & gone
    if changes is not None:
        return changes
    statuses = [value.upper() for value in request.query.getlist("status")]
    if "DELETED" in statuses:
        if not request.caller.is_admin:
            raise Forbidden("Only administrators may list deleted servers.", field="status")
        return Q()
    if "SOFT_DELETED" in statuses or asked(request, "soft_deleted"):
        return ~gone
    return ~gone & (Q(mode=None) | ~Q(mode=ServerMode.SOFT_DELETED))


def selected(request: Request) -> QuerySet[Server]:
    """The servers that the request asks for, before sorting and paging."""
    condition = _lifetime(request) & _statuses(request)
    if not everybody(request):
        condition &= Q(project_id=request.project)
    minor, admin = request.version[1], request.caller.is_admin
    for parameter in request.query:
        wanted = FILTERS.get(parameter)
        if wanted is None or minor < wanted.since:
            continue
        if admin or (wanted.for_all is not None and minor >= wanted.for_all):
            condition &= wanted.build(request.query.getlist(parameter))
    return Server.objects.filter(condition)
