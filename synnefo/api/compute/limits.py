"""What a project may use and uses; the one availability zone."""

from typing import Any

from django.http import HttpResponse

from synnefo.api.compute.server_records import ZONE
from synnefo.api.request import Request, answer
from synnefo.core.faults import Forbidden, NotFound
from synnefo.core.quota import DEFAULTS, LEDGER, MOST_KEYPAIRS
from synnefo.db.models import Project, QuotaLimit, QuotaUsage

UNUSED = -1  # what this cloud does not count is without a limit


def limits_of(project: str) -> dict[str, int]:
    """Each resource's limit: the project's own, or the default."""
    own = QuotaLimit.objects.filter(project_id=project).values_list("resource", "limit")
    return DEFAULTS | dict(own)


def usage_of(project: str) -> dict[str, int]:
    """What is used of each resource, pending commissions included."""
    used = QuotaUsage.objects.filter(project_id=project).values_list("resource", "used")
    return dict.fromkeys(LEDGER, 0) | dict(used)


def _whose(request: Request) -> str:
    other = request.query.get("tenant_id")
    if other is None or other == request.project:
        return request.project
    if not request.caller.is_admin:
        raise Forbidden("Only administrators may see the limits of others.", field="tenant_id")
    return other


def show(request: Request) -> HttpResponse:
    """GET /limits."""
    project = _whose(request)
    limit, used = limits_of(project), usage_of(project)
    absolute = {
        "maxTotalInstances": limit["instances"],
        "maxTotalCores": limit["cores"],
        "maxTotalRAMSize": limit["ram"],
        "totalInstancesUsed": used["instances"],
        "totalCoresUsed": used["cores"],
        "totalRAMUsed": used["ram"],
        "maxServerMeta": DEFAULTS["metadata_items"],
        "maxImageMeta": DEFAULTS["metadata_items"],
        "maxTotalKeypairs": MOST_KEYPAIRS,
        "maxPersonality": 0,
        "maxPersonalitySize": 0,
        "maxServerGroups": 0,
        "maxServerGroupMembers": 0,
        "totalServerGroupsUsed": 0,
        "maxSecurityGroups": UNUSED,
        "maxSecurityGroupRules": UNUSED,
        "totalSecurityGroupsUsed": 0,
        "maxTotalFloatingIps": UNUSED,
        "totalFloatingIpsUsed": 0,
    }
    return answer({"limits": {"rate": [], "absolute": absolute}})


def _quota_set(project: str, limit: dict[str, int]) -> dict[str, Any]:
    return {
        "id": project,
        "instances": limit["instances"],
        "cores": limit["cores"],
        "ram": limit["ram"],
        "metadata_items": DEFAULTS["metadata_items"],
        "key_pairs": MOST_KEYPAIRS,
        "server_groups": 0,
        "server_group_members": 0,
        "injected_files": 0,
        "injected_file_content_bytes": 0,
        "injected_file_path_bytes": 0,
        "fixed_ips": UNUSED,
        "floating_ips": UNUSED,
        "security_groups": UNUSED,
        "security_group_rules": UNUSED,
    }


def _check_project(request: Request, project: str) -> None:
    if project == request.project:
        return
    if not request.caller.is_admin or not Project.objects.filter(id=project).exists():
        raise NotFound(f"Project {project} could not be found.")


def quota_set(request: Request, id: str) -> HttpResponse:
    """GET /os-quota-sets/{project}."""
    _check_project(request, id)
    return answer({"quota_set": _quota_set(id, limits_of(id))})


def quota_defaults(request: Request, id: str) -> HttpResponse:
    """GET /os-quota-sets/{project}/defaults."""
    _check_project(request, id)
    return answer({"quota_set": _quota_set(id, dict(DEFAULTS))})


def quota_detail(request: Request, id: str) -> HttpResponse:
    """GET /os-quota-sets/{project}/detail."""
    _check_project(request, id)
    used = usage_of(id)
    shown: dict[str, Any] = {
        name: {"limit": limit, "in_use": used.get(name, 0), "reserved": 0}
        for name, limit in _quota_set(id, limits_of(id)).items()
        if name != "id"
    }
    return answer({"quota_set": shown | {"id": id}})


def zones(_request: Request) -> HttpResponse:
    """GET /os-availability-zone."""
    zone = {"zoneName": ZONE, "zoneState": {"available": True}, "hosts": None}
    return answer({"availabilityZoneInfo": [zone]})


def zones_detail(_request: Request) -> HttpResponse:
    """GET /os-availability-zone/detail: for administrators; hosts are the clusters' own affair."""
    zone = {"zoneName": ZONE, "zoneState": {"available": True}, "hosts": {}}
    return answer({"availabilityZoneInfo": [zone]})
