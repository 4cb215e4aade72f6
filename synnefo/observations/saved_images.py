"""Images that clusters write from the disks of servers: they come to be, or are given up.

The row was made with the wish and waits as `saving`; who writes the file tells its sums.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from synnefo.db.models import Image, Intent, Server
from synnefo.db.models.image import PENDING_DELETE

SAVING = "saving"
OF_ACTIONS = ("save_image", "save_backup", "shelve_save")


def saved(intent: Intent, result: Any, now: datetime) -> bool:
    """The file is there, if the cluster says what is in it; whether it does."""
    facts = result if isinstance(result, Mapping) else {}
    size, sums = facts.get("size"), (facts.get("checksum"), facts.get("os_hash_value"))
    if not isinstance(size, int) or not all(isinstance(one, str) for one in sums):
        return False
    _waiting(intent).update(
        status="active",
        size=size,
        virtual_size=size,
        checksum=sums[0],
        os_hash_value=sums[1],
        updated_at=now,
    )
    _rotate(intent)
    return True


def given_up(intent: Intent) -> None:
    """Nothing came of it: the image goes, as if nobody had asked for it."""
    _waiting(intent).delete()


def forget_unfinished(server: Server) -> None:
    """The server is gone, and with it all that was to be saved of it."""
    rows = Intent.objects.filter(server=server, action__in=OF_ACTIONS)
    wanted = [one["image"] for one in rows.values_list("arguments", flat=True) if "image" in one]
    if wanted:
        Image.objects.filter(uuid__in=wanted, status=SAVING).delete()


def _waiting(intent: Intent) -> QuerySet[Image]:
    return Image.objects.filter(uuid=intent.arguments.get("image"), status=SAVING)


def _rotate(intent: Intent) -> None:
    """Of a server's backups of one kind only the newest are kept."""
    keep = intent.arguments.get("rotation")
    if keep is None:
        return
    kind, server = intent.arguments["backup_type"], str(intent.server.uuid)
    backups = Image.objects.filter(
        project_id=intent.project_id,
        properties__image_type="backup",
        properties__backup_type=kind,
        properties__instance_uuid=server,
        status="active",
        protected=False,
    )
    old = list(backups.order_by("-created_at", "-pk")[keep:])
    # Their bytes go with the next look at what was deleted: a server may be built of one just now.
    Image.objects.filter(pk__in=[image.pk for image in old]).update(status=PENDING_DELETE)


def drop(image_uuid: str) -> None:
    """What was saved for a while only is needed no more."""
    if Image.objects.filter(uuid=image_uuid).delete()[0]:
        path = Path(settings.SYNNEFO_IMAGES) / image_uuid
        transaction.on_commit(partial(path.unlink, missing_ok=True))
