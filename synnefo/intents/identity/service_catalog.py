"""What operators add to the catalog: regions, services, endpoints and groups of endpoints.

What the cloud itself has (`known`, by id) is made by the code and only read here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from synnefo.core.faults import BadRequest, Conflict, Forbidden, NotFound
from synnefo.db.models import (
    CatalogService,
    Endpoint,
    EndpointGroup,
    ProjectEndpoint,
    Region,
    RegisteredLimit,
)
from synnefo.db.transactions import writing
from synnefo.intents import extras
from synnefo.intents.identity import identity_rows, projects, unified_limits

REGION = ("id", "description", "parent_region_id")
SERVICE = ("type", "enabled")
ENDPOINT = ("service_id", "interface", "url", "region", "region_id", "enabled")


def refuse_builtin(noun: str, key: str) -> None:
    """What the cloud is made of cannot be changed by a request."""
    raise Forbidden(f"The {noun} {key} is one of this cloud itself and stays as it is.")


# --- regions -------------------------------------------------------------------------------------


def region(key: str) -> Region:
    """The region; NotFound if there is none."""
    return identity_rows.found(Region.objects.all(), key, "region")


def _parent(wish: Mapping[str, Any], own: str, known: Collection[str]) -> str:
    key = wish.get("parent_region_id") or ""
    above, seen = key, {own}
    while above and above not in known:
        if above in seen:
            raise BadRequest("A region cannot be inside itself.", field="region.parent_region_id")
        seen.add(above)
        above = region(above).parent_id
    return str(key)


def create_region(wish: Mapping[str, Any], known: Collection[str]) -> Region:
    """A new region."""
    fields, extra = extras.parted(wish, REGION)
    row = Region(description=extras.text(fields, "description"), extra=extras.merged({}, extra))
    row.id = fields.get("id") or row.id
    row.parent_id = _parent(fields, "", known)
    with writing():
        if row.id in known or Region.objects.filter(pk=row.id).exists():
            raise Conflict(
                f"Conflict occurred attempting to store region - Duplicate ID, {row.id}."
            )
        row.save(force_insert=True)
    return row


def update_region(key: str, wish: Mapping[str, Any], known: Collection[str]) -> Region:
    """Change a region."""
    row = region(key)
    fields, extra = extras.parted(wish, REGION)
    if "parent_region_id" in fields:
        row.parent_id = _parent(fields, key, known)
    row.description = extras.text(fields, "description", row.description)
    row.extra = extras.merged(row.extra, extra)
    with writing():
        row.save()
    return row


def delete_region(key: str) -> None:
    """Delete a region that has no endpoints, and the regions in it."""
    row = region(key)
    with writing():
        if Endpoint.objects.filter(region_id=key).exists():
            raise Forbidden(f"Unable to delete region {key} because it has associated endpoints.")
        if RegisteredLimit.objects.filter(region_id=key).exists():
            raise Forbidden(f"Unable to delete region {key} because limits are registered for it.")
        for below in Region.objects.filter(parent_id=key):
            delete_region(below.id)
        row.delete()


# --- services ------------------------------------------------------------------------------------


def service(key: str) -> CatalogService:
    """The service; NotFound if there is none."""
    return identity_rows.found(CatalogService.objects.all(), key, "service")


def create_service(wish: Mapping[str, Any]) -> CatalogService:
    """A new service."""
    fields, extra = extras.parted(wish, SERVICE)
    row = CatalogService(type=fields["type"], enabled=fields.get("enabled", True))
    row.extra = extras.merged({}, extra)
    with writing():
        row.save(force_insert=True)
    return row


def update_service(key: str, wish: Mapping[str, Any]) -> CatalogService:
    """Change a service."""
    row = service(key)
    fields, extra = extras.parted(wish, SERVICE)
    row.type, row.enabled = fields.get("type", row.type), fields.get("enabled", row.enabled)
    row.extra = extras.merged(row.extra, extra)
    with writing():
        row.save()
    return row


def delete_service(key: str) -> None:
    """Delete a service with its endpoints."""
    row = service(key)
    with writing():
        Endpoint.objects.filter(service_id=key).delete()
        unified_limits.forget_service(key)
        row.delete()


# --- endpoints -----------------------------------------------------------------------------------


def endpoint(key: str) -> Endpoint:
    """The endpoint; NotFound if there is none."""
    return identity_rows.found(Endpoint.objects.all(), key, "endpoint")


def _fill(
    row: Endpoint,
    wish: Mapping[str, Any],
    known_services: Collection[str],
    known_regions: Collection[str],
) -> Endpoint:
    fields, extra = extras.parted(wish, ENDPOINT)
    if "service_id" in fields and fields["service_id"] not in known_services:
        try:
            service(fields["service_id"])
        except NotFound as missing:
            raise BadRequest(missing.message, field="endpoint.service_id") from missing
    row.service_id = fields.get("service_id", row.service_id)
    row.interface = fields.get("interface", row.interface)
    row.url, row.enabled = fields.get("url", row.url), fields.get("enabled", row.enabled)
    row.extra = extras.merged(row.extra, extra)
    with writing():
        if "region_id" in fields or "region" in fields:
            row.region_id = _region_of(fields, known_regions)
        row.save()
    return row


def _region_of(fields: Mapping[str, Any], known: Collection[str]) -> str:
    """The region by its id, or by its name, which makes it if there is none."""
    key = fields.get("region_id") or ""
    if key and key not in known and not Region.objects.filter(pk=key).exists():
        raise BadRequest(f"Could not find region: {key}.", field="endpoint.region_id")
    if not key and fields.get("region"):
        key = fields["region"]
        if key not in known:
            Region.objects.get_or_create(id=key)
    return str(key)


def create_endpoint(
    wish: Mapping[str, Any], known_services: Collection[str], known_regions: Collection[str]
) -> Endpoint:
    """A new endpoint."""
    return _fill(Endpoint(), wish, known_services, known_regions)


def update_endpoint(
    key: str,
    wish: Mapping[str, Any],
    known_services: Collection[str],
    known_regions: Collection[str],
) -> Endpoint:
    """Change an endpoint."""
    return _fill(endpoint(key), wish, known_services, known_regions)


def delete_endpoint(key: str) -> None:
    """Delete an endpoint."""
    row = endpoint(key)
    with writing():
        ProjectEndpoint.objects.filter(endpoint_id=key).delete()
        row.delete()


# --- which project sees which --------------------------------------------------------------------


def group(key: str) -> EndpointGroup:
    """The group of endpoints; NotFound if there is none."""
    return identity_rows.found(EndpointGroup.objects.all(), key, "Endpoint Group")


def save_group(row: EndpointGroup, wish: Mapping[str, Any]) -> EndpointGroup:
    """Make or change a group of endpoints."""
    row.name = wish.get("name") or row.name
    row.description = extras.text(wish, "description", row.description)
    filters = wish.get("filters")
    row.filters = row.filters if filters is None else filters
    with writing():
        row.save()
    return row


def delete_group(key: str) -> None:
    """Delete a group of endpoints."""
    row = group(key)
    with writing():
        row.delete()


def show_group_to(key: str, project_id: str) -> None:
    """The project sees the group's endpoints from now on."""
    row, project = group(key), projects.get(project_id)
    with writing():
        row.projects.add(project)


def hide_group_from(key: str, project_id: str) -> None:
    """No more; NotFound if it did not."""
    row, project = group(key), projects.get(project_id)
    with writing():
        gone = row.projects.filter(pk=project.pk).exists()
        row.projects.remove(project)
    if not gone:
        raise NotFound(f"Endpoint Group {key} is not shown to project {project_id}.")


def show_endpoint_to(key: str, project_id: str) -> None:
    """The project sees the endpoint from now on."""
    project = projects.get(project_id)
    with writing():
        ProjectEndpoint.objects.get_or_create(endpoint_id=key, project=project)


def hide_endpoint_from(key: str, project_id: str) -> None:
    """No more; NotFound if it did not."""
    projects.get(project_id)
    with writing():
        gone, _ = ProjectEndpoint.objects.filter(endpoint_id=key, project_id=project_id).delete()
    if not gone:
        raise NotFound(f"Endpoint {key} is not shown to project {project_id}.")
