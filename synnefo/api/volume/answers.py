"""What this service answers, for the OpenAPI document: every field of every record.

Fields that come with a microversion, or for administrators only, are named and not required.
"""

from collections.abc import Mapping

from synnefo.api.bodies import (
    Described,
    Kind,
    anything,
    choice,
    listing,
    mapping,
    maybe,
    record,
    schema_of,
    sometimes,
)
from synnefo.api.bodies import uuid as identifier
from synnefo.core.quota import VOLUME as RESOURCES

Gives = Mapping[int, Kind | None]
Fields = dict[str, Kind]
MANY = 2**31 - 1
STRING = Described({"type": "string"}, anything)
NUMBER = Described({"type": "integer"}, anything)
BOOLEAN = Described({"type": "boolean"}, anything)
WORD = maybe(STRING)
ID = maybe(identifier)
NONE: Kind = Described({"type": "null"}, anything)
TEXTS = mapping(STRING, WORD, MANY)
OBJECT = record({}, rest=anything)
LINKS = listing(record({"rel": STRING, "href": STRING}, ("rel", "href")), 0, MANY)


def fields(known: Fields, *, also: Fields | None = None) -> Kind:
    """A record that always has the known fields, and sometimes the others."""
    return record(known | (also or {}), tuple(known))


def one(name: str, kind: Kind, *, status: int = 200) -> Gives:
    """{name: record}."""
    return {status: record({name: kind}, (name,))}


def many(name: str, kind: Kind) -> Gives:
    """{name: [record, …]}, with the link to the next page and how many there are in all."""
    links: Fields = {f"{name}_links": LINKS, "count": NUMBER}
    return {200: record({name: listing(kind, 0, MANY), **links}, (name,))}


def metadata(name: str) -> Gives:
    """{name: {text: text}}."""
    return {200: record({name: TEXTS}, (name,))}


ANY_TEXT: Gives = {200: TEXTS}
ACCEPTED: Gives = {202: None}
GONE: Gives = {204: None}
DONE: Gives = {200: None}
VERSIONS = record({"versions": listing(OBJECT, 1, MANY)}, ("versions",))

# --- volumes --------------------------------------------------------------------------------------

_BRIEF: Fields = {"id": identifier, "name": WORD, "links": LINKS}
_TIMES: Fields = {"created_at": WORD, "updated_at": WORD}
_ATTACHED = fields(
    {
        "id": identifier, "attachment_id": identifier, "volume_id": identifier, "server_id": ID,
        "host_name": WORD, "device": WORD, "attached_at": WORD,
    }
)  # fmt: skip
_VOLUME: Fields = _BRIEF | _TIMES | {
    "description": WORD, "size": NUMBER, "status": STRING, "availability_zone": STRING,
    "bootable": choice("true", "false"), "encrypted": BOOLEAN, "multiattach": BOOLEAN,
    "volume_type": WORD, "metadata": TEXTS, "snapshot_id": ID, "source_volid": ID,
    "consistencygroup_id": NONE, "replication_status": NONE, "migration_status": WORD,
    "user_id": STRING, "attachments": listing(_ATTACHED, 0, MANY),
}  # fmt: skip
_VOLUME_LATER: Fields = {
    "group_id": ID, "provider_id": NONE, "service_uuid": STRING, "shared_targets": BOOLEAN,
    "cluster_name": NONE, "volume_type_id": ID, "consumes_quota": BOOLEAN,
}  # fmt: skip
_VOLUME_SHOWN: Fields = {
    "volume_image_metadata": TEXTS, "os-vol-host-attr:host": STRING,
    "os-vol-mig-status-attr:migstat": WORD, "os-vol-mig-status-attr:name_id": NONE,
}  # fmt: skip
_TENANT: Fields = {"os-vol-tenant-attr:tenant_id": STRING}
VOLUME_BRIEF = fields(_BRIEF)
VOLUME_SMALL = fields(_VOLUME, also=_VOLUME_LATER)
VOLUME = fields(_VOLUME | _TENANT, also=_VOLUME_LATER | _VOLUME_SHOWN)
SUMMARY = fields(
    {"total_size": NUMBER, "total_count": NUMBER},
    also={"metadata": mapping(STRING, listing(STRING, 0, MANY), MANY)},
)
_UPLOADED = fields(
    {
        "id": identifier, "updated_at": WORD, "status": STRING, "display_description": WORD,
        "size": NUMBER, "volume_type": maybe(fields({"id": identifier, "name": STRING})),
        "image_id": identifier, "container_format": WORD, "disk_format": WORD,
        "image_name": STRING, "protected": BOOLEAN, "visibility": STRING,
    }
)  # fmt: skip
# The metadata of the image, where the action is about them; the image to come, or nothing.
VOLUME_ACTED: Gives = {
    200: sometimes(record({"metadata": TEXTS})),
    202: sometimes(record({"os-volume_upload_image": _UPLOADED})),
}
# --- snapshots, backups, transfers, attachments, messages -----------------------------------------

_SNAPSHOT: Fields = _TIMES | {
    "id": identifier, "name": WORD, "description": WORD, "volume_id": identifier,
    "status": STRING, "size": NUMBER, "metadata": TEXTS,
}  # fmt: skip
_SNAPSHOT_LATER: Fields = {"group_snapshot_id": ID, "user_id": WORD, "consumes_quota": BOOLEAN}
_EXTENDED = "os-extended-snapshot-attributes"
_SNAPSHOT_SHOWN: Fields = {f"{_EXTENDED}:progress": STRING, f"{_EXTENDED}:project_id": STRING}
SNAPSHOT_SMALL = fields(_SNAPSHOT, also=_SNAPSHOT_LATER)
SNAPSHOT = fields(_SNAPSHOT | _SNAPSHOT_SHOWN, also=_SNAPSHOT_LATER)
BACKUP_SMALL = fields(_BRIEF, also={"metadata": TEXTS})
BACKUP = fields(
    _BRIEF | _TIMES | {
        "status": STRING, "size": NUMBER, "object_count": NUMBER, "container": WORD,
        "description": WORD, "availability_zone": WORD, "volume_id": identifier,
        "snapshot_id": ID, "fail_reason": WORD, "is_incremental": BOOLEAN,
        "has_dependent_backups": BOOLEAN, "data_timestamp": WORD,
    },
    also={"os-backup-project-attr:project_id": STRING, "metadata": TEXTS, "user_id": WORD},
)  # fmt: skip
RESTORED = fields({"backup_id": identifier, "volume_id": identifier, "volume_name": WORD})
BACKUP_RECORD = fields({"backup_service": STRING, "backup_url": STRING})
_TRANSFER: Fields = _BRIEF | {"volume_id": identifier}
TRANSFER_SMALL = fields(_TRANSFER)
_TRANSFER_LATER: Fields = {
    "no_snapshots": BOOLEAN, "source_project_id": WORD, "destination_project_id": WORD,
    "accepted": BOOLEAN,
}  # fmt: skip
TRANSFER = fields(_TRANSFER | {"created_at": WORD}, also=_TRANSFER_LATER)
TRANSFER_MADE = fields(_TRANSFER | {"created_at": WORD, "auth_key": STRING}, also=_TRANSFER_LATER)
_ATTACHMENT: Fields = {
    "id": identifier, "volume_id": identifier, "instance": ID, "status": STRING,
}  # fmt: skip
ATTACHMENT_SMALL = fields(_ATTACHMENT)
ATTACHMENT = fields(
    _ATTACHMENT | {
        "attach_mode": STRING, "attached_at": STRING, "detached_at": STRING,
        "connection_info": OBJECT,
    }
)  # fmt: skip
MESSAGE = fields(
    {
        "id": identifier, "event_id": STRING, "user_message": STRING, "message_level": STRING,
        "resource_type": STRING, "request_id": STRING, "created_at": WORD,
        "guaranteed_until": WORD, "links": LINKS,
    },
    also={"resource_uuid": identifier},
)  # fmt: skip
# --- types, quality of service, groups ------------------------------------------------------------

_TYPE: Fields = {
    "id": identifier, "name": STRING, "description": WORD, "is_public": BOOLEAN,
    "extra_specs": TEXTS,
}  # fmt: skip
TYPE = fields(_TYPE, also={"os-volume-type-access:is_public": BOOLEAN, "qos_specs_id": ID})
TYPE_ACCESS = fields({"volume_type_id": identifier, "project_id": STRING})
_ENCRYPTION: Fields = {
    "provider": STRING, "control_location": STRING, "cipher": WORD, "key_size": maybe(NUMBER),
    "encryption_id": identifier, "volume_type_id": identifier, "created_at": WORD,
    "updated_at": WORD, "deleted": BOOLEAN, "deleted_at": NONE,
}  # fmt: skip
# Empty where a type has none.
ENCRYPTION: Gives = {200: record(_ENCRYPTION)}
ENCRYPTED = one("encryption", record(_ENCRYPTION))
ENCRYPTION_ITEM: Gives = {200: mapping(STRING, anything, 1)}
DEFAULT_TYPE = fields({"project_id": STRING, "volume_type_id": identifier})
QOS = fields({"id": identifier, "name": STRING, "consumer": STRING, "specs": TEXTS})
ONE_QOS: Gives = {200: record({"qos_specs": QOS, "links": LINKS}, ("qos_specs", "links"))}
ASSOCIATION = fields({"association_type": STRING, "id": identifier, "name": STRING})
GROUP_TYPE = fields(
    {"id": identifier, "name": STRING, "description": WORD, "is_public": BOOLEAN},
    also={"group_specs": TEXTS},
)
_NAMED: Fields = {"id": identifier, "name": WORD}
GROUP_SMALL = fields(_NAMED)
GROUP = fields(
    _NAMED | {
        "description": WORD, "status": STRING, "availability_zone": WORD, "created_at": WORD,
        "group_type": identifier, "volume_types": listing(identifier, 0, MANY),
    },
    also={
        "group_snapshot_id": ID, "source_group_id": ID, "volumes": listing(identifier, 0, MANY),
        "replication_status": NONE, "project_id": STRING,
    },
)  # fmt: skip
GROUP_SNAPSHOT_SMALL = fields(_NAMED)
GROUP_SNAPSHOT_MADE = fields(_NAMED | {"group_type_id": identifier})
GROUP_SNAPSHOT = fields(
    _NAMED | {
        "description": WORD, "status": STRING, "group_id": identifier,
        "group_type_id": identifier, "created_at": WORD,
    },
    also={"project_id": STRING},
)  # fmt: skip
# --- the service ----------------------------------------------------------------------------------

EXTENSION = fields(
    {"name": STRING, "alias": STRING, "description": STRING, "updated": STRING, "links": LINKS}
)
ZONE = fields({"zoneName": STRING, "zoneState": fields({"available": BOOLEAN})})
SERVICE = fields(
    {
        "binary": STRING, "host": STRING, "zone": STRING, "status": STRING, "state": STRING,
        "disabled_reason": WORD, "updated_at": WORD,
    },
    also={
        "frozen": BOOLEAN, "replication_status": STRING, "active_backend_id": NONE,
        "backend_state": STRING, "cluster": NONE,
    },
)  # fmt: skip
# Freezing answers nothing.
SERVICE_CHANGED: Gives = {
    200: fields(
        {"host": STRING, "service": STRING, "binary": STRING, "disabled": BOOLEAN,
         "status": STRING},
        also={"disabled_reason": WORD},
    ),
    202: None,
}  # fmt: skip
HOST = fields(
    {
        "service-status": STRING, "service": STRING, "zone": STRING, "service-state": STRING,
        "host_name": STRING, "last-update": WORD,
    }
)  # fmt: skip
HOST_USE = fields(
    {
        "resource": fields(
            dict.fromkeys(
                ("host", "project", "volume_count", "total_volume_gb", "snapshot_count",
                 "total_snapshot_gb"),
                STRING,
            )
        )
    }
)  # fmt: skip
POOL = fields({"name": STRING}, also={"capabilities": OBJECT})
CLEANED: Gives = {202: fields(dict.fromkeys(("cleaning", "unavailable"), listing(OBJECT, 0, MANY)))}
CAPABILITIES: Gives = {
    200: fields(
        dict.fromkeys(
            ("namespace", "vendor_name", "volume_backend_name", "pool_name", "driver_version",
             "storage_protocol", "display_name", "description", "visibility"),
            STRING,
        )
        | {"replication_targets": listing(STRING, 0, MANY), "properties": OBJECT}
    )
}  # fmt: skip
RESOURCE_FILTER = fields({"resource": STRING, "filters": listing(STRING, 0, MANY)})
LIMITS = fields(
    {
        "rate": listing(OBJECT, 0, MANY),
        "absolute": fields(
            dict.fromkeys(
                ("maxTotalVolumes", "maxTotalSnapshots", "maxTotalVolumeGigabytes",
                 "maxTotalBackups", "maxTotalBackupGigabytes", "totalVolumesUsed",
                 "totalSnapshotsUsed", "totalGigabytesUsed", "totalBackupsUsed",
                 "totalBackupGigabytesUsed"),
                NUMBER,
            )
        ),
    }
)  # fmt: skip
_USED = fields({"limit": NUMBER, "in_use": NUMBER, "reserved": NUMBER})
# A number, or with usage=true what is used of it; types have more of them.
_LIMIT = Described({"oneOf": [schema_of(NUMBER), schema_of(_USED)]}, anything)
QUOTA_SET = record({"id": STRING} | dict.fromkeys(RESOURCES, _LIMIT), tuple(RESOURCES), rest=_LIMIT)
_CLASS = tuple(name for name in RESOURCES if name != "groups")
QUOTA_CLASS = record({"id": STRING} | dict.fromkeys(_CLASS, NUMBER), _CLASS, rest=NUMBER)
