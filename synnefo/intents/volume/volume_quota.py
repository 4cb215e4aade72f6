"""What volumes, snapshots and backups take of a project's quota: counted where their rows are.

Volumes, snapshots and gigabytes may have limits for each type of volumes beside those for all: the
books name them by the type's key, for its name may change.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Count, QuerySet, Sum

from synnefo.core.caller import Caller
from synnefo.core.faults import QuotaExceeded
from synnefo.core.quota import UNLIMITED
from synnefo.core.volume_states import GIB
from synnefo.db.models import Backup, Snapshot, Volume, VolumeGroup, VolumeType
from synnefo.intents import quota
from synnefo.intents.volume import volume_lookup

TYPED = ("volumes", "snapshots", "gigabytes")


def volumes_of(project_id: str) -> QuerySet[Volume]:
    """The volumes of a project, without the disks that are parts of its servers."""
    return Volume.objects.filter(project_id=project_id, local=False)


def snapshots_of(project_id: str) -> QuerySet[Snapshot]:
    """The snapshots of a project."""
    return Snapshot.objects.filter(project_id=project_id)


def _gigabytes(volumes: QuerySet[Volume], snapshots: QuerySet[Snapshot]) -> int:
    """What these take together."""
    taken = volumes.aggregate(total=Sum("size"))["total"] or 0
    return taken // GIB + (snapshots.aggregate(total=Sum("size"))["total"] or 0)


def gigabytes_of(project_id: str) -> int:
    """What its volumes and snapshots take together."""
    return _gigabytes(volumes_of(project_id), snapshots_of(project_id))


def backup_gigabytes_of(project_id: str) -> int:
    """What its backups take."""
    rows = Backup.objects.filter(project_id=project_id)
    return int(rows.aggregate(total=Sum("size"))["total"] or 0)


def usage_of(project_id: str) -> dict[str, int]:
    """How much is used of each resource of this service."""
    return {
        "volumes": volumes_of(project_id).count(),
        "snapshots": snapshots_of(project_id).count(),
        "gigabytes": gigabytes_of(project_id),
        "backups": Backup.objects.filter(project_id=project_id).count(),
        "backup_gigabytes": backup_gigabytes_of(project_id),
        "per_volume_gigabytes": 0,
        "groups": VolumeGroup.objects.filter(project_id=project_id).count(),
    }


def _of_type(resource: str, kind: int) -> str:
    return f"{resource}:{kind}"


def typed_resources(caller: Caller) -> dict[str, str]:
    """The resources of each type that the caller may know of: what the API and the books say."""
    kinds = volume_lookup.usable_types(caller).order_by("pk").values_list("name", "pk")
    return {
        f"{resource}_{name}": _of_type(resource, kind) for name, kind in kinds for resource in TYPED
    }


def typed_usage_of(project_id: str) -> dict[str, int]:
    """How much is used of each type."""
    used: dict[str, int] = {}
    volumes = volumes_of(project_id).values_list("volume_type_id").order_by("volume_type_id")
    for kind, count, size in volumes.annotate(Count("pk"), Sum("size")):
        used[_of_type("volumes", kind)] = count
        used[_of_type("gigabytes", kind)] = size // GIB
    by_type = "volume__volume_type_id"
    snapshots = snapshots_of(project_id).values_list(by_type).order_by(by_type)
    for kind, count, size in snapshots.annotate(Count("pk"), Sum("size")):
        used[_of_type("snapshots", kind)] = count
        whole = _of_type("gigabytes", kind)
        used[whole] = used.get(whole, 0) + size
    return used


def admit_gigabytes(project_id: str, more: int, kind: VolumeType | None) -> None:
    """QuotaExceeded if the project may not have so many more, of this type or at all."""
    text = f"Requested volume or snapshot exceeds allowed gigabytes quota. Requested {more}G."
    quota.admit(project_id, "gigabytes", lambda: gigabytes_of(project_id), more, sentence=text)
    if kind is not None:
        _admit_typed_gigabytes(project_id, more, kind)


def _admit_typed_gigabytes(project_id: str, more: int, kind: VolumeType) -> None:
    volumes = volumes_of(project_id).filter(volume_type=kind)
    snapshots = snapshots_of(project_id).filter(volume__volume_type=kind)
    quota.admit(
        project_id,
        _of_type("gigabytes", kind.pk),
        lambda: _gigabytes(volumes, snapshots),
        more,
        sentence="Requested volume or snapshot exceeds allowed gigabytes quota"
        f" 'gigabytes_{kind.name}'. Requested {more}G.",
    )


def check_one_size(project_id: str, size: int) -> None:
    """QuotaExceeded if one volume may not be so large."""
    limit = quota.limits(project_id)["per_volume_gigabytes"]
    if limit != UNLIMITED and size > limit:
        raise QuotaExceeded(
            f"Requested volume size {size}G is larger than maximum allowed limit {limit}G."
        )


def _admit_one(project_id: str, resource: str, rows: QuerySet[Any]) -> None:
    """QuotaExceeded if the project may not have one more of these rows."""
    text = f"Maximum number of {resource} allowed exceeded for quota '{resource}'."
    quota.admit(project_id, resource, rows, sentence=text)


def _admit_typed(project_id: str, resource: str, rows: QuerySet[Any], kind: VolumeType) -> None:
    """The same for the rows of one type."""
    name = f"{resource}_{kind.name}"
    text = f"Maximum number of {resource} allowed exceeded for quota '{name}'."
    quota.admit(project_id, _of_type(resource, kind.pk), rows, sentence=text)


def admit_volume(project_id: str, size: int, kind: VolumeType) -> None:
    """QuotaExceeded if the project may not have one more volume of so many GiB."""
    check_one_size(project_id, size)
    rows = volumes_of(project_id)
    _admit_one(project_id, "volumes", rows)
    _admit_typed(project_id, "volumes", rows.filter(volume_type=kind), kind)
    admit_gigabytes(project_id, size, kind)


def admit_retype(project_id: str, size: int, kind: VolumeType) -> None:
    """QuotaExceeded if the project may not have one more volume of this type."""
    rows = volumes_of(project_id).filter(volume_type=kind)
    _admit_typed(project_id, "volumes", rows, kind)
    _admit_typed_gigabytes(project_id, size, kind)


def admit_snapshot(project_id: str, size: int, kind: VolumeType | None) -> None:
    """QuotaExceeded if the project may not have one more snapshot of so many GiB."""
    rows = snapshots_of(project_id)
    _admit_one(project_id, "snapshots", rows)
    if kind is not None:
        _admit_typed(project_id, "snapshots", rows.filter(volume__volume_type=kind), kind)
    admit_gigabytes(project_id, size, kind)


def admit_backup(project_id: str, size: int) -> None:
    """QuotaExceeded if the project may not have one more backup of so many GiB."""
    quota.admit(
        project_id,
        "backups",
        Backup.objects.filter(project_id=project_id),
        sentence="Maximum number of backups allowed exceeded for quota 'backups'.",
    )
    text = f"Requested backup exceeds allowed Backup gigabytes quota. Requested {size}G."
    quota.admit(
        project_id,
        "backup_gigabytes",
        lambda: backup_gigabytes_of(project_id),
        size,
        sentence=text,
    )
