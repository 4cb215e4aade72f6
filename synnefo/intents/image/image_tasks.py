"""Imports of images as tasks: what was asked, how it went, and when that is forgotten."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.utils import timezone

from synnefo.core.caller import Caller
from synnefo.db.models import ImageTask
from synnefo.db.transactions import writing

IMPORT, TASK = "api_image_import", "import"
PENDING, PROCESSING, SUCCESS, FAILURE = "pending", "processing", "success", "failure"
KEPT = timedelta(hours=48)
STORE = "local"  # the one place where bytes of images are, as the API names it


def record(
    caller: Caller, kind: str, image_uuid: uuid.UUID, wish: Mapping[str, Any], status: str
) -> ImageTask:
    """Write down what was asked; what has expired goes on this occasion."""
    now = timezone.now()
    with writing():
        ImageTask.objects.filter(expires_at__lt=now).delete()
        return ImageTask.objects.create(
            type=kind,
            status=status,
            owner=caller.project_id,
            user_id=caller.user_id,
            request_id=caller.request_id,
            image_uuid=image_uuid,
            input=dict(wish),
            created_at=now,
            updated_at=now,
            expires_at=None if status in {PENDING, PROCESSING} else now + KEPT,
        )


def finish(task: ImageTask, status: str, message: str = "") -> None:
    """Say how it went."""
    now = timezone.now()
    task.status, task.message = status, message
    task.updated_at, task.expires_at = now, now + KEPT
    task.result = {"image_id": str(task.image_uuid)} if status == SUCCESS else None
    with writing():
        task.save(update_fields=["status", "message", "result", "updated_at", "expires_at"])


def begin(task: ImageTask) -> None:
    """Somebody works at it now."""
    task.status, task.updated_at = PROCESSING, timezone.now()
    with writing():
        task.save(update_fields=["status", "updated_at"])


def give_up(image_uuids: list[uuid.UUID]) -> None:
    """The process that worked at these images has died."""
    open_ones = ImageTask.objects.filter(
        image_uuid__in=image_uuids, status__in=(PENDING, PROCESSING)
    )
    for task in open_ones:
        finish(task, FAILURE, "The service ended in the middle of this; ask for it again.")
