"""Limits and quotas of volumes; the limits of one type have the type's name behind the resource."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse

from synnefo.api import bodies
from synnefo.api.bodies import TRUE
from synnefo.api.request import Request, answer, empty
from synnefo.core.faults import BadRequest, Forbidden, NotFound
from synnefo.core.quota import LARGEST_LIMIT, UNLIMITED, VOLUME
from synnefo.db.models import Project
from synnefo.intents import quota, quota_limits
from synnefo.intents.volume import volume_quota

_LIMIT = bodies.integer(UNLIMITED, LARGEST_LIMIT)
_LIMITS = dict.fromkeys(VOLUME, _LIMIT)
_ASIDE = {"tenant_id": bodies.text(), "force": bodies.flag, "skip_validation": bodies.flag}
QUOTA_SET = bodies.record(
    {"quota_set": bodies.record(_LIMITS | _ASIDE, rest=_LIMIT)}, ("quota_set",)
)
QUOTA_CLASS = bodies.record(
    {"quota_class_set": bodies.record(_LIMITS, rest=_LIMIT)}, ("quota_class_set",)
)


def limits(request: Request) -> HttpResponse:
    """GET /limits."""
    project = request.project
    if request.version >= (3, 39) and request.caller.is_admin:
        project = request.query.get("project_id", project)
    limit, used = quota.limits(project), volume_quota.usage_of(project)
    absolute = {
        "maxTotalVolumes": limit["volumes"],
        "maxTotalSnapshots": limit["snapshots"],
        "maxTotalVolumeGigabytes": limit["gigabytes"],
        "maxTotalBackups": limit["backups"],
        "maxTotalBackupGigabytes": limit["backup_gigabytes"],
        "totalVolumesUsed": used["volumes"],
        "totalSnapshotsUsed": used["snapshots"],
        "totalGigabytesUsed": used["gigabytes"],
        "totalBackupsUsed": used["backups"],
        "totalBackupGigabytesUsed": used["backup_gigabytes"],
    }
    return answer({"limits": {"rate": [], "absolute": absolute}})


# --- quotas ---------------------------------------------------------------------------------------


def _resources(request: Request) -> dict[str, str]:
    """Each resource that has limits, by the name that the caller knows it by."""
    plain = {name: name for name in VOLUME}
    return plain | volume_quota.typed_resources(request.caller)


def _named(found: Mapping[str, int], resources: Mapping[str, str]) -> dict[str, int]:
    return {name: found.get(resource, UNLIMITED) for name, resource in resources.items()}


def _changes(
    wish: Mapping[str, Any], resources: Mapping[str, str], where: str, *aside: str
) -> dict[str, int]:
    """What is to change, as the books name it; a name that means nothing is refused."""
    unknown = sorted(wish.keys() - resources.keys() - set(aside))
    if unknown:
        raise BadRequest(
            f"Bad key(s) in quota set: {', '.join(unknown)}. There are {', '.join(VOLUME)}, and"
            " volumes, snapshots and gigabytes of one type, as in volumes_NAME.",
            field=f"{where}.{unknown[0]}",
        )
    return {resources[name]: limit for name, limit in wish.items() if name in resources}


def _check_project(request: Request, project: str) -> None:
    if project != request.project:
        if not request.caller.is_admin:
            raise Forbidden("Only administrators may see the quotas of others.")
        if not Project.objects.filter(id=project).exists():
            raise NotFound(f"Project {project} could not be found.")


def quota_set(request: Request, id: str) -> HttpResponse:
    """GET /os-quota-sets/{project}."""
    _check_project(request, id)
    resources = _resources(request)
    found = _named(quota.limits(id), resources)
    if request.query.get("usage", "").lower() not in TRUE:
        return answer({"quota_set": {"id": id, **found}})
    used = volume_quota.usage_of(id) | volume_quota.typed_usage_of(id)
    shown: dict[str, Any] = {
        name: {"limit": limit, "in_use": used.get(resources[name], 0), "reserved": 0}
        for name, limit in found.items()
    }
    return answer({"quota_set": {"id": id, **shown}})


def quota_defaults(request: Request, id: str) -> HttpResponse:
    """GET /os-quota-sets/{project}/defaults."""
    _check_project(request, id)
    found = _named(quota_limits.defaults(), _resources(request))
    return answer({"quota_set": {"id": id, **found}})


def change_quota(request: Request, id: str) -> HttpResponse:
    """PUT /os-quota-sets/{project}."""
    _check_project(request, id)
    resources = _resources(request)
    quota_limits.change(id, _changes(request.wish["quota_set"], resources, "quota_set", *_ASIDE))
    return answer({"quota_set": _named(quota.limits(id), resources)})


def drop_quota(request: Request, id: str) -> HttpResponse:
    """DELETE /os-quota-sets/{project}: the defaults again."""
    _check_project(request, id)
    quota_limits.forget(id, _resources(request).values())
    return empty(200)


def _of_class(name: str, resources: Mapping[str, str]) -> dict[str, int]:
    """Groups have no defaults of a class, as with Cinder."""
    found = _named(quota_limits.defaults(name), resources)
    return {one: limit for one, limit in found.items() if one != "groups"}


def quota_class(request: Request, name: str) -> HttpResponse:
    """GET /os-quota-class-sets/{name}."""
    found = _of_class(name, _resources(request))
    return answer({"quota_class_set": {"id": name, **found}})


def change_quota_class(request: Request, name: str) -> HttpResponse:
    """PUT /os-quota-class-sets/{name}."""
    resources = _resources(request)
    wish = request.wish["quota_class_set"]
    quota_limits.change_defaults(name, _changes(wish, resources, "quota_class_set"))
    return answer({"quota_class_set": _of_class(name, resources)})
