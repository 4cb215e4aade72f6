"""What a project may use and uses of the compute service."""

from typing import Any

from django.http import HttpResponse

from synnefo.api import bodies
from synnefo.api.compute import quotas
from synnefo.api.compute.gating import asks
from synnefo.api.request import Request, answer
from synnefo.core.faults import Forbidden
from synnefo.core.quota import LEDGER
from synnefo.db.models import FloatingIp, SecurityGroup
from synnefo.intents import quota

QUERY = ("tenant_id", "reserved")
SHAPE = bodies.record({"limits": bodies.anything}, ("limits",))
# The names of limits, of what they limit, and the last minor version that shows them.
LIMITS = (
    ("maxTotalInstances", "instances", 999),
    ("maxTotalCores", "cores", 999),
    ("maxTotalRAMSize", "ram", 999),
    ("maxTotalKeypairs", "key_pairs", 999),
    ("maxServerMeta", "metadata_items", 999),
    ("maxServerGroups", "server_groups", 999),
    ("maxServerGroupMembers", "server_group_members", 999),
    ("maxImageMeta", "metadata_items", 38),
    ("maxPersonality", "injected_files", 56),
    ("maxPersonalitySize", "injected_file_content_bytes", 56),
    ("maxTotalFloatingIps", "floatingip", 35),
    ("maxSecurityGroups", "security_group", 35),
    ("maxSecurityGroupRules", "security_group_rule", 35),
)
USED = {
    "totalInstancesUsed": "instances",
    "totalCoresUsed": "cores",
    "totalRAMUsed": "ram",
    "totalServerGroupsUsed": "server_groups",
}


def usage_of(project: str) -> dict[str, int]:
    """What is used of the ledger's resources, pending commissions included."""
    taken = quotas.used(project)
    return {resource: taken[resource] for resource in LEDGER}


def _whose(request: Request) -> str:
    other = request.query.get("tenant_id")
    if other is None or other == request.project:
        return request.project
    if not request.caller.is_admin:
        raise Forbidden("Only administrators may see the limits of others.", field="tenant_id")
    return other


@asks(QUERY)
def show(request: Request) -> HttpResponse:
    """GET /limits."""
    project, minor = _whose(request), request.version[1]
    limit, taken = quota.limits(project), quotas.used(project)
    absolute: dict[str, Any] = {
        name: limit[resource] for name, resource, last in LIMITS if minor <= last
    }
    absolute |= {name: taken[resource] for name, resource in USED.items()}
    if minor < 36:
        groups = SecurityGroup.objects.filter(project_id=project).count()
        addresses = FloatingIp.objects.filter(project_id=project).count()
        absolute |= {"totalSecurityGroupsUsed": groups, "totalFloatingIpsUsed": addresses}
    return answer({"limits": {"rate": [], "absolute": absolute}})
