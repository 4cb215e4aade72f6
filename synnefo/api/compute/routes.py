"""The compute service: every path, what answers it and who may ask."""

from django.http.response import HttpResponseBase

from synnefo.api import versions
from synnefo.api.bodies import sometimes
from synnefo.api.compute import (
    action_bodies,
    actions,
    admin_routes,
    gating,
    image_proxies,
    interfaces,
    network_proxies,
    security_group_proxies,
    server_consoles,
    server_routes,
    shares,
    volume_attachments,
    volume_proxies,
)
from synnefo.api.request import Request
from synnefo.api.routing import Route, Service, Who

ANSWERED = sometimes(actions.ANSWER)
ROOTS = (Route("GET", "", versions.compute_root, Who.ANYBODY, gives={200: versions.LIST_SHAPE}),)
ROUTES = (
    Route("GET", "", versions.compute_document, Who.ANYBODY, gives={200: versions.SHAPE}),
    *admin_routes.ROUTES,
    *server_routes.ROUTES,
    *interfaces.ROUTES,
    *shares.ROUTES,
    *network_proxies.ROUTES,
    *security_group_proxies.ROUTES,
    *volume_attachments.ROUTES,
    *volume_proxies.ROUTES,
    *image_proxies.ROUTES,
    Route(
        "POST",
        "servers/{id}/action",
        actions.act,
        Who.MEMBER,
        actions.body,
        {200: ANSWERED, 202: ANSWERED, 204: None},
    ),
    Route(
        "POST",
        "servers/{id}/remote-consoles",
        server_consoles.remote,
        Who.MEMBER,
        action_bodies.REMOTE_CONSOLE,
        {200: server_consoles.REMOTE},
    ),
)
CURRENT = "v2.1"
LEGACY = ("v2", "v2.0", "v1.1")  # older names of the same paths, without microversions
STRICT_QUERIES = 102  # From here on no query has anything that its path does not know.


class ComputeService(Service):
    """A service with microversions."""

    def begin(self, request: Request, path: str) -> None:
        """Legacy paths are lenient and know no microversion."""
        if path[1:].partition("/")[0] in LEGACY:
            request.strict = False
        else:
            request.version = versions.negotiate(request)

    def _admit(self, request: Request, route: Route, path: str) -> None:
        super()._admit(request, route, path)
        if request.strict and request.version[1] >= STRICT_QUERIES:
            gating.check_query(request, route.query)

    def finish(self, request: Request, response: HttpResponseBase) -> None:
        """Every answer says which microversion it follows, errors included."""
        if request.strict:
            versions.stamp(response, request.version)


SERVICE = ComputeService("compute", ROOTS, (CURRENT, *LEGACY), ROUTES, project_in_path=True)
