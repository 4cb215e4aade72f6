"""The whole document: every route of every service's table, and what lies beside the services."""

from collections.abc import Iterable
from typing import Any

from synnefo.api.bodies import in_any_case
from synnefo.api.numerals import between
from synnefo.api.openapi import answers, operations
from synnefo.api.routing import Route, Service

ABOUT = {
    "identity": "Identity v3: tokens, people, projects, roles.",
    "compute": "Compute v2.1 with microversions; /compute/v2, /v2.0 and /v1.1 are older names of "
    "the same paths, each also with the project's id after the version.",
    "image": "Image v2: images and their files.",
    "network": "Network v2.0: networks, subnets, ports, routers, security groups.",
    "volume": "Volume v3: volumes, snapshots, backups.",
    "cloud": "What lies beside the services.",
}
# Paths that are no service's: (path, summary, media type of the answer).
BESIDE = (
    ("/", "The web client", "text/html"),
    ("/healthz", "Whether the API process runs", "application/json"),
    ("/readyz", "Whether all that the API needs answers", "application/json"),
    ("/openapi.json", "This document", "application/json"),
    ("/openapi", "This document, to be read by people", "text/html"),
)


def document(services: Iterable[Service]) -> dict[str, Any]:
    """The OpenAPI document."""
    paths: dict[str, dict[str, Any]] = {}
    for service in services:
        for path, route in rows(service):
            at = paths.setdefault(path, {})
            at[route.method.lower()] = operations.operation(service.name, path, route)
    for path, summary, media in BESIDE:
        paths[path] = {"get": _beside(path, summary, media)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Synnefo",
            "version": "1",
            "description": "The public API: OpenStack's, on one port.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": text} for name, text in ABOUT.items()],
        "security": [{"token": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "securitySchemes": {
                "token": {"type": "apiKey", "in": "header", "name": "X-Auth-Token"}
            },
            "schemas": answers.FAULTS,
            "parameters": {f"{name}Microversion": _microversion(name) for name in _VERSIONED},
        },
    }


_VERSIONED = tuple(operations.MICROVERSION)


def rows(service: Service) -> Iterable[tuple[str, Route]]:
    """Each route with its whole path, under the service's current version."""
    for route in service.roots:
        yield f"/{service.name}/{route.path}", route
    for route in service.routes:
        yield f"/{service.name}/{service.versions[0]}/{route.path}", route


def _microversion(service: str) -> dict[str, Any]:
    (major, least), (_, most) = operations.VERSIONS[service]
    pattern = rf"^{service} (latest|{major}\.{between(least, most)})$"
    # It may speak of other services only, of which this one takes no notice.
    called = "|".join(map(in_any_case, operations.CALLED[service]))
    others = {"not": {"pattern": rf"(^|,)\s*({called}) \s*[^\s,]"}}
    return {
        "name": "OpenStack-API-Version",
        "in": "header",
        "description": operations.MICROVERSION[service],
        "schema": {"type": "string", "anyOf": [{"pattern": pattern}, others]},
    }


def _beside(path: str, summary: str, media: str) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": "Here it is", "content": {media: {"schema": {}}}}
    told = {"200": answer}
    if path == "/readyz":
        told["503"] = {**answer, "description": "Something that is needed does not answer"}
    return {
        "operationId": f"cloud_get{path.replace('/', '_').replace('.', '_')}",
        "summary": summary,
        "tags": ["cloud"],
        "security": [],
        "responses": told,
    }
