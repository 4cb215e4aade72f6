"""What the network service says of itself: resources, extensions, quotas."""

from typing import Any

from django.http import HttpResponse

from synnefo.api.request import Request, answer
from synnefo.core.faults import NotFound
from synnefo.db.models import Project

UPDATED = "2015-01-01T10:00:00-00:00"
EXTENSIONS: dict[str, dict[str, Any]] = {
    alias: {
        "alias": alias,
        "name": name,
        "description": description,
        "updated": UPDATED,
        "links": [],
    }
    for alias, name, description in (
        ("external-net", "Neutron external network", "Networks that lead out of the cloud."),
        ("ip-substring-filtering", "IP address substring filtering", "Filter ports by addresses."),
        ("net-mtu", "Network MTU", "The MTU of networks."),
        ("pagination", "Pagination support", "Pages of lists."),
        ("port-security", "Port Security", "Only a port's own addresses pass."),
        ("project-id", "project_id field enabled", "project_id beside tenant_id."),
        ("provider", "Provider Network", "How a network is made, for administrators."),
        ("quotas", "Quota management support", "Quotas of projects."),
        ("sorting", "Sorting support", "Sorted lists."),
        ("standard-attr-timestamp", "Resource timestamps", "created_at and updated_at."),
    )
}
NOT_CREATED_HERE = 0
WITHOUT_LIMIT = -1
QUOTA = {
    "network": NOT_CREATED_HERE,
    "subnet": NOT_CREATED_HERE,
    "port": WITHOUT_LIMIT,
    "router": NOT_CREATED_HERE,
    "floatingip": NOT_CREATED_HERE,
    "security_group": NOT_CREATED_HERE,
    "security_group_rule": NOT_CREATED_HERE,
    "rbac_policy": NOT_CREATED_HERE,
    "subnetpool": NOT_CREATED_HERE,
}


class ExtensionNotFound(NotFound):
    """No such extension: clients ask for many to find out."""


class ProjectQuotaNotFound(NotFound):
    """No such project, or not the caller's."""


def document(request: Request) -> HttpResponse:
    """GET /v2.0/."""
    resources = [
        {
            "name": name,
            "collection": f"{name}s",
            "links": [{"rel": "self", "href": f"{request.base}/network/v2.0/{name}s"}],
        }
        for name in ("network", "subnet", "port", "extension", "quota")
    ]
    return answer({"resources": resources})


def list_extensions(_request: Request) -> HttpResponse:
    """GET /v2.0/extensions."""
    return answer({"extensions": list(EXTENSIONS.values())})


def show_extension(_request: Request, alias: str) -> HttpResponse:
    """GET /v2.0/extensions/{alias}."""
    if alias not in EXTENSIONS:
        raise ExtensionNotFound(f"Extension with alias {alias} does not exist")
    return answer({"extension": EXTENSIONS[alias]})


def list_quotas(_request: Request) -> HttpResponse:
    """GET /v2.0/quotas: the projects with quotas of their own; there are none."""
    return answer({"quotas": []})


def show_quota(request: Request, id: str) -> HttpResponse:
    """GET /v2.0/quotas/{project}."""
    foreign = id != request.project
    if foreign and not (request.caller.is_admin and Project.objects.filter(id=id).exists()):
        raise ProjectQuotaNotFound(f"Project {id} could not be found.")
    return answer({"quota": QUOTA})
