"""Finding what requests about volumes name; somebody else's does not exist."""

from __future__ import annotations

import uuid
from typing import TypeVar

from django.db.models import Model, Q, QuerySet
from django.utils import timezone

from synnefo.core.caller import Caller
from synnefo.core.faults import NotFound
from synnefo.db.models import (
    Backup,
    DefaultVolumeType,
    Snapshot,
    Volume,
    VolumeAttachment,
    VolumeGroup,
    VolumeTransfer,
    VolumeType,
)

M = TypeVar("M", bound=Model)
DEFAULT_TYPE = "__DEFAULT__"
NOTHING = uuid.UUID(int=0)


def uuid_of(text: object) -> uuid.UUID:
    """The id in a text; what is none stands for nothing that exists."""
    try:
        return uuid.UUID(str(text))
    except ValueError:
        return NOTHING


def mine(caller: Caller, rows: QuerySet[M]) -> QuerySet[M]:
    """Those that the caller may know of."""
    return rows if caller.is_admin else rows.filter(project_id=caller.project_id)


def found(rows: QuerySet[M], word: str, identifier: str) -> M:
    """The one of these rows with this id, or the fault that there is none."""
    row = rows.filter(uuid=uuid_of(identifier)).first()
    if row is None:
        raise NotFound(f"{word} {identifier} could not be found.")
    return row


def one(
    caller: Caller, rows: QuerySet[M], word: str, identifier: str, *, locked: bool = False
) -> M:
    """The same among those that the caller may know of; within a transaction `locked`."""
    rows = mine(caller, rows)
    return found(rows.select_for_update(of=("self",)) if locked else rows, word, identifier)


def volume(caller: Caller, identifier: str, *, locked: bool = True) -> Volume:
    """A volume; within a transaction its row is locked."""
    return one(caller, Volume.objects.filter(local=False), "Volume", identifier, locked=locked)


def snapshot(caller: Caller, identifier: str, *, locked: bool = True) -> Snapshot:
    """A snapshot."""
    return one(caller, Snapshot.objects.all(), "Snapshot", identifier, locked=locked)


def backup(caller: Caller, identifier: str, *, locked: bool = True) -> Backup:
    """A backup."""
    return one(caller, Backup.objects.all(), "Backup", identifier, locked=locked)


def transfer(caller: Caller, identifier: str) -> VolumeTransfer:
    """A transfer that the caller's project offers."""
    return one(caller, VolumeTransfer.objects.all(), "Transfer", identifier)


def attachment(caller: Caller, identifier: str, *, locked: bool = True) -> VolumeAttachment:
    """An attachment."""
    rows = VolumeAttachment.objects.select_related("volume")
    return one(caller, rows, "Volume attachment", identifier, locked=locked)


def group(caller: Caller, identifier: str) -> VolumeGroup:
    """A group of volumes."""
    return one(caller, VolumeGroup.objects.all(), "Group", identifier, locked=True)


def usable_types(caller: Caller) -> QuerySet[VolumeType]:
    """The public types, and the private ones that the caller's project may use."""
    own = Q(pk__in=VolumeType.objects.filter(access__project_id=caller.project_id).values("pk"))
    rows = VolumeType.objects.all()
    return rows if caller.is_admin else rows.filter(Q(is_public=True) | own)


def volume_type(caller: Caller, name_or_id: str) -> VolumeType:
    """A type that the caller may use, by its id or name."""
    found = usable_types(caller).filter(Q(uuid=uuid_of(name_or_id)) | Q(name=name_or_id)).first()
    if found is None:
        raise NotFound(f"Volume type {name_or_id} could not be found.")
    return found


def default_type(project_id: str = "") -> VolumeType:
    """What volumes get that ask for none: the project's choice, or the first type of all."""
    chosen = DefaultVolumeType.objects.filter(project_id=project_id).select_related("volume_type")
    if (row := chosen.first()) is not None:
        return row.volume_type
    found = VolumeType.objects.filter(name=DEFAULT_TYPE).first()
    if found is not None:
        return found
    return VolumeType.objects.get_or_create(
        name=DEFAULT_TYPE,
        defaults={"description": "Default Volume Type", "created_at": timezone.now()},
    )[0]
