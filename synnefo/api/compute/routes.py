"""The compute service: every path, what answers it and who may ask."""

from django.http.response import HttpResponseBase

from synnefo.api import versions
from synnefo.api.compute import (
    actions,
    admin_routes,
    extensions,
    history,
    keypairs,
    metadata,
    servers,
)
from synnefo.api.request import Request
from synnefo.api.routing import Route, Service, Who

ROOTS = (Route("GET", "", versions.compute_root, Who.ANYBODY),)
ROUTES = (
    Route("GET", "", versions.compute_document, Who.ANYBODY),
    Route("GET", "extensions", extensions.index, Who.READER),
    Route("GET", "extensions/{alias}", extensions.show, Who.READER),
    *admin_routes.ROUTES,
    Route("GET", "servers", servers.list_brief, Who.READER),
    Route("POST", "servers", servers.create, Who.MEMBER),
    Route("GET", "servers/detail", servers.list_detail, Who.READER),
    Route("GET", "servers/{id}", servers.show, Who.READER),
    Route("PUT", "servers/{id}", servers.update, Who.MEMBER),
    Route("DELETE", "servers/{id}", servers.delete, Who.MEMBER),
    Route("POST", "servers/{id}/action", actions.act, Who.MEMBER),
    Route("POST", "servers/{id}/remote-consoles", actions.remote_console, Who.MEMBER),
    Route("GET", "servers/{id}/ips", servers.ips, Who.READER),
    Route("GET", "servers/{id}/ips/{network}", servers.ips_of_network, Who.READER),
    Route("GET", "servers/{id}/metadata", metadata.show_all, Who.READER),
    Route("PUT", "servers/{id}/metadata", metadata.replace_all, Who.MEMBER),
    Route("POST", "servers/{id}/metadata", metadata.merge, Who.MEMBER),
    Route("GET", "servers/{id}/metadata/{key}", metadata.show, Who.READER),
    Route("PUT", "servers/{id}/metadata/{key}", metadata.set_item, Who.MEMBER),
    Route("DELETE", "servers/{id}/metadata/{key}", metadata.delete_item, Who.MEMBER),
    Route("GET", "servers/{id}/os-instance-actions", history.index, Who.READER),
    Route("GET", "servers/{id}/os-instance-actions/{request_id}", history.show, Who.READER),
    Route("GET", "os-keypairs", keypairs.index, Who.READER),
    Route("POST", "os-keypairs", keypairs.create, Who.MEMBER),
    Route("GET", "os-keypairs/{name}", keypairs.show, Who.READER),
    Route("DELETE", "os-keypairs/{name}", keypairs.delete, Who.MEMBER),
)
CURRENT = "v2.1"
LEGACY = ("v2", "v2.0", "v1.1")  # older names of the same paths, without microversions


class ComputeService(Service):
    """A service with microversions."""

    def begin(self, request: Request, path: str) -> None:
        """Legacy paths are lenient and know no microversion."""
        if path[1:].partition("/")[0] in LEGACY:
            request.strict = False
        else:
            request.version = versions.negotiate(request)

    def finish(self, request: Request, response: HttpResponseBase) -> None:
        """Every answer says which microversion it follows, errors included."""
        if request.strict:
            versions.stamp(response, request.version)


SERVICE = ComputeService("compute", ROOTS, (CURRENT, *LEGACY), ROUTES, project_in_path=True)
