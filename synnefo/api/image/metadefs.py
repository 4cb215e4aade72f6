"""Metadata definitions: namespaces, and the properties, objects, tags and types they hold."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse

from synnefo.api import bodies
from synnefo.api.image.imports import link
from synnefo.api.image.metadef_bodies import RESOURCE_TYPES
from synnefo.api.pagination import after, limit_of, ordered, sorted_by, sorting
from synnefo.api.request import Request, answer, empty, timestamp
from synnefo.core.faults import BadRequest, Forbidden
from synnefo.db.models import MetadefItem, MetadefNamespace
from synnefo.intents.image import metadefs as intents
from synnefo.intents.image.metadefs import OBJECT, PROPERTY, RESOURCE_TYPE, TAG

NAMESPACES = "/v2/metadefs/namespaces"
SORT_KEYS = {name: name for name in ("namespace", "created_at", "updated_at")}
PLURAL = {OBJECT: "objects", PROPERTY: "properties", TAG: "tags"}
NAME = bodies.text(1, 80)


# --- how things look -----------------------------------------------------------------------------


def _moments(row: MetadefNamespace | MetadefItem) -> dict[str, Any]:
    return {"created_at": timestamp(row.created_at), "updated_at": timestamp(row.updated_at)}


def namespace_record(row: MetadefNamespace) -> dict[str, Any]:
    """One namespace, without what it holds."""
    optional = {"display_name": row.display_name, "description": row.description}
    return {
        "namespace": row.namespace,
        **{name: value for name, value in optional.items() if value is not None},
        "visibility": row.visibility,
        "protected": row.protected,
        "owner": row.owner,
        **_moments(row),
        "self": f"{NAMESPACES}/{row.namespace}",
        "schema": "/v2/schemas/metadefs/namespace",
    }


def _property(row: MetadefItem, _namespace: str) -> dict[str, Any]:
    return {"name": row.name, **row.content}


def _tag(row: MetadefItem, _namespace: str) -> dict[str, Any]:
    return {"name": row.name, **_moments(row)}


def _object(row: MetadefItem, namespace: str) -> dict[str, Any]:
    return {
        "name": row.name,
        "required": [],
        "properties": {},
        **row.content,
        **_moments(row),
        "self": f"{NAMESPACES}/{namespace}/objects/{row.name}",
        "schema": "/v2/schemas/metadefs/object",
    }


def _association(row: MetadefItem, _namespace: str) -> dict[str, Any]:
    return {"name": row.name, **row.content, **_moments(row)}


RENDER: dict[str, Callable[[MetadefItem, str], dict[str, Any]]] = {
    PROPERTY: _property,
    OBJECT: _object,
    TAG: _tag,
    RESOURCE_TYPE: _association,
}


def _items(row: MetadefNamespace, kind: str) -> list[MetadefItem]:
    return list(MetadefItem.objects.filter(namespace=row, kind=kind).order_by("pk"))


# --- namespaces ----------------------------------------------------------------------------------


@sorted_by(SORT_KEYS)
def namespaces(request: Request) -> HttpResponse:
    """GET /v2/metadefs/namespaces."""
    rows = intents.readable(request.caller)
    if "visibility" in request.query:
        rows = rows.filter(visibility=str(request.query["visibility"])[:16])
    if "resource_types" in request.query:
        names = str(request.query["resource_types"]).split(",")[:100]
        rows = rows.filter(items__kind=RESOURCE_TYPE, items__name__in=names).distinct()
    order = sorting(request, SORT_KEYS, ("created_at", "desc"))
    if (marker := request.query.get("marker")) is not None:
        last = intents.readable(request.caller).filter(namespace=marker).first()
        if last is None:
            raise BadRequest(f"marker {marker[:80]!r} is no namespace.", field="marker")
        values = tuple(getattr(last, key) for key, _ in order)
        rows = rows.filter(after(MetadefNamespace, order, values))
    limit = limit_of(request)
    page = list(ordered(rows, order)[:limit])
    data = {
        "namespaces": _with_types(page),
        "first": link(request, NAMESPACES),
        "schema": "/v2/schemas/metadefs/namespaces",
    }
    if limit and len(page) == limit:
        data["next"] = link(request, NAMESPACES, page[-1].namespace)
    return answer(data)


def _with_types(page: list[MetadefNamespace]) -> list[dict[str, Any]]:
    """The namespaces of a list tell what they are for."""
    types: dict[int, list[dict[str, Any]]] = {row.pk: [] for row in page}
    items = MetadefItem.objects.filter(namespace__in=page, kind=RESOURCE_TYPE).order_by("pk")
    for item in items:
        types[item.namespace_id].append(_association(item, ""))
    return [
        namespace_record(row)
        | ({"resource_type_associations": types[row.pk]} if types[row.pk] else {})
        for row in page
    ]


def _whole(row: MetadefNamespace) -> dict[str, Any]:
    items: dict[str, list[MetadefItem]] = {kind: [] for kind in intents.KINDS}
    for item in MetadefItem.objects.filter(namespace=row).order_by("pk"):
        items[item.kind].append(item)
    held: dict[str, Any] = {
        "resource_type_associations": [_association(one, "") for one in items[RESOURCE_TYPE]],
        "properties": {one.name: one.content for one in items[PROPERTY]},
        "objects": [_object(one, row.namespace) for one in items[OBJECT]],
        "tags": [{"name": one.name} for one in items[TAG]],
    }
    return namespace_record(row) | {name: value for name, value in held.items() if value}


def show_namespace(request: Request, name: str) -> HttpResponse:
    """GET /v2/metadefs/namespaces/{namespace}."""
    return answer(_whole(intents.find(request.caller, name)))


def create_namespace(request: Request) -> HttpResponse:
    """POST /v2/metadefs/namespaces."""
    body = dict(request.wish)
    items = {
        PROPERTY: dict(body.pop("properties", {})),
        OBJECT: _by_name(body.pop("objects", [])),
        TAG: _by_name(body.pop("tags", [])),
        RESOURCE_TYPE: _by_name(body.pop("resource_type_associations", [])),
    }
    row = intents.create(request.caller, body, items)
    location = {"Location": f"{NAMESPACES}/{row.namespace}"}
    return answer(_whole(row), 201, location)


def _by_name(items: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {one["name"]: {k: v for k, v in one.items() if k != "name"} for one in items}


def update_namespace(request: Request, name: str) -> HttpResponse:
    """PUT /v2/metadefs/namespaces/{namespace}: what it holds has addresses of its own."""
    columns = dict(request.wish)
    if held := columns.keys() & {"properties", "objects", "tags", "resource_type_associations"}:
        raise BadRequest(f"{min(held)} cannot be changed with the namespace.", field=min(held))
    return answer(namespace_record(intents.update(request.caller, name, columns)))


def delete_namespace(request: Request, name: str) -> HttpResponse:
    """DELETE /v2/metadefs/namespaces/{namespace}."""
    intents.delete(request.caller, name)
    return empty(204)


# --- what they hold ------------------------------------------------------------------------------


def index(kind: str) -> Callable[..., HttpResponse]:
    """GET …/properties, …/objects, …/tags."""

    def view(request: Request, name: str) -> HttpResponse:
        row = intents.find(request.caller, name)
        items = [RENDER[kind](item, name) for item in _items(row, kind)]
        if kind == PROPERTY:
            return answer({"properties": {item.pop("name"): item for item in items}})
        if kind == TAG:
            return answer({"tags": [{"name": item["name"]} for item in items]})
        return answer({PLURAL[kind]: items, "schema": f"/v2/schemas/metadefs/{PLURAL[kind]}"})

    return view


def show(kind: str) -> Callable[..., HttpResponse]:
    """GET …/{kind}/{name}."""

    def view(request: Request, name: str, key: str) -> HttpResponse:
        item = intents.item(intents.find(request.caller, name), kind, key)
        return answer(RENDER[kind](item, name))

    return view


def create(kind: str) -> Callable[..., HttpResponse]:
    """POST …/properties and …/objects."""

    def view(request: Request, name: str) -> HttpResponse:
        content = dict(request.wish)
        key = content.pop("name")
        row = intents.find(request.caller, name)
        items = intents.add_items(row, kind, [(key, content)])
        return answer(RENDER[kind](items[0], name), 201)

    return view


def update(kind: str) -> Callable[..., HttpResponse]:
    """PUT …/{kind}/{name}."""

    def view(request: Request, name: str, key: str) -> HttpResponse:
        content = dict(request.wish)
        item = intents.item(intents.find(request.caller, name), kind, key)
        item = intents.change_item(item, content.pop("name", key), content)
        return answer(RENDER[kind](item, name))

    return view


def delete(kind: str) -> Callable[..., HttpResponse]:
    """DELETE …/{kind}/{name}."""

    def view(request: Request, name: str, key: str) -> HttpResponse:
        intents.delete_items(intents.find(request.caller, name), kind, key)
        return empty(204)

    return view


def clear(kind: str) -> Callable[..., HttpResponse]:
    """DELETE …/{kind}: all of them."""

    def view(request: Request, name: str) -> HttpResponse:
        intents.delete_items(intents.find(request.caller, name), kind)
        return empty(204)

    return view


def create_tag(request: Request, name: str, key: str) -> HttpResponse:
    """POST …/tags/{tag}."""
    row = intents.find(request.caller, name)
    items = intents.add_items(row, TAG, [(NAME(key, "name", True), {})])
    return answer(_tag(items[0], name), 201)


def create_tags(request: Request, name: str) -> HttpResponse:
    """POST …/tags: these in the place of all others, or besides them."""
    row = intents.find(request.caller, name)
    append = (request.header("X-Openstack-Append") or "").strip().lower() in bodies.TRUE
    put = intents.add_items if append else intents.replace_items
    put(row, TAG, [(one["name"], {}) for one in request.wish["tags"]])
    return answer({"tags": [{"name": one["name"]} for one in request.wish["tags"]]}, 201)


def resource_types(request: Request) -> HttpResponse:
    """GET /v2/metadefs/resource_types: the usual ones and those that somebody has named."""
    seen = intents.readable(request.caller)
    named = MetadefItem.objects.filter(kind=RESOURCE_TYPE, namespace__in=seen)
    names = {*RESOURCE_TYPES, *named.values_list("name", flat=True)}
    types = [{"name": name, "created_at": MADE, "updated_at": MADE} for name in sorted(names)]
    return answer({"resource_types": types})


MADE = "2014-08-28T17:13:06Z"  # the types have been what they are since they were first published


def associations(request: Request, name: str) -> HttpResponse:
    """GET …/resource_types."""
    row = intents.find(request.caller, name)
    items = [_association(item, name) for item in _items(row, RESOURCE_TYPE)]
    return answer({"resource_type_associations": items})


def associate(request: Request, name: str) -> HttpResponse:
    """POST …/resource_types."""
    content = dict(request.wish)
    key = content.pop("name")
    row = intents.find(request.caller, name)
    items = intents.add_items(row, RESOURCE_TYPE, [(key, content)])
    return answer(_association(items[0], name), 201)


def dissociate(request: Request, name: str, key: str) -> HttpResponse:
    """DELETE …/resource_types/{name}."""
    row = intents.find(request.caller, name)
    if row.protected:
        raise Forbidden(f"Metadata definition namespace={name} is protected.")
    intents.delete_items(row, RESOURCE_TYPE, key)
    return empty(204)
