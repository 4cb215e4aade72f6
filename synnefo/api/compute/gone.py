"""Paths of APIs that Nova has removed, and what clouds like this one never had: said, not 404."""

from typing import Any

from django.http import HttpResponse

from synnefo.api import bodies
from synnefo.api.compute import servers
from synnefo.api.compute.external_events import SERVICES
from synnefo.api.compute.gating import until
from synnefo.api.request import Request, answer
from synnefo.api.routing import Route, Who
from synnefo.core.faults import BadRequest, Gone, NotFound

# Each path and the methods that Nova answers with 410.
REMOVED: dict[str, tuple[str, ...]] = {
    "os-agents": ("GET", "POST"),
    "os-agents/{id}": ("PUT", "DELETE"),
    "os-cells": ("GET", "POST"),
    "os-cells/capacities": ("GET",),
    "os-cells/detail": ("GET",),
    "os-cells/info": ("GET",),
    "os-cells/sync_instances": ("POST",),
    "os-cells/{id}": ("GET", "PUT", "DELETE"),
    "os-cells/{id}/capacities": ("GET",),
    "os-certificates": ("POST",),
    "os-certificates/{id}": ("GET",),
    "os-cloudpipe": ("GET", "POST"),
    "os-cloudpipe/{id}": ("PUT",),
    "os-fixed-ips/{id}": ("GET",),
    "os-fixed-ips/{id}/action": ("POST",),
    "os-floating-ip-dns": ("GET",),
    "os-floating-ip-dns/{id}": ("PUT", "DELETE"),
    "os-floating-ip-dns/{id}/entries/{name}": ("GET", "PUT", "DELETE"),
    "os-floating-ips-bulk": ("GET", "POST"),
    "os-floating-ips-bulk/{id}": ("GET", "PUT"),
    "os-fping": ("GET",),
    "os-fping/{id}": ("GET",),
    "os-security-group-default-rules": ("GET", "POST"),
    "os-security-group-default-rules/{id}": ("GET", "DELETE"),
    "servers/{id}/consoles": ("GET", "POST"),
    "servers/{id}/consoles/{console}": ("GET", "DELETE"),
    "os-networks": ("POST",),
    "os-networks/add": ("POST",),
    "os-networks/{id}": ("DELETE",),
    "os-networks/{id}/action": ("POST",),
    "os-tenant-networks": ("POST",),
    "os-tenant-networks/{id}": ("DELETE",),
}
MACHINES = bodies.record({"nodes": bodies.listing(bodies.anything, 0, 0)}, ("nodes",))
LAST_OF_PROXIES = 35
SNAPSHOT = bodies.record({"snapshot": bodies.anything}, ("snapshot",))


def removed(_request: Request, **_parts: Any) -> HttpResponse:
    """410: the API went, and nothing follows it."""
    raise Gone("This resource is no longer available. No forwarding address is given.")


def removed_of_server(request: Request, id: str, **_parts: Any) -> HttpResponse:
    """The same, but a stranger's server does not exist."""
    servers.find(request, id)
    return removed(request)


def assisted_snapshot(_request: Request, **_parts: Any) -> HttpResponse:
    """400: snapshots are the volume service's own work."""
    raise BadRequest("Snapshots of volumes are taken by the volume service without assistance.")


@until(LAST_OF_PROXIES)
def bare_machines(_request: Request) -> HttpResponse:
    """GET /os-baremetal-nodes: there are none here."""
    return answer({"nodes": []})


@until(LAST_OF_PROXIES)
def bare_machine(_request: Request, id: str) -> HttpResponse:
    """GET /os-baremetal-nodes/{id}."""
    raise NotFound(f"Node {id[:80]} could not be found.")


def _view(path: str) -> Any:
    return removed_of_server if path.startswith("servers/") else removed


ROUTES = (
    *(
        Route(method, path, _view(path), Who.READER, gives={410: None})
        for path, methods in REMOVED.items()
        for method in methods
    ),
    Route(
        "POST",
        "os-assisted-volume-snapshots",
        assisted_snapshot,
        Who.ADMIN,
        body=SNAPSHOT,
        gives={400: None},
        also=SERVICES,
    ),
    Route(
        "DELETE",
        "os-assisted-volume-snapshots/{id}",
        assisted_snapshot,
        Who.ADMIN,
        gives={400: None},
        also=SERVICES,
    ),
    Route("GET", "os-baremetal-nodes", bare_machines, Who.ADMIN, gives={200: MACHINES}),
    Route("GET", "os-baremetal-nodes/{id}", bare_machine, Who.ADMIN, gives={404: None}),
)
