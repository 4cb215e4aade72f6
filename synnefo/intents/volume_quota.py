"""What volumes, snapshots and backups take of a project's quota: counted where their rows are."""

from __future__ import annotations

from django.db.models import QuerySet, Sum

from synnefo.core.faults import QuotaExceeded
from synnefo.core.quota import UNLIMITED
from synnefo.core.volume_states import GIB
from synnefo.db.models import Backup, Snapshot, Volume, VolumeGroup
from synnefo.intents import quota


def volumes_of(project_id: str) -> QuerySet[Volume]:
    """The volumes of a project, without the disks that are parts of its servers."""
    return Volume.objects.filter(project_id=project_id, local=False)


def gigabytes_of(project_id: str) -> int:
    """What its volumes and snapshots take together."""
    volumes = volumes_of(project_id).aggregate(total=Sum("size"))["total"] or 0
    snapshots = Snapshot.objects.filter(project_id=project_id)
    return volumes // GIB + (snapshots.aggregate(total=Sum("size"))["total"] or 0)


def backup_gigabytes_of(project_id: str) -> int:
    """What its backups take."""
    rows = Backup.objects.filter(project_id=project_id)
    return int(rows.aggregate(total=Sum("size"))["total"] or 0)


def usage_of(project_id: str) -> dict[str, int]:
    """How much is used of each resource of this service."""
    return {
        "volumes": volumes_of(project_id).count(),
        "snapshots": Snapshot.objects.filter(project_id=project_id).count(),
        "gigabytes": gigabytes_of(project_id),
        "backups": Backup.objects.filter(project_id=project_id).count(),
        "backup_gigabytes": backup_gigabytes_of(project_id),
        "per_volume_gigabytes": 0,
        "groups": VolumeGroup.objects.filter(project_id=project_id).count(),
    }


def admit_gigabytes(project_id: str, more: int) -> None:
    """QuotaExceeded if the project may not have so many more."""
    text = f"Requested volume or snapshot exceeds allowed gigabytes quota. Requested {more}G."
    quota.admit(project_id, "gigabytes", lambda: gigabytes_of(project_id), more, sentence=text)


def check_one_size(project_id: str, size: int) -> None:
    """QuotaExceeded if one volume may not be so large."""
    limit = quota.limits(project_id)["per_volume_gigabytes"]
    if limit != UNLIMITED and size > limit:
        raise QuotaExceeded(
            f"Requested volume size {size}G is larger than maximum allowed limit {limit}G."
        )


def admit_volume(project_id: str, size: int) -> None:
    """QuotaExceeded if the project may not have one more volume of so many GiB."""
    check_one_size(project_id, size)
    quota.admit(
        project_id,
        "volumes",
        volumes_of(project_id),
        sentence="Maximum number of volumes allowed exceeded for quota 'volumes'.",
    )
    admit_gigabytes(project_id, size)


def admit_snapshot(project_id: str, size: int) -> None:
    """QuotaExceeded if the project may not have one more snapshot of so many GiB."""
    quota.admit(
        project_id,
        "snapshots",
        Snapshot.objects.filter(project_id=project_id),
        sentence="Maximum number of snapshots allowed exceeded for quota 'snapshots'.",
    )
    admit_gigabytes(project_id, size)


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
