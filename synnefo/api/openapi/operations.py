"""One route as an operation of the document: parameters, body, who may, answers."""

import re
from inspect import unwrap
from typing import Any

from synnefo.api import versions
from synnefo.api.bodies import BY_MEDIA, ByVersion, Schema, schema_of
from synnefo.api.openapi import answers, parameters, summaries
from synnefo.api.routing import Route, Who
from synnefo.api.volume import versions as volume_versions

WHO = {
    "ANYBODY": "anybody, without a token",
    "KNOWN": "anybody with a token",
    "READER": "readers, members and administrators of the token's project",
    "MEMBER": "members and administrators of the token's project",
    "ADMIN": "administrators",
    "LOOKER": "administrators, and who has a role in the system or in the domain",
    "KEEPER": "administrators, and managers of the domain",
    "OVERSEER": "administrators, and who has a role in the system",
}
STREAM = "application/octet-stream"
STREAMED = frozenset({("image", "GET", "images/{id}/file")})
MICROVERSION = {
    "compute": "The microversion: `compute 2.1` to the newest, or `compute latest`",
    "volume": "The microversion: `volume 3.0` to the newest, or `volume latest`",
}
# Which ones there are, and what services are called in the header.
VERSIONS = {
    "compute": (versions.MINIMUM, versions.MAXIMUM),
    "volume": (volume_versions.MINIMUM, volume_versions.MAXIMUM),
}
CALLED = {"compute": ("compute",), "volume": ("volume", "block-storage")}
_FIELD = re.compile(r"\{(\w+)\}")


def operation(service: str, path: str, route: Route) -> dict[str, Any]:
    """The operation object; `path` is the whole path with its fields."""
    told: dict[str, Any] = {
        "operationId": _identifier(service, path, route),
        "summary": summaries.summary(route),
        "description": f"For {WHO[route.who.name]}.",
        "tags": [service],
        "parameters": [
            *_in_path(service, path, route),
            *_in_query(service, route),
            *_in_header(service, route),
        ],
    }
    body = _body(route)
    if body:
        told["requestBody"] = body
    if route.who is Who.ANYBODY:
        told["security"] = []
    if set(route.gives) == {410}:
        told["deprecated"] = True
    told["responses"] = answers.of(service, route, media=body is not None)
    if (service, route.method, route.path) in STREAMED:
        told["responses"]["200"]["content"] = {STREAM: {"schema": {}}}
    return told


def _identifier(service: str, path: str, route: Route) -> str:
    usual = "version" if path.count("/") > 2 else "root"
    words = re.sub(r"\W+", "_", route.path).strip("_") or usual
    return f"{service}_{route.method.lower()}_{words}"


def _in_path(service: str, path: str, route: Route) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": parameters.in_path(service, route.path, name),
        }
        for name in _FIELD.findall(path)
    ]


def _in_query(service: str, route: Route) -> list[dict[str, Any]]:
    # Lists know what they can be sorted by, be they objects or views.
    view = unwrap(route.view)
    keys = getattr(getattr(view, "__self__", view), "sort_keys", ())
    return [
        {"name": name, "in": "query", "schema": parameters.schema(service, route.path, name, keys)}
        for name in route.query
    ]


def _in_header(service: str, route: Route) -> list[dict[str, Any]]:
    if (service, route.path) == ("identity", "auth/tokens") and route.method != "POST":
        return [
            {
                "name": "X-Subject-Token",
                "in": "header",
                "description": "The token that is asked about, which may be the caller's own",
                "required": True,
                "schema": {"type": "string", "minLength": 1},
            }
        ]
    if service not in MICROVERSION:
        return []
    return [{"$ref": f"#/components/parameters/{service}Microversion"}]


def _body(route: Route) -> dict[str, Any] | None:
    if route.body is None:
        content: dict[str, Any] = {media: {"schema": {}} for media in route.media}
        return {"required": True, "content": content} if content else None
    other: dict[str, Schema] = {}
    if not isinstance(route.body, ByVersion):
        schema = dict(schema_of(route.body))
        other = schema.pop(BY_MEDIA, {})
        told: dict[str, Any] = {"schema": schema}
    else:
        steps = [(since, schema_of(kind)) for since, kind in route.body]
        told = {"schema": {"anyOf": [schema for _, schema in steps]}}
        told["x-since"] = [f"microversion {since}" for since, _ in steps]
    content = dict.fromkeys(route.media or (_JSON,), told)
    content |= {media: {"schema": schema} for media, schema in other.items()}
    return {"required": True, "content": content}


_JSON = "application/json"
