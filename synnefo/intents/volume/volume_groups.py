"""Groups of volumes, their types, and snapshots of all volumes of a group at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils import timezone

from synnefo.core import keyed_texts, volume_states
from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest, NotFound
from synnefo.core.volume_states import AVAILABLE, IN_USE, gib
from synnefo.db.models import (
    GroupSnapshot,
    GroupType,
    Snapshot,
    Volume,
    VolumeGroup,
)
from synnefo.db.transactions import writing
from synnefo.intents import quota
from synnefo.intents.volume import snapshots, volume_contents, volume_lookup, volume_quota, volumes
from synnefo.intents.volume.volume_rows import named, write
from synnefo.intents.volume.volumes import VolumeRequest

DEFAULT_TYPE = "default_cgsnapshot_type"


# --- types ----------------------------------------------------------------------------------------


def find_type(type_uuid: str, *, lock: bool = False) -> GroupType:
    """A type of groups by its id or name."""
    rows = GroupType.objects.select_for_update() if lock else GroupType.objects.all()
    by_id = rows.filter(uuid=volume_lookup.uuid_of(type_uuid)).first()
    found = by_id or rows.filter(name=type_uuid).first()
    if found is None:
        raise NotFound(f"Group type {type_uuid} could not be found.")
    return found


def default_type() -> GroupType:
    """The type that is there from the beginning."""
    found = GroupType.objects.filter(name=DEFAULT_TYPE).first()
    if found is not None:
        return found
    columns = {"description": "Default group type", "created_at": timezone.now()}
    return GroupType.objects.get_or_create(name=DEFAULT_TYPE, defaults=columns)[0]


def create_type(**columns: Any) -> GroupType:
    """A new type of groups."""
    with named("Group Type", columns["name"]):
        return GroupType.objects.create(created_at=timezone.now(), **columns)


def change_type(type_uuid: str, **columns: Any) -> GroupType:
    """Set `name`, `description`, `is_public`, `specs`."""
    with named("Group Type", columns.get("name")):
        row = find_type(type_uuid)
        write(row, **columns)
        return row


def delete_type(type_uuid: str) -> None:
    """Remove a type that no group has."""
    with writing():
        row = find_type(type_uuid)
        if VolumeGroup.objects.filter(group_type=row).exists():
            raise BadRequest(f"Group type {type_uuid} deletion is not allowed: groups have it.")
        row.delete()


def merge_specs(type_uuid: str, specs: Mapping[str, str]) -> None:
    """Add or change specifications of a type."""
    with writing():
        change_type(type_uuid, specs={**find_type(type_uuid, lock=True).specs, **specs})


def drop_spec(type_uuid: str, key: str) -> None:
    """Remove one of its specifications."""
    with writing():
        before = find_type(type_uuid, lock=True).specs
        kept = keyed_texts.without(before, key, f"Group Type {type_uuid}", "specs")
        change_type(type_uuid, specs=kept)


# --- groups ---------------------------------------------------------------------------------------


def create(
    caller: Caller, group_type: str, volume_types: Iterable[str], **columns: Any
) -> VolumeGroup:
    """A new, empty group."""
    with writing():
        kinds = [volume_lookup.volume_type(caller, one) for one in volume_types]
        if not kinds:
            raise BadRequest("volume_types must be provided to create group.")
        return _made(caller, find_type(group_type), kinds, **columns)


def _made(
    caller: Caller, kind: GroupType, volume_types: Sequence[Any], **columns: Any
) -> VolumeGroup:
    rows = VolumeGroup.objects.filter(project_id=caller.project_id)
    quota.admit(caller.project_id, "groups", rows)
    now = timezone.now()
    group = VolumeGroup.objects.create(
        project_id=caller.project_id,
        user_id=caller.user_id,
        group_type=kind,
        created_at=now,
        updated_at=now,
        **columns,
    )
    group.volume_types.set(volume_types)
    return group


def create_from(
    caller: Caller, source: str | None, group_snapshot: str | None, **columns: Any
) -> VolumeGroup:
    """A group of copies: of another group's volumes, or of what a group snapshot kept."""
    if (source is None) == (group_snapshot is None):
        raise BadRequest("Either 'source_group_id' or 'group_snapshot_id' must be provided.")
    with writing():
        if source is not None:
            before = volume_lookup.group(caller, source)
            columns["source_group_id"] = before.uuid
            recipes = [volumes.of_volume(one) for one in _members(before)]
        else:
            kept = find_snapshot(caller, group_snapshot or "")
            before = kept.group
            columns["group_snapshot_id"] = kept.uuid
            rows = Snapshot.objects.filter(group_snapshot=kept).select_related("volume", "content")
            recipes = [volumes.of_snapshot(one) for one in rows.order_by("pk")]
        if not recipes:
            raise BadRequest("Group source is empty: no group will be created.")
        group = _made(caller, before.group_type, list(before.volume_types.all()), **columns)
        for recipe in recipes:
            origin = recipe.source or (recipe.snapshot.volume if recipe.snapshot else None)
            request = VolumeRequest(name=origin.name if origin else "", group_id=str(group.uuid))
            volumes.made(caller, request, recipe, timezone.now())
    return group


def _members(group: VolumeGroup) -> list[Volume]:
    rows = Volume.objects.select_for_update(of=("self",)).filter(group=group)
    return list(rows.select_related("volume_type", "content").order_by("pk"))


def update(
    caller: Caller, group_uuid: str, add: Sequence[str], remove: Sequence[str], **columns: Any
) -> None:
    """Change the name, the description and which volumes are in the group."""
    with writing():
        group = volume_lookup.group(caller, group_uuid)
        for one in remove:
            volume = volume_lookup.volume(caller, one)
            if volume.group_id != group.pk:
                raise BadRequest(f"Cannot remove volume {one}: it is not in the group.")
            volumes.saved(volume, group=None)
        for one in add:
            volume = volume_lookup.volume(caller, one)
            if volume.group_id is not None:
                raise BadRequest(f"Cannot add volume {one}: it is in a group already.")
            volume_states.require("volume", one, volume.status, AVAILABLE, IN_USE)
            volumes.saved(volume, group=group)
        write(group, **columns)


def reset(caller: Caller, group_uuid: str, status: str) -> None:
    """An administrator knows better."""
    with writing():
        write(volume_lookup.group(caller, group_uuid), status=status)


def delete(caller: Caller, group_uuid: str, *, volumes_too: bool) -> None:
    """Remove a group; with its volumes if so asked."""
    with writing():
        group = volume_lookup.group(caller, group_uuid)
        if GroupSnapshot.objects.filter(group=group).exists():
            raise BadRequest("Invalid group: it has group snapshots; delete them first.")
        members = _members(group)
        if members and not volumes_too:
            raise BadRequest("Invalid group: it has volumes; delete-volumes is not set.")
        for volume in members:
            volumes.delete(caller, str(volume.uuid))
        group.delete()


# --- snapshots of groups --------------------------------------------------------------------------


def find_snapshot(caller: Caller, snapshot_uuid: str) -> GroupSnapshot:
    """A group snapshot."""
    rows = GroupSnapshot.objects.select_related("group__group_type")
    return volume_lookup.one(caller, rows, "GroupSnapshot", snapshot_uuid, locked=True)


def snapshot(caller: Caller, group_uuid: str, **columns: Any) -> GroupSnapshot:
    """Keep all volumes of a group as they are."""
    now = timezone.now()
    with writing():
        group = volume_lookup.group(caller, group_uuid)
        members = _members(group)
        if not members:
            raise BadRequest("Invalid group: it is empty; no group snapshot will be created.")
        row = GroupSnapshot.objects.create(
            project_id=group.project_id,
            user_id=caller.user_id,
            group=group,
            created_at=now,
            updated_at=now,
            **columns,
        )
        for volume in members:
            volume_states.require("volume", volume.uuid, volume.status, AVAILABLE, IN_USE)
            volume_quota.admit_snapshot(caller.project_id, gib(volume.size), volume.volume_type)
            snapshots.made(caller, volume, now, row, name=columns.get("name"))
    return row


def change_snapshot(caller: Caller, snapshot_uuid: str, columns: Mapping[str, Any]) -> None:
    """Set columns of a group snapshot."""
    with writing():
        write(find_snapshot(caller, snapshot_uuid), **columns)


def delete_snapshot(caller: Caller, snapshot_uuid: str) -> None:
    """Let go of all of it."""
    with writing():
        row = find_snapshot(caller, snapshot_uuid)
        contents = list(row.snapshots.values_list("content_id", flat=True))
        row.snapshots.all().delete()
        row.delete()
        volume_contents.release(contents)
