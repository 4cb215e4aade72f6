"""Metadata definitions: every path below /v2/metadefs; all may read, administrators write."""

from collections.abc import Mapping

from synnefo.api import bodies
from synnefo.api.bodies import Kind
from synnefo.api.image import metadef_bodies as kinds
from synnefo.api.image import metadefs
from synnefo.api.image.records import TEXT
from synnefo.api.routing import Route, View, Who
from synnefo.intents.image.metadefs import OBJECT, PROPERTY, TAG

BASE = "metadefs/namespaces"
NAMED = bodies.record({"name": TEXT}, need=("name",), rest=bodies.anything)
NAMESPACE = bodies.record(
    {"namespace": TEXT, "owner": TEXT, "visibility": TEXT, "protected": bodies.flag},
    need=("namespace", "owner", "visibility", "protected"),
    rest=bodies.anything,
)
NAMESPACES = bodies.record(
    {"namespaces": bodies.listing(NAMESPACE), "first": TEXT, "next": TEXT, "schema": TEXT},
    need=("namespaces", "first", "schema"),
)
PAGES = ("limit", "marker", "sort_key", "sort_dir", "visibility", "resource_types")


def _read(path: str, view: View, kind: Kind, query: tuple[str, ...] = ()) -> Route:
    return Route("GET", path, view, Who.READER, gives={200: kind}, query=query)


def _write(
    method: str,
    path: str,
    view: View,
    gives: Mapping[int, Kind | None],
    body: Kind | None = None,
) -> Route:
    return Route(method, path, view, Who.ADMIN, body, gives)


def _list(name: str, kind: Kind) -> Kind:
    return bodies.record({name: kind, "schema": TEXT}, need=(name,))


def _held(plural: str, kind: str, body: Kind, listed: Kind) -> tuple[Route, ...]:
    """What is the same for properties, objects and tags."""
    every, one = f"{BASE}/{{name}}/{plural}", f"{BASE}/{{name}}/{plural}/{{key}}"
    return (
        _read(every, metadefs.index(kind), _list(plural, listed)),
        _write("DELETE", every, metadefs.clear(kind), {204: None}),
        _read(one, metadefs.show(kind), NAMED),
        _write("PUT", one, metadefs.update(kind), {200: NAMED}, body),
        _write("DELETE", one, metadefs.delete(kind), {204: None}),
    )


def _created(plural: str, kind: str, body: Kind) -> Route:
    return _write("POST", f"{BASE}/{{name}}/{plural}", metadefs.create(kind), {201: NAMED}, body)


ROUTES = (
    _read(
        "metadefs/resource_types",
        metadefs.resource_types,
        _list("resource_types", bodies.listing(NAMED)),
    ),
    _read(BASE, metadefs.namespaces, NAMESPACES, PAGES),
    _write("POST", BASE, metadefs.create_namespace, {201: NAMESPACE}, kinds.NEW_NAMESPACE),
    _read(f"{BASE}/{{name}}", metadefs.show_namespace, NAMESPACE),
    _write(
        "PUT",
        f"{BASE}/{{name}}",
        metadefs.update_namespace,
        {200: NAMESPACE},
        kinds.CHANGED_NAMESPACE,
    ),
    _write("DELETE", f"{BASE}/{{name}}", metadefs.delete_namespace, {204: None}),
    *_held("properties", PROPERTY, kinds.PROPERTY, bodies.mapping(TEXT, bodies.anything)),
    _created("properties", PROPERTY, kinds.PROPERTY),
    *_held("objects", OBJECT, kinds.OBJECT, bodies.listing(NAMED)),
    _created("objects", OBJECT, kinds.OBJECT),
    *_held("tags", TAG, kinds.TAG, bodies.listing(NAMED)),
    _write(
        "POST",
        f"{BASE}/{{name}}/tags",
        metadefs.create_tags,
        {201: _list("tags", bodies.listing(NAMED))},
        kinds.TAGS,
    ),
    _write("POST", f"{BASE}/{{name}}/tags/{{key}}", metadefs.create_tag, {201: NAMED}),
    _read(
        f"{BASE}/{{name}}/resource_types",
        metadefs.associations,
        _list("resource_type_associations", bodies.listing(NAMED)),
    ),
    _write(
        "POST",
        f"{BASE}/{{name}}/resource_types",
        metadefs.associate,
        {201: NAMED},
        kinds.ASSOCIATION,
    ),
    _write("DELETE", f"{BASE}/{{name}}/resource_types/{{key}}", metadefs.dissociate, {204: None}),
)
