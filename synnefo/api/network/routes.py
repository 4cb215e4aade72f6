"""The network service: every path, what answers it and who may ask."""

from synnefo.api import versions
from synnefo.api.network import service
from synnefo.api.network.resources import NETWORKS, PORTS, SUBNETS
from synnefo.api.routing import Route, Service, Who

ROOTS = (Route("GET", "", versions.network_root, Who.ANYBODY),)
ROUTES = (
    Route("GET", "", service.document, Who.READER),
    *(
        route
        for nouns in (NETWORKS, SUBNETS, PORTS)
        for route in (
            Route("GET", nouns.name, nouns.index, Who.READER),
            Route("GET", f"{nouns.name}/{{id}}", nouns.show, Who.READER),
        )
    ),
    Route("GET", "extensions", service.list_extensions, Who.READER),
    Route("GET", "extensions/{alias}", service.show_extension, Who.READER),
    Route("GET", "quotas", service.list_quotas, Who.READER),
    Route("GET", "quotas/{id}", service.show_quota, Who.READER),
    Route("GET", "quotas/{id}/default", service.show_quota, Who.READER),
)
SERVICE = Service("network", ROOTS, ("v2.0",), ROUTES)
