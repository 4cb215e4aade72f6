"""How volumes, snapshots, backups, transfers and attachments look, by microversion."""

from typing import Any

from django.db.models import Prefetch, QuerySet

from synnefo.api.bodies import anything, record
from synnefo.api.request import Request, long_timestamp
from synnefo.core.volume_states import gib
from synnefo.db.models import (
    Backup,
    Snapshot,
    Volume,
    VolumeAttachment,
    VolumeTransfer,
)

HOST = "synnefo@volumes#volumes"  # One pool for all: clusters keep disks where they like.
SERVICE = "8f0b6a4e-6c1d-4c79-9a6b-3a5c1d0f7e21"
SHOWN = ("attached", "detaching")
VOLUME = record({"volume": record({}, rest=anything)}, ("volume",))
VOLUMES = record({"volumes": anything}, ("volumes",), rest=anything)


def links(request: Request, kind: str, uuid: str) -> list[dict[str, str]]:
    """The two addresses of a resource."""
    base, project = f"{request.base}/volume", request.project
    return [
        {"rel": "self", "href": f"{base}/v3/{project}/{kind}/{uuid}"},
        {"rel": "bookmark", "href": f"{base}/{project}/{kind}/{uuid}"},
    ]


def volumes() -> "QuerySet[Volume]":
    """All volumes, with what their records show: two queries."""
    attachments = VolumeAttachment.objects.filter(status__in=SHOWN).order_by("pk")
    return (
        Volume.objects.filter(local=False)
        .select_related("volume_type", "group")
        .prefetch_related(Prefetch("attachments", queryset=attachments, to_attr="shown"))
    )


def volume_brief(request: Request, row: Volume) -> dict[str, Any]:
    """A volume in the short list."""
    uuid = str(row.uuid)
    return {"id": uuid, "name": row.name, "links": links(request, "volumes", uuid)}


def _attached(request: Request, row: VolumeAttachment, volume: str) -> dict[str, Any]:
    return {
        "id": volume,
        "attachment_id": str(row.uuid),
        "volume_id": volume,
        "server_id": str(row.instance_uuid) if row.instance_uuid else None,
        "host_name": row.host_name or None if request.caller.is_admin else None,
        "device": row.device,
        "attached_at": long_timestamp(row.attached_at),
    }


def volume_small(request: Request, row: Volume) -> dict[str, Any]:
    """A volume as the answers to POST and PUT show it."""
    uuid, minor = str(row.uuid), request.version[1]
    shown: list[VolumeAttachment] = getattr(row, "shown", [])
    data: dict[str, Any] = {
        "id": uuid,
        "name": row.name,
        "description": row.description,
        "size": gib(row.size),
        "status": row.status,
        "availability_zone": row.availability_zone,
        "bootable": "true" if row.bootable else "false",
        "encrypted": False,
        "multiattach": row.multiattach,
        "volume_type": row.volume_type.name if row.volume_type else None,
        "metadata": _metadata(row, shown),
        "snapshot_id": str(row.snapshot_id) if row.snapshot_id else None,
        "source_volid": str(row.source_volid) if row.source_volid else None,
        "consistencygroup_id": None,
        "replication_status": None,
        "migration_status": row.migration_status,
        "user_id": row.user_id,
        "attachments": [_attached(request, one, uuid) for one in shown],
        "links": links(request, "volumes", uuid),
        "created_at": long_timestamp(row.created_at),
        "updated_at": long_timestamp(row.updated_at),
    }
    return data | _later(request, row, minor)


def _metadata(row: Volume, shown: list[VolumeAttachment]) -> dict[str, str]:
    """What clients look for to know that a volume may only be read."""
    found = dict(row.metadata)
    if row.readonly is not None:
        found["readonly"] = str(row.readonly)
    if shown:
        found["attached_mode"] = shown[0].mode
    return found


def _later(request: Request, row: Volume, minor: int) -> dict[str, Any]:
    data: dict[str, Any] = {}
    if minor >= 13:
        data["group_id"] = str(row.group.uuid) if row.group else None
    if minor >= 21 and request.caller.is_admin:
        data["provider_id"] = None
    if minor >= 48:
        data |= {"service_uuid": SERVICE, "shared_targets": False}
    if minor >= 61 and request.caller.is_admin:
        data["cluster_name"] = None
    if minor >= 63:
        data["volume_type_id"] = str(row.volume_type.uuid) if row.volume_type else None
    if minor >= 65:
        data["consumes_quota"] = True
    return data


def volume_full(request: Request, row: Volume) -> dict[str, Any]:
    """A volume as GET shows it."""
    data = volume_small(request, row)
    data["os-vol-tenant-attr:tenant_id"] = row.project_id
    if row.image_metadata:
        data["volume_image_metadata"] = row.image_metadata
    if request.caller.is_admin:
        data["os-vol-host-attr:host"] = HOST
        data["os-vol-mig-status-attr:migstat"] = row.migration_status
        data["os-vol-mig-status-attr:name_id"] = None
    return data


def snapshot_small(request: Request, row: Snapshot) -> dict[str, Any]:
    """A snapshot in the short list and in the answers to POST and PUT."""
    data: dict[str, Any] = {
        "id": str(row.uuid),
        "name": row.name,
        "description": row.description,
        "volume_id": str(row.volume.uuid),
        "status": row.status,
        "size": row.size,
        "metadata": row.metadata,
        "created_at": long_timestamp(row.created_at),
        "updated_at": long_timestamp(row.updated_at),
    }
    minor = request.version[1]
    if minor >= 14:
        group = row.group_snapshot
        data["group_snapshot_id"] = str(group.uuid) if group else None
    if minor >= 41:
        data["user_id"] = row.user_id
    if minor >= 65:
        data["consumes_quota"] = True
    return data


def snapshot_full(request: Request, row: Snapshot) -> dict[str, Any]:
    """A snapshot as GET shows it."""
    return snapshot_small(request, row) | {
        "os-extended-snapshot-attributes:progress": row.progress,
        "os-extended-snapshot-attributes:project_id": row.project_id,
    }


def backup_brief(request: Request, row: Backup) -> dict[str, Any]:
    """A backup in the short list and in the answers to POST and PUT."""
    uuid = str(row.uuid)
    return {"id": uuid, "name": row.name, "links": links(request, "backups", uuid)}


def backup_full(request: Request, row: Backup) -> dict[str, Any]:
    """A backup as GET shows it; `is_parent` is counted by the query."""
    data = backup_brief(request, row) | {
        "status": row.status,
        "size": row.size,
        "object_count": 0,
        "container": row.container,
        "description": row.description,
        "availability_zone": row.availability_zone,
        "created_at": long_timestamp(row.created_at),
        "updated_at": long_timestamp(row.updated_at),
        "volume_id": str(row.volume_uuid),
        "snapshot_id": str(row.snapshot_id) if row.snapshot_id else None,
        "fail_reason": row.fail_reason,
        "is_incremental": row.incremental,
        "has_dependent_backups": bool(getattr(row, "is_parent", False)),
        "data_timestamp": long_timestamp(row.data_timestamp),
    }
    minor = request.version[1]
    if minor >= 18 and request.caller.is_admin:
        data["os-backup-project-attr:project_id"] = row.project_id
    if minor >= 43:
        data["metadata"] = row.metadata
    if minor >= 56:
        data["user_id"] = row.user_id
    return data


def transfer_brief(request: Request, row: VolumeTransfer) -> dict[str, Any]:
    """A transfer in the short list and in the answer to its acceptance."""
    uuid = str(row.uuid)
    return {
        "id": uuid,
        "name": row.name,
        "volume_id": str(row.volume_uuid),
        "links": links(request, "os-volume-transfer", uuid),
    }


def transfer_full(request: Request, row: VolumeTransfer) -> dict[str, Any]:
    """A transfer as GET shows it."""
    data = transfer_brief(request, row) | {"created_at": long_timestamp(row.created_at)}
    if request.version >= (3, 55):
        data["no_snapshots"] = row.no_snapshots
    if request.version >= (3, 57):
        data |= {
            "source_project_id": row.project_id,
            "destination_project_id": row.destination_project_id,
            "accepted": row.accepted,
        }
    return data


def attachment_brief(_request: Request, row: VolumeAttachment) -> dict[str, Any]:
    """An attachment in the short list."""
    return {
        "id": str(row.uuid),
        "volume_id": str(row.volume.uuid),
        "instance": str(row.instance_uuid) if row.instance_uuid else None,
        "status": row.status,
    }


def attachment_full(request: Request, row: VolumeAttachment) -> dict[str, Any]:
    """An attachment as GET shows it."""
    return attachment_brief(request, row) | {
        "attach_mode": row.mode,
        "attached_at": long_timestamp(row.attached_at) or "",
        "detached_at": long_timestamp(row.detached_at) or "",
        "connection_info": row.connection_info,
    }
