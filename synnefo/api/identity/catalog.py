"""The catalog: which services there are and where. Names and forms of the addresses are those
that clients look for; see the table's last column.
"""

import uuid
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import orjson
from django.db.models import Exists, OuterRef
from django.db.models.expressions import Combinable

from synnefo.db.models import CatalogService, Endpoint, EndpointGroup, ProjectEndpoint
from synnefo.db.prepared import Prepared

REGION = "RegionOne"
INTERFACES = ("public", "internal", "admin")
SERVICES = (
    # type       name        path
    ("identity", "keystone", "/identity/v3"),
    ("compute", "nova", "/compute/v2.1"),
    ("image", "glance", "/image"),  # without the version: clients append it
    ("network", "neutron", "/network"),  # likewise
    ("block-storage", "cinder", "/volume/v3"),
    ("volumev3", "cinderv3", "/volume/v3"),  # the same; older clients ask for this type
)


def _id(*words: str) -> str:
    """The same id in every answer and process."""
    return uuid.uuid5(uuid.NAMESPACE_URL, "/".join(words)).hex


IDS = {name: _id(name) for _, name, _ in SERVICES}
ENDPOINT_IDS = {
    (name, interface): _id(name, interface) for _, name, _ in SERVICES for interface in INTERFACES
}


def is_changed(project: OuterRef) -> Combinable:
    """Whether operators added something to what this project sees: a part of another query."""
    return (
        Exists(Endpoint.objects.filter(enabled=True))
        | Exists(ProjectEndpoint.objects.filter(project_id=project))
        | Exists(EndpointGroup.objects.filter(projects=project))
    )


# What they added, found with one prepared query each: rows are few, and mostly there are none.
_ADDED = Prepared(
    lambda: (
        Endpoint.objects.filter(enabled=True)
        .order_by("service_id", "pk")
        .values_list("id", "service_id", "interface", "url", "region_id")
    )
)
_SHOWN = Prepared(
    lambda project: ProjectEndpoint.objects.filter(project_id=project).values_list("endpoint_id"),
    str,
)
_SHOWN_BY_GROUP = Prepared(
    lambda project: EndpointGroup.objects.filter(projects=project).values_list("filters"), str
)


class Place(NamedTuple):
    """One endpoint of the catalog."""

    id: str
    service_id: str
    interface: str
    url: str
    region_id: str

    def shown(self) -> dict[str, Any]:
        """As the catalog has it."""
        return {
            "id": self.id,
            "interface": self.interface,
            "region": self.region_id or None,
            "region_id": self.region_id or None,
            "url": self.url,
        }


@lru_cache(64)
def own_places(base: str) -> tuple[Place, ...]:
    """The endpoints of this cloud itself."""
    return tuple(
        Place(ENDPOINT_IDS[name, interface], IDS[name], interface, base + path, REGION)
        for _, name, path in SERVICES
        for interface in INTERFACES
    )


@lru_cache(64)
def _own_catalog(base: str) -> orjson.Fragment:
    """The catalog where no operator added anything, in JSON."""
    return orjson.Fragment(orjson.dumps(_listed(own_places(base), _own_kinds())))


def catalog(
    base: str, project_id: str | None, *, changed: bool = True
) -> list[dict[str, Any]] | orjson.Fragment:
    """The catalog as tokens carry it; a project may be shown a part of it only.

    Who knows by `is_changed` that nothing was added says so, and saves looking.
    """
    if not changed:
        return _own_catalog(base)
    places = [*own_places(base), *(Place(*row) for row in _ADDED.rows())]
    if project_id is not None:
        places = _shown_to(project_id, places)
    kinds = _own_kinds()
    if any(place.service_id not in kinds for place in places):
        kinds |= _added_services()
    return _listed(places, kinds)


def _own_kinds() -> dict[str, tuple[str, str]]:
    return {IDS[name]: (kind, name) for kind, name, _ in SERVICES}


def _listed(places: Iterable[Place], kinds: dict[str, tuple[str, str]]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for place in places:
        if place.service_id not in kinds:
            continue  # It is disabled.
        kind, name = kinds[place.service_id]
        entry = {"id": place.service_id, "type": kind, "name": name, "endpoints": []}
        found.setdefault(place.service_id, entry)["endpoints"].append(place.shown())
    return list(found.values())


def _added_services() -> dict[str, tuple[str, str]]:
    rows = CatalogService.objects.filter(enabled=True)
    return {row.id: (row.type, str(row.extra.get("name", ""))) for row in rows}


def _shown_to(project_id: str, places: list[Place]) -> list[Place]:
    """All, unless an operator chose some of them for the project."""
    chosen = {row[0] for row in _SHOWN.rows(project_id)}
    groups = [row[0] for row in _SHOWN_BY_GROUP.rows(project_id)]
    if not chosen and not groups:
        return places
    return [
        place
        for place in places
        if place.id in chosen or any(fits(place, filters) for filters in groups)
    ]


def fits(place: Place, filters: Mapping[str, Any]) -> bool:
    """Whether an endpoint has the properties that a group of endpoints asks for."""
    return all(getattr(place, name, None) == value for name, value in filters.items())
