"""What administrators ask of flavors.

A deleted flavor is kept, hidden, for its servers; its id and its name are free again.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError
from django.utils import timezone

from synnefo.core.faults import BadRequest, Conflict, NotFound
from synnefo.db.models import Flavor, FlavorAccess, Project
from synnefo.db.transactions import writing

MOST_SPECS = 128


def create(fields: Mapping[str, Any]) -> Flavor:
    """A new size; without an id it gets one. Conflict if its id or its name is taken."""
    wish = {**fields, "flavor_id": fields.get("flavor_id") or str(uuid.uuid4())}
    row = Flavor(**wish)
    for column, what in (("flavor_id", "ID"), ("name", "name")):
        if Flavor.objects.filter(**{column: wish[column]}).exists():
            raise Conflict(f"Flavor with {what} {wish[column]} already exists.", field=column)
    try:
        with writing():
            row.save(force_insert=True)
    except IntegrityError as taken:
        raise Conflict(f"Flavor {wish['name']} already exists.", field="name") from taken
    return row


def describe(flavor_id: str, description: str | None) -> Flavor:
    """All that can change of a size."""
    with writing():
        row = _locked(flavor_id)
        row.description = description
        row.save(update_fields=["description"])
    return row


def delete(flavor_id: str) -> None:
    """Nobody gets it any more; the servers that have it keep it."""
    with writing():
        row = _locked(flavor_id)
        row.deleted_at = timezone.now()
        row.save(update_fields=["deleted_at"])
        FlavorAccess.objects.filter(flavor=row).delete()


def set_specs(flavor_id: str, specs: Mapping[str, str]) -> Flavor:
    """Add or change some extra specs."""
    with writing():
        row = _locked(flavor_id)
        merged = {**row.extra_specs, **specs}
        if len(merged) > MOST_SPECS:
            raise BadRequest(f"A flavor may have at most {MOST_SPECS} extra specs.")
        row.extra_specs = merged
        row.save(update_fields=["extra_specs"])
    return row


def unset_spec(flavor_id: str, key: str) -> None:
    """Remove one; NotFound if there is none."""
    with writing():
        row = _locked(flavor_id)
        if key not in row.extra_specs:
            raise NotFound(f"Flavor {flavor_id} has no extra specs with key {key}.")
        row.extra_specs = {name: value for name, value in row.extra_specs.items() if name != key}
        row.save(update_fields=["extra_specs"])


def admit(flavor_id: str, project_id: str) -> Flavor:
    """Let a project use a private flavor."""
    with writing():
        row = _locked(flavor_id)
        if row.is_public:
            raise Conflict("Can not add access to a public flavor.")
        if not Project.objects.filter(id=project_id).exists():
            raise BadRequest(f"Project ID {project_id} is not a valid project.", field="tenant")
        _, new = FlavorAccess.objects.get_or_create(flavor=row, project_id=project_id)
    if not new:
        raise Conflict(
            f"Flavor access already exists for flavor {flavor_id} and project {project_id}"
            " combination.",
            field="tenant",
        )
    return row


def bar(flavor_id: str, project_id: str) -> Flavor:
    """Do not let a project use it any more."""
    with writing():
        row = _locked(flavor_id)
        gone, _ = FlavorAccess.objects.filter(flavor=row, project_id=project_id).delete()
        if not gone:
            raise NotFound(
                f"Flavor access not found for {flavor_id} / {project_id} combination.",
                field="tenant",
            )
    return row


def _locked(flavor_id: str) -> Flavor:
    row = Flavor.objects.select_for_update().filter(flavor_id=flavor_id).first()
    if row is None:
        raise NotFound(f"Flavor {flavor_id} could not be found.")
    return row
