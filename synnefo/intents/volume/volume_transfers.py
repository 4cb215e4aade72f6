"""Handing volumes to other projects: an offer, a key, and whoever has both takes the volume."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from django.utils import timezone

from synnefo.core import volume_states
from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest, NotFound
from synnefo.core.volume_states import AVAILABLE, gib
from synnefo.db import rings
from synnefo.db.models import Snapshot, Volume, VolumeTransfer, VolumeType
from synnefo.db.transactions import writing
from synnefo.intents.volume import volume_lookup, volume_quota, volumes

KEY_BYTES = 8
OFFERED = "awaiting-transfer"


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def create(
    caller: Caller, volume_uuid: str, name: str | None, *, no_snapshots: bool
) -> tuple[VolumeTransfer, str]:
    """Offer a volume; the key is told this once."""
    key = secrets.token_hex(KEY_BYTES)
    with writing():
        volume = volume_lookup.volume(caller, volume_uuid)
        volume_states.require("volume", volume_uuid, volume.status, AVAILABLE)
        if no_snapshots and Snapshot.objects.filter(volume=volume).exists():
            raise BadRequest(f"Invalid volume: volume {volume_uuid} has snapshots.")
        transfer = VolumeTransfer.objects.create(
            volume=volume,
            volume_uuid=volume.uuid,
            project_id=volume.project_id,
            name=name,
            digest=_digest(key),
            no_snapshots=no_snapshots,
            created_at=timezone.now(),
        )
        volumes.saved(volume, status=OFFERED)
    return transfer, key


def delete(caller: Caller, transfer_uuid: str) -> None:
    """Take an offer back."""
    with writing():
        transfer = volume_lookup.transfer(caller, transfer_uuid)
        if transfer.volume_id is not None and not transfer.accepted:
            volume = volume_lookup.volume(caller, str(transfer.volume_uuid))
            if volume.status == OFFERED:
                volumes.saved(volume, status=AVAILABLE)
        transfer.delete()


def accept(caller: Caller, transfer_uuid: str, key: str) -> VolumeTransfer:
    """Take an offered volume, with its snapshots, into the caller's project and quota."""
    with writing():
        rows = VolumeTransfer.objects.select_for_update(of=("self",)).select_related("volume")
        wanted = volume_lookup.uuid_of(transfer_uuid)
        transfer = rows.filter(uuid=wanted, accepted=False).first()
        if transfer is None or transfer.volume is None:
            raise NotFound(f"Transfer {transfer_uuid} could not be found.")
        if not hmac.compare_digest(transfer.digest, _digest(key)):
            raise BadRequest("Invalid auth key: it does not open this transfer.")
        volume = transfer.volume
        volume_states.require("volume", volume.uuid, volume.status, OFFERED)
        snapshots = Snapshot.objects.filter(volume=volume)
        kind = _kind(caller, volume)
        volume_quota.admit_volume(caller.project_id, gib(volume.size), kind)
        for snapshot in snapshots:
            volume_quota.admit_snapshot(caller.project_id, snapshot.size, kind)
            Snapshot.objects.filter(pk=snapshot.pk).update(
                project_id=caller.project_id, user_id=caller.user_id
            )
        rings.changed(volume.project_id, "volume", volume.uuid)
        volumes.saved(
            volume,
            project_id=caller.project_id,
            user_id=caller.user_id,
            status=AVAILABLE,
            volume_type=kind,
        )
        transfer.accepted, transfer.destination_project_id = True, caller.project_id
        transfer.save(update_fields=["accepted", "destination_project_id"])
    return transfer


def _kind(caller: Caller, volume: Volume) -> VolumeType:
    """A private type stays behind."""
    kind = volume.volume_type
    return kind if kind and kind.is_public else volume_lookup.default_type(caller.project_id)
