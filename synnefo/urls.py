"""The public addresses; below each service its own table leads on (`api/*/routes.py`)."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, re_path

from synnefo.api import health, web
from synnefo.api.compute import routes as compute
from synnefo.api.identity import routes as identity
from synnefo.api.image import routes as image
from synnefo.api.network import routes as network
from synnefo.api.openapi import pages as openapi
from synnefo.api.routing import Service
from synnefo.api.volume import routes as volume

SERVICES: tuple[Service, ...] = (
    identity.SERVICE,
    compute.SERVICE,
    image.SERVICE,
    network.SERVICE,
    volume.SERVICE,
)


def _view(service: Service) -> Callable[..., HttpResponseBase]:
    def view(http: HttpRequest, rest: str = "") -> HttpResponseBase:
        return service.serve(http, rest)

    return view


urlpatterns: list[URLPattern] = [
    *(
        re_path(rf"^{service.name}(?P<rest>/(?s:.*))?\Z", _view(service), name=service.name)
        for service in SERVICES
    ),
    path("", web.index, name="ui"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("openapi.json", openapi.document_of(SERVICES), name="openapi"),
    path("openapi", openapi.page, name="openapi-page"),
    path("static/<path:path>", web.static, name="static"),
    path("console/vnc.html", web.console, name="console"),
    re_path(r"", web.unknown),
]
handler404 = web.unknown  # What does not begin with a slash matches nothing.
