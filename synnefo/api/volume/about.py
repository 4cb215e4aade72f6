"""What this service says of itself: zones, extensions, services, hosts, pools, limits, quotas."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Sum
from django.http import HttpResponse

from synnefo.api import bodies
from synnefo.api.bodies import TRUE
from synnefo.api.request import Request, answer, empty, long_timestamp
from synnefo.api.volume.records import HOST
from synnefo.core.faults import BadRequest, NotFound
from synnefo.core.volume_states import GIB
from synnefo.db.models import Backend, Snapshot, Volume
from synnefo.intents.volume import volume_services
from synnefo.intents.volume.volume_services import BACKUP, SCHEDULER, VOLUMES

ZONE = "nova"
MACHINE = HOST.partition("@")[0]
BACKEND = HOST.partition("#")[0]
VENDOR = "Synnefo"
PROTOCOL = "local"  # disks of the nodes that run the servers
DRIVER = "3.0.0"
UPDATED = "2013-04-18T00:00:00+00:00"
EXTENSIONS = (
    ("AdminActions", "os-admin-actions", "Actions for administrators."),
    ("AvailabilityZones", "os-availability-zone", "Zones."),
    ("Backups", "backups", "Backups of volumes."),
    ("ExtendedSnapshotAttributes", "os-extended-snapshot-attributes", "Progress of snapshots."),
    ("Hosts", "os-hosts", "Hosts of the service."),
    ("QosSpecs", "qos-specs", "Quality of service."),
    ("Quotas", "os-quota-sets", "Quotas of projects."),
    ("Services", "os-services", "Parts of the service."),
    ("TypesExtraSpecs", "os-types-extra-specs", "Extra specifications of types."),
    ("TypesManage", "os-types-manage", "Making types."),
    ("UsedLimits", "os-used-limits", "What is used of the limits."),
    ("VolumeActions", "os-volume-actions", "Actions on volumes."),
    ("VolumeHostAttribute", "os-vol-host-attr", "The host of a volume."),
    ("VolumeImageMetadata", "os-vol-image-meta", "Metadata of a volume's image."),
    ("VolumeTenantAttribute", "os-vol-tenant-attr", "The project of a volume."),
    ("VolumeTransfer", "os-volume-transfer", "Transfers of volumes."),
    ("VolumeTypeAccess", "os-volume-type-access", "Private types."),
    ("VolumeTypeEncryption", "encryption", "Encryption of types."),
)


def extensions(_request: Request) -> HttpResponse:
    """GET /extensions."""
    shown = [
        {"name": name, "alias": alias, "description": text, "updated": UPDATED, "links": []}
        for name, alias, text in EXTENSIONS
    ]
    return answer({"extensions": shown})


def zones(_request: Request) -> HttpResponse:
    """GET /os-availability-zone."""
    zone = {"zoneName": ZONE, "zoneState": {"available": True}}
    return answer({"availabilityZoneInfo": [zone]})


# --- services and hosts ---------------------------------------------------------------------------

BINARIES = {SCHEDULER: MACHINE, VOLUMES: BACKEND, BACKUP: MACHINE}


def _service(request: Request, binary: str) -> dict[str, Any]:
    status = volume_services.status_of(binary)
    data: dict[str, Any] = {
        "binary": binary,
        "host": BINARIES[binary],
        "zone": ZONE,
        "status": "disabled" if status.disabled else "enabled",
        "state": "up",
        "disabled_reason": status.reason,
        "updated_at": long_timestamp(volume_services.now()),
    }
    minor = request.version[1]
    if binary == VOLUMES:
        data |= {"frozen": status.frozen, "replication_status": "disabled"}
        data["active_backend_id"] = None
        if minor >= 49:
            data["backend_state"] = "up"
    return data | ({"cluster": None} if minor >= 7 else {})


def services(request: Request) -> HttpResponse:
    """GET /os-services."""
    binary, host = request.query.get("binary"), request.query.get("host")
    shown = [
        _service(request, one)
        for one, at in BINARIES.items()
        if binary in (None, one) and (host is None or host in (at, at.partition("@")[0]))
    ]
    return answer({"services": shown})


CHANGE_SERVICE = bodies.record(
    {
        "host": bodies.text(1, 255),
        "binary": bodies.text(1, 255),
        "service": bodies.text(1, 255),
        "cluster": bodies.maybe(bodies.text(0, 255)),
        "disabled_reason": bodies.text(1, 255),
        "backend_id": bodies.maybe(bodies.text(0, 255)),
    }
)


def change_service(request: Request, action: str) -> HttpResponse:
    """PUT /os-services/{action}."""
    wish = request.wish
    if action in {"freeze", "thaw"}:
        if wish.get("host") != BACKEND:
            raise BadRequest(f"Host {wish.get('host')} could not be found.", field="host")
        volume_services.freeze(action == "freeze")
        return empty(202)
    if action in {"failover", "failover_host"}:
        raise BadRequest("Volumes are not replicated: there is nothing to fail over to.")
    if action not in {"enable", "disable", "disable-log-reason"}:
        raise NotFound("Unknown action")
    return _switch(action, wish)


def _switch(action: str, wish: Mapping[str, Any]) -> HttpResponse:
    binary = wish.get("binary") or wish.get("service") or ""
    if action == "disable-log-reason" and not wish.get("disabled_reason", "").strip():
        raise BadRequest("Disabled reason contains invalid characters or is too long.")
    if binary not in BINARIES or wish.get("host") != BINARIES[binary]:
        raise NotFound(f"Service {binary} could not be found on host {wish.get('host')}.")
    reason = wish.get("disabled_reason") if action == "disable-log-reason" else None
    disabled = action != "enable"
    volume_services.switch(binary, disabled, reason)
    shown = {
        "host": wish["host"],
        "service": binary,
        "binary": binary,
        "disabled": disabled,
        "status": "disabled" if disabled else "enabled",
    }
    if action != "disable":
        shown["disabled_reason"] = reason
    return answer(shown)


def hosts(_request: Request) -> HttpResponse:
    """GET /os-hosts."""
    shown = [
        {
            "service-status": "available",
            "service": binary,
            "zone": ZONE,
            "service-state": "disabled"
            if volume_services.status_of(binary).disabled
            else "enabled",
            "host_name": host,
            "last-update": long_timestamp(volume_services.now()),
        }
        for binary, host in BINARIES.items()
    ]
    return answer({"hosts": shown})


def host(_request: Request, name: str) -> HttpResponse:
    """GET /os-hosts/{name}: what lies there, in total and by project."""
    if name != BACKEND:
        raise NotFound(f"Host {name} could not be found.")
    volumes: dict[str, list[int]] = {}
    for project, size in Volume.objects.filter(local=False).values_list("project_id", "size"):
        volumes.setdefault(project, []).append(size)
    snapshots: dict[str, list[int]] = {}
    for project, size in Snapshot.objects.values_list("project_id", "size"):
        snapshots.setdefault(project, []).append(size)
    total = _resources(
        name,
        "(total)",
        [size for some in volumes.values() for size in some],
        [size for some in snapshots.values() for size in some],
    )
    each = [
        _resources(name, one, volumes.get(one, []), snapshots.get(one, []))
        for one in sorted(volumes.keys() | snapshots.keys())
    ]
    return answer({"host": [total, *each]})


def _resources(name: str, project: str, volumes: list[int], snapshots: list[int]) -> dict[str, Any]:
    return {
        "resource": {
            "host": name,
            "project": project,
            "volume_count": str(len(volumes)),
            "total_volume_gb": str(sum(volumes) // GIB),
            "snapshot_count": str(len(snapshots)),
            "total_snapshot_gb": str(sum(snapshots)),
        }
    }


# --- pools ----------------------------------------------------------------------------------------


def _capacity() -> dict[str, float]:
    space = Backend.objects.filter(offline=False).aggregate(
        total=Sum("disk_total"), free=Sum("disk_free")
    )
    total, free = space["total"] or 0, space["free"] or 0
    return {"total_capacity_gb": total / GIB, "free_capacity_gb": free / GIB}


def pools(request: Request) -> HttpResponse:
    """GET /scheduler-stats/get_pools."""
    wanted = request.query.get("name") if request.version >= (3, 28) else None
    if wanted not in (None, HOST):
        return answer({"pools": []})
    pool: dict[str, Any] = {"name": HOST}
    if request.query.get("detail", "").lower() in TRUE:
        moment = long_timestamp(volume_services.now())
        pool["capabilities"] = _capacity() | {
            "updated": moment,
            "timestamp": moment,
            "QoS_support": False,
            "volume_backend_name": BACKEND.partition("@")[2],
            "driver_version": DRIVER,
            "reserved_percentage": 0,
            "storage_protocol": PROTOCOL,
            "vendor_name": VENDOR,
            "pool_name": HOST.partition("#")[2],
        }
    return answer({"pools": [pool]})


def capabilities(_request: Request, host: str) -> HttpResponse:
    """GET /capabilities/{host}."""
    if host not in (BACKEND, HOST):
        raise NotFound(f"Host {host} could not be found.")
    return answer(
        {
            "namespace": f"OS::Storage::Capabilities::{BACKEND}",
            "vendor_name": VENDOR,
            "volume_backend_name": BACKEND.partition("@")[2],
            "pool_name": HOST.partition("#")[2],
            "driver_version": DRIVER,
            "storage_protocol": PROTOCOL,
            "display_name": "Disks of clusters",
            "description": "Volumes become disks of the clusters that run their servers.",
            "visibility": "public",
            "replication_targets": [],
            "properties": {},
        }
    )


RESOURCE_FILTERS = {
    "volume": [
        "name", "status", "metadata", "bootable", "migration_status", "availability_zone",
        "group_id", "size", "user_id", "image_metadata", "created_at", "updated_at",
    ],
    "snapshot": ["name", "status", "volume_id", "metadata", "availability_zone", "user_id"],
    "backup": ["name", "status", "volume_id"],
    "group": [],
    "group_snapshot": ["status", "group_id"],
    "attachment": ["volume_id", "status", "instance_id"],
    "message": ["resource_uuid", "resource_type", "event_id", "request_id", "message_level"],
    "pool": ["name", "volume_type"],
    "volume_type": ["is_public", "extra_specs"],
}  # fmt: skip


def resource_filters(request: Request) -> HttpResponse:
    """GET /resource_filters, from 3.33 on."""
    wanted = request.query.get("resource")
    shown = [
        {"resource": name, "filters": filters}
        for name, filters in RESOURCE_FILTERS.items()
        if wanted in (None, name)
    ]
    return answer({"resource_filters": shown})


def clusters(request: Request) -> HttpResponse:
    """GET /clusters, from 3.7 on: services stand for themselves."""
    return answer({"clusters": []})


_NAME = bodies.maybe(bodies.text(0, 255))
CLEAN_UP = bodies.record(
    dict.fromkeys(("cluster_name", "host", "binary", "resource_id", "resource_type"), _NAME)
    | {"service_id": bodies.maybe(bodies.integer())}
    | dict.fromkeys(("is_up", "disabled"), bodies.maybe(bodies.flag))
)


def clean_up(_request: Request) -> HttpResponse:
    """POST and PUT /workers/cleanup: the reconciler sees to what others leave, so nothing is."""
    return answer({"cleaning": [], "unavailable": []}, 202)
