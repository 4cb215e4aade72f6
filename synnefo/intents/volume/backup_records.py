"""Backups as records that outlive their rows: written out, and read in again.

A record names the saved bytes, which stay where they are: it is read only by the cloud that wrote
it, while it has them.
"""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest, Conflict
from synnefo.core.volume_states import AVAILABLE
from synnefo.db.models import Backup, VolumeContent
from synnefo.db.transactions import writing
from synnefo.intents.volume import volume_lookup, volume_quota

SERVICE = "cinder.backup.drivers.synnefo.contents"
PLAIN = ("name", "description", "size", "volume_facts")


def written(caller: Caller, backup_uuid: str) -> dict[str, str]:
    """The record of a backup."""
    backup = volume_lookup.backup(caller, backup_uuid, locked=False)
    known: dict[str, Any] = {name: getattr(backup, name) for name in PLAIN}
    known |= {
        "id": str(backup.uuid),
        "volume_id": str(backup.volume_uuid),
        "content": str(backup.content.uuid) if backup.content else None,
    }
    url = base64.b64encode(json.dumps(known).encode()).decode()
    return {"backup_service": SERVICE, "backup_url": url}


def read(caller: Caller, service: str, url: str) -> Backup:
    """The backup that a record is of, for the caller's project."""
    known = _decoded(service, url)
    now = timezone.now()
    try:
        with writing(), transaction.atomic():
            volume_quota.admit_backup(caller.project_id, known["size"])
            return Backup.objects.create(
                uuid=known["id"],
                project_id=caller.project_id,
                user_id=caller.user_id,
                volume_uuid=known["volume_id"],
                content=_content(known["content"]),
                status=AVAILABLE,
                data_timestamp=now,
                created_at=now,
                updated_at=now,
                **{name: known[name] for name in PLAIN},
            )
    except IntegrityError as taken:
        raise Conflict(f"Backup {known['id']} already exists.") from taken


def _decoded(service: str, url: str) -> dict[str, Any]:
    wrong = BadRequest("This is no record of a backup of this cloud.", field="backup_url")
    if service != SERVICE:
        raise wrong
    try:
        known = json.loads(base64.b64decode(url, validate=True))
        found = {name: known[name] for name in (*PLAIN, "id", "volume_id", "content")}
        ids = [uuid.UUID(found[name]) for name in ("id", "volume_id")]
        size, facts = found["size"], found["volume_facts"]
    except (binascii.Error, ValueError, KeyError, TypeError, AttributeError) as error:
        raise wrong from error
    texts = all(isinstance(found[name], str | None) for name in ("name", "description"))
    if not isinstance(size, int) or not 1 <= size < 1 << 20 or not isinstance(facts, dict):
        raise wrong
    if not texts or not facts.keys() <= {"metadata", "image_metadata", "bootable"}:
        raise wrong
    return found | {"id": ids[0], "volume_id": ids[1]}


def _content(name: Any) -> VolumeContent | None:
    if name is None:
        return None
    found = VolumeContent.objects.filter(uuid=volume_lookup.uuid_of(name), ready=True).first()
    if found is None:
        raise BadRequest("The bytes of this backup are gone.", field="backup_url")
    return found
