"""Quota sets of projects and users, and quota classes, in the compute service's words.

Its old names for what the network service counts stand for that service's limits.
"""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse

from synnefo.api import bodies
from synnefo.api.bodies import ByVersion, Kind
from synnefo.api.compute.gating import asks
from synnefo.api.request import Request, answer, empty
from synnefo.core.faults import BadRequest, NotFound
from synnefo.core.quota import LARGEST_LIMIT, LEDGER, UNLIMITED
from synnefo.db.models import Project, QuotaUsage, ServerGroup, User
from synnefo.intents import quota
from synnefo.intents import quota_limits as intents

ALWAYS = (
    "instances",
    "cores",
    "ram",
    "metadata_items",
    "key_pairs",
    "server_groups",
    "server_group_members",
)
INJECTED = ("injected_files", "injected_file_content_bytes", "injected_file_path_bytes")
OF_NETWORK = {
    "fixed_ips": "port",
    "floating_ips": "floatingip",
    "security_groups": "security_group",
    "security_group_rules": "security_group_rule",
}
GROUPS = ("server_groups", "server_group_members")
QUERY = ("user_id",)


def _names(minor: int, *, of_class: bool = False) -> dict[str, str]:
    """What a quota set has at this microversion: the API's names and ours."""
    names = {name: name for name in ALWAYS}
    if of_class and minor < 50:
        names = {name: name for name in ALWAYS if name not in GROUPS}
    if minor < (50 if of_class else 36):
        names |= OF_NETWORK
    if minor < 57:
        names |= {name: name for name in INJECTED}
    return names


def _kind(outer: str, minor: int, more: Mapping[str, Kind], *, of_class: bool = False) -> Kind:
    limit = bodies.integer(UNLIMITED, LARGEST_LIMIT)
    fields = dict.fromkeys(_names(minor, of_class=of_class), limit) | dict(more)
    return bodies.record({outer: bodies.record(fields)}, (outer,))


CHANGE = ByVersion(
    {
        minor: _kind("quota_set", minor, {"force": bodies.flag, "tenant_id": bodies.text()})
        for minor in (1, 36, 57)
    }
)
CHANGE_CLASS = ByVersion(
    {minor: _kind("quota_class_set", minor, {}, of_class=True) for minor in (1, 36, 50, 57)}
)
SHAPE = bodies.record({"quota_set": bodies.anything}, ("quota_set",))
CLASS_SHAPE = bodies.record({"quota_class_set": bodies.anything}, ("quota_class_set",))


def _shown(
    request: Request, limits: Mapping[str, int], *, of_class: bool = False
) -> dict[str, Any]:
    names = _names(request.version[1], of_class=of_class)
    return {name: limits[ours] for name, ours in names.items()}


def _check_project(request: Request, project: str) -> None:
    """Somebody else's project does not exist, but for administrators."""
    if project == request.project:
        return
    if not request.caller.is_admin:
        raise NotFound(f"Project {project} could not be found.")
    if not Project.objects.filter(id=project).exists():
        raise BadRequest(f"Project ID {project} is not a valid project.", field="id")


def _user(request: Request) -> str | None:
    """The user that the query names."""
    user = request.query.get("user_id")
    if user is None:
        return None
    if not request.caller.is_admin and user != request.caller.user_id:
        raise NotFound(f"User {user[:64]} could not be found.")
    if not User.objects.filter(id=user).exists():
        raise BadRequest(f"User {user[:64]} could not be found.", field="user_id")
    return user


@asks(QUERY)
def show(request: Request, id: str) -> HttpResponse:
    """GET /os-quota-sets/{project}."""
    _check_project(request, id)
    limits = quota.limits(id, _user(request))
    return answer({"quota_set": {"id": id} | _shown(request, limits)})


def defaults(request: Request, id: str) -> HttpResponse:
    """GET /os-quota-sets/{project}/defaults."""
    return answer({"quota_set": {"id": id} | _shown(request, intents.defaults())})


def used(project: str, user: str | None = None) -> dict[str, int]:
    """What is used of what is counted for the whole project; the rest counts where it belongs."""
    if user is not None:
        return dict.fromkeys(LEDGER, 0) | quota.used_by(project, user)
    rows = QuotaUsage.objects.filter(project_id=project).values_list("resource", "used")
    groups = ServerGroup.objects.filter(project_id=project).count()
    return dict.fromkeys(LEDGER, 0) | dict(rows) | {"server_groups": groups}


@asks(QUERY)
def detail(request: Request, id: str) -> HttpResponse:
    """GET /os-quota-sets/{project}/detail."""
    _check_project(request, id)
    user = _user(request)
    taken = used(id, user)
    shown: dict[str, Any] = {
        name: {"limit": limit, "in_use": taken.get(name, 0), "reserved": 0}
        for name, limit in _shown(request, quota.limits(id, user)).items()
    }
    return answer({"quota_set": {"id": id} | shown})


@asks(QUERY)
def change(request: Request, id: str) -> HttpResponse:
    """PUT /os-quota-sets/{project}: what is named; less than what is used only by force."""
    _check_project(request, id)
    user, wish = _user(request), request.wish["quota_set"]
    names = _names(request.version[1])
    wanted = {ours: wish[name] for name, ours in names.items() if name in wish}
    if not wish.get("force", False):
        _check_used(wanted, used(id, user))
    if user is None:
        intents.change(id, wanted)
    else:
        intents.change_of_user(id, user, wanted)
    return answer({"quota_set": _shown(request, quota.limits(id, user))})


def _check_used(wanted: Mapping[str, int], taken: Mapping[str, int]) -> None:
    for resource, limit in wanted.items():
        if limit != UNLIMITED and limit < taken.get(resource, 0):
            raise BadRequest(
                f"Quota limit {limit} for {resource} must be greater than or equal to already used"
                f" and reserved {taken[resource]}.",
                field=resource,
            )


@asks(QUERY)
def reset(request: Request, id: str) -> HttpResponse:
    """DELETE /os-quota-sets/{project}: the defaults hold again."""
    _check_project(request, id)
    ours, user = _names(1).values(), _user(request)
    if user is None:
        intents.forget(id, ours)
    else:
        intents.forget_of_user(id, user, ours)
    return empty(202)


def show_class(request: Request, id: str) -> HttpResponse:
    """GET /os-quota-class-sets/{name}."""
    limits = _shown(request, intents.defaults(_class(id)), of_class=True)
    return answer({"quota_class_set": {"id": id} | limits})


def change_class(request: Request, id: str) -> HttpResponse:
    """PUT /os-quota-class-sets/{name}: the class `default` changes what others start from."""
    names = _names(request.version[1], of_class=True)
    wish = request.wish["quota_class_set"]
    intents.change_defaults(_class(id), {names[name]: limit for name, limit in wish.items()})
    return answer({"quota_class_set": _shown(request, intents.defaults(id), of_class=True)})


def _class(name: str) -> str:
    return str(bodies.text(1, 255)(name, "id", True))
