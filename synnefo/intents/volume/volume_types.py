"""What administrators make of types of volumes: their access, encryption and who has which."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from synnefo.core import keyed_texts
from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest, Conflict, NotFound
from synnefo.db.models import (
    DefaultVolumeType,
    Project,
    Volume,
    VolumeType,
    VolumeTypeAccess,
)
from synnefo.db.transactions import writing
from synnefo.intents.volume import volume_lookup
from synnefo.intents.volume.volume_lookup import DEFAULT_TYPE, uuid_of
from synnefo.intents.volume.volume_rows import named, write


def find(type_uuid: str) -> VolumeType:
    """A type by its id."""
    rows = VolumeType.objects.select_for_update(of=("self",))
    return volume_lookup.found(rows, "Volume type", type_uuid)


def create(**columns: Any) -> VolumeType:
    """A new type."""
    now = timezone.now()
    with named("Volume Type", columns["name"]):
        return VolumeType.objects.create(created_at=now, updated_at=now, **columns)


def update(type_uuid: str, **columns: Any) -> VolumeType:
    """Set `name`, `description`, `is_public`, `extra_specs`."""
    with named("Volume Type", columns.get("name")):
        row = find(type_uuid)
        write(row, **columns)
        return row


def delete(type_uuid: str) -> None:
    """Remove a type that no volume has."""
    with writing():
        row = find(type_uuid)
        if row.name == DEFAULT_TYPE:
            raise BadRequest("The default volume type cannot be deleted.")
        if Volume.objects.filter(volume_type=row).exists():
            raise BadRequest(
                f"Target volume type is still in use: volumes of type {type_uuid} exist."
            )
        row.delete()


def merge_specs(type_uuid: str, specs: Mapping[str, str]) -> VolumeType:
    """Add or change extra specifications."""
    with writing():
        return update(type_uuid, extra_specs={**find(type_uuid).extra_specs, **specs})


def drop_spec(type_uuid: str, key: str) -> None:
    """Remove one extra specification; NotFound if there is none."""
    with writing():
        before = find(type_uuid).extra_specs
        kept = keyed_texts.without(before, key, f"Volume Type {type_uuid}", "extra specs")
        update(type_uuid, extra_specs=kept)


# --- access ---------------------------------------------------------------------------------------


def _private(type_uuid: str) -> VolumeType:
    row = find(type_uuid)
    if row.is_public:
        raise BadRequest("Type access modification is not applicable to public volume type.")
    return row


def add_access(type_uuid: str, project_id: str) -> None:
    """Let a project use a private type."""
    if not Project.objects.filter(id=project_id).exists():
        raise BadRequest(f"Project {project_id} could not be found.", field="project")
    with writing():
        row = _private(type_uuid)
        made = VolumeTypeAccess.objects.get_or_create(volume_type=row, project_id=project_id)[1]
        if not made:
            raise Conflict(
                f"Volume type access for {type_uuid} / {project_id} combination already exists."
            )


def remove_access(type_uuid: str, project_id: str) -> None:
    """Let it no more."""
    with writing():
        rows = VolumeTypeAccess.objects.filter(
            volume_type=_private(type_uuid), project_id=project_id
        )
        if not rows.delete()[0]:
            raise NotFound(
                f"Volume type access not found for {type_uuid} / {project_id} combination."
            )


# --- encryption: kept and shown; volumes of such a type are refused -------------------------------


def encrypt(type_uuid: str, wish: Mapping[str, Any]) -> VolumeType:
    """Say how volumes of a type would be encrypted."""
    with writing():
        row = find(type_uuid)
        if row.encryption is not None:
            raise BadRequest(f"Volume type encryption for type {type_uuid} already exists.")
        if Volume.objects.filter(volume_type=row).exists():
            raise BadRequest("Cannot create encryption specs. Volume type in use.")
        now = timezone.now().replace(tzinfo=None).isoformat(timespec="microseconds")
        known = {"encryption_id": str(uuid.uuid4()), "created_at": now}
        return update(type_uuid, encryption={**wish, **known})


def change_encryption(type_uuid: str, encryption_id: str, wish: Mapping[str, Any]) -> None:
    """Change some of it."""
    with writing():
        update(type_uuid, encryption={**_encrypted(type_uuid, encryption_id), **wish})


def _encrypted(type_uuid: str, encryption_id: str) -> dict[str, Any]:
    found = find(type_uuid).encryption
    if not isinstance(found, dict) or found["encryption_id"] != encryption_id:
        raise NotFound(f"Volume type encryption for type {type_uuid} does not exist.")
    return found


def decrypt(type_uuid: str, encryption_id: str) -> None:
    """Say it no more."""
    with writing():
        _encrypted(type_uuid, encryption_id)
        update(type_uuid, encryption=None)


# --- default types of projects --------------------------------------------------------------------


def set_default(caller: Caller, project_id: str, name_or_id: str) -> DefaultVolumeType:
    """What the volumes of a project get that ask for no type."""
    if not Project.objects.filter(id=project_id).exists():
        raise NotFound(f"Project {project_id} could not be found.")
    rows = VolumeType.objects.filter(uuid=uuid_of(name_or_id))
    row = rows.first() or VolumeType.objects.filter(name=name_or_id).first()
    if row is None:
        raise NotFound(f"Volume type {name_or_id} could not be found.")
    with writing():
        return DefaultVolumeType.objects.update_or_create(
            project_id=project_id, defaults={"volume_type": row}
        )[0]


def unset_default(project_id: str) -> None:
    """The general default again."""
    with writing():
        if not DefaultVolumeType.objects.filter(project_id=project_id).delete()[0]:
            raise NotFound(f"Default type for project {project_id} not found.")
