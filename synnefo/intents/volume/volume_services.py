"""Parts of the block storage service as administrators see and switch them.

With its scheduler or its volumes disabled, no new volume is made; what there is goes on.
"""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from synnefo.db.models import VolumeService
from synnefo.db.transactions import writing

SCHEDULER, VOLUMES, BACKUP = "cinder-scheduler", "cinder-volume", "cinder-backup"


def now() -> datetime:
    """Whoever answers is up."""
    return timezone.now()


def status_of(binary: str) -> VolumeService:
    """What was decided of a part."""
    return VolumeService.objects.filter(binary=binary).first() or VolumeService(binary=binary)


def switch(binary: str, disabled: bool, reason: str | None) -> None:
    """Enable or disable a part."""
    with writing():
        VolumeService.objects.update_or_create(
            binary=binary, defaults={"disabled": disabled, "reason": reason}
        )


def freeze(frozen: bool) -> None:
    """Frozen volumes are used, but none is made or removed."""
    with writing():
        VolumeService.objects.update_or_create(binary=VOLUMES, defaults={"frozen": frozen})


def refusal() -> str | None:
    """Why no volume can be made just now, if none can."""
    rows = VolumeService.objects.filter(binary__in=[SCHEDULER, VOLUMES])
    for row in rows:
        if row.disabled or row.frozen:
            return row.reason or f"{row.binary} is {'disabled' if row.disabled else 'frozen'}."
    return None
