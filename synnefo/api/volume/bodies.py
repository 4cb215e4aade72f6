"""The bodies of block storage requests, field by field."""

from typing import Any

from synnefo.api.bodies import (
    ByVersion,
    Kind,
    anything,
    choice,
    described,
    flag,
    integer,
    listing,
    mapping,
    maybe,
    record,
    schema_of,
    text,
    uuid,
)
from synnefo.core import volume_states
from synnefo.core.faults import BadRequest

LARGEST_GIB = 1 << 20  # a PiB
NAME = text(0, 255)
TITLE = maybe(NAME)
NOTE = maybe(text(0, 255, lines=True))
KEY = text(1, 255)
METADATA = mapping(KEY, text(0, 255, lines=True), most=128)
IDENTIFIER = text(1, 255)
NOTHING = maybe(record({}, rest=anything))


def wrapped(name: str, fields: dict[str, Kind], need: tuple[str, ...] = ()) -> Kind:
    """{name: {fields}}."""
    return record({name: record(fields, need)}, (name,))


_VOLUME: dict[str, Kind] = {
    "size": maybe(integer(1, LARGEST_GIB)),
    "name": TITLE,
    "display_name": TITLE,
    "description": NOTE,
    "display_description": NOTE,
    "volume_type": maybe(IDENTIFIER),
    "availability_zone": maybe(text(0, 255)),
    "metadata": maybe(METADATA),
    "snapshot_id": maybe(uuid),
    "source_volid": maybe(uuid),
    "source_replica": maybe(uuid),
    "consistencygroup_id": maybe(uuid),
    "imageRef": maybe(text(0, 255)),
    "image_id": maybe(text(0, 255)),
    "multiattach": maybe(flag),
    # Old clients send these; the service sets them by itself.
    "status": anything,
    "attach_status": anything,
    "user_id": anything,
    "project_id": anything,
}
_HINTS = mapping(KEY, anything, most=64)


def _creation(more: dict[str, Kind]) -> Kind:
    body = record(_VOLUME | more)
    hints = {"OS-SCH-HNT:scheduler_hints": maybe(_HINTS)}
    return record({"volume": body} | hints, ("volume",))


_GROUPED: dict[str, Kind] = {"group_id": maybe(uuid)}
CREATE_VOLUME = ByVersion(
    {
        0: _creation({}),
        13: _creation(_GROUPED),
        47: _creation(_GROUPED | {"backup_id": maybe(uuid)}),
    }
)
_TITLES: dict[str, Kind] = {
    "name": TITLE,
    "display_name": TITLE,
    "description": NOTE,
    "display_description": NOTE,
}
UPDATE_VOLUME = wrapped("volume", _TITLES | {"metadata": maybe(METADATA)})
METADATA_BODY = record({"metadata": METADATA}, ("metadata",))
META_BODY = record({"meta": METADATA}, ("meta",))

CREATE_SNAPSHOT = wrapped(
    "snapshot",
    _TITLES | {"volume_id": maybe(text(0, 255)), "force": maybe(flag), "metadata": maybe(METADATA)},
    ("volume_id",),
)
UPDATE_SNAPSHOT = wrapped("snapshot", _TITLES)
_BACKUP: dict[str, Kind] = {
    "volume_id": uuid,
    "name": TITLE,
    "description": NOTE,
    "container": maybe(text(0, 255)),
    "incremental": maybe(flag),
    "force": maybe(flag),
    "snapshot_id": maybe(uuid),
}
_BACKUP_43 = _BACKUP | {"metadata": maybe(METADATA)}
CREATE_BACKUP = ByVersion(
    {
        0: wrapped("backup", _BACKUP, ("volume_id",)),
        43: wrapped("backup", _BACKUP_43, ("volume_id",)),
        51: wrapped(
            "backup", _BACKUP_43 | {"availability_zone": maybe(text(1, 255))}, ("volume_id",)
        ),
    }
)
_BACKUP_TITLES: dict[str, Kind] = {"name": TITLE, "description": NOTE}
UPDATE_BACKUP = ByVersion(
    {
        0: wrapped("backup", _BACKUP_TITLES),
        43: wrapped("backup", _BACKUP_TITLES | {"metadata": METADATA}),
    }
)
BACKUP_RECORD = wrapped(
    "backup-record",
    {"backup_service": text(1, 255), "backup_url": text(1, 65535)},
    ("backup_service", "backup_url"),
)
RESTORE = wrapped("restore", {"volume_id": maybe(uuid), "name": TITLE})
_OFFER: dict[str, Kind] = {"volume_id": uuid, "name": TITLE}
CREATE_TRANSFER = ByVersion(
    {
        0: wrapped("transfer", _OFFER, ("volume_id",)),
        55: wrapped("transfer", _OFFER | {"no_snapshots": flag}, ("volume_id",)),
    }
)
ACCEPT = wrapped("accept", {"auth_key": text(1, 255)}, ("auth_key",))

SPECS = mapping(text(1, 255, pattern=r"[a-zA-Z0-9\-_:. ]+"), text(0, 255), most=128)
_TYPE: dict[str, Kind] = {
    "name": text(1, 255),
    "description": maybe(text(0, 255, lines=True)),
    "os-volume-type-access:is_public": flag,
    "extra_specs": maybe(SPECS),
}
CREATE_TYPE = wrapped("volume_type", _TYPE, ("name",))
UPDATE_TYPE = wrapped(
    "volume_type",
    {"name": maybe(text(1, 255)), "description": _TYPE["description"], "is_public": flag},
)
EXTRA_SPECS = record({"extra_specs": SPECS}, ("extra_specs",))
ONE_SPEC = SPECS
ENCRYPTION_FIELDS: dict[str, Kind] = {
    "provider": text(1, 255),
    "control_location": choice("front-end", "back-end"),
    "cipher": maybe(text(0, 255)),
    "key_size": maybe(integer(1)),
}
CREATE_ENCRYPTION = wrapped("encryption", ENCRYPTION_FIELDS, ("provider", "control_location"))
UPDATE_ENCRYPTION = wrapped("encryption", ENCRYPTION_FIELDS)
DEFAULT_TYPE = wrapped("default_type", {"volume_type": IDENTIFIER}, ("volume_type",))
QOS = record(
    {
        "qos_specs": record(
            {"name": text(1, 255), "consumer": choice("front-end", "back-end", "both")},
            ("name",),
            rest=text(0, 255),
        )
    },
    ("qos_specs",),
)
QOS_CHANGE = record(
    {"qos_specs": record({"consumer": choice("front-end", "back-end", "both")}, rest=text(0, 255))},
    ("qos_specs",),
)
QOS_KEYS = record({"keys": listing(KEY, 1)}, ("keys",))

RESERVE_FIELDS: dict[str, Kind] = {
    "volume_uuid": uuid,
    "instance_uuid": maybe(uuid),
    "connector": maybe(mapping(KEY, anything, most=64)),
}
CREATE_ATTACHMENT = ByVersion(
    {
        0: wrapped("attachment", RESERVE_FIELDS, ("volume_uuid",)),
        54: wrapped("attachment", RESERVE_FIELDS | {"mode": choice("rw", "ro")}, ("volume_uuid",)),
    }
)
UPDATE_ATTACHMENT = wrapped(
    "attachment", {"connector": mapping(KEY, anything, most=64)}, ("connector",)
)

_STATUS = maybe(choice(*volume_states.VOLUME_STATUSES))
ACTION_KINDS: dict[str, Kind] = {
    "os-attach": record(
        {
            "instance_uuid": uuid,
            "host_name": text(1, 255),
            "mountpoint": maybe(text(1, 255)),
            "mode": choice("rw", "ro"),
        }
    ),
    "os-detach": maybe(record({"attachment_id": maybe(uuid)})),
    "os-force_detach": maybe(
        record({"attachment_id": maybe(uuid), "connector": maybe(mapping(KEY, anything))})
    ),
    "os-reserve": NOTHING,
    "os-unreserve": NOTHING,
    "os-begin_detaching": NOTHING,
    "os-roll_detaching": NOTHING,
    "os-initialize_connection": record({"connector": mapping(KEY, anything)}, ("connector",)),
    "os-terminate_connection": record({"connector": maybe(mapping(KEY, anything))}),
    "os-extend": record({"new_size": integer(1, LARGEST_GIB)}, ("new_size",)),
    "os-update_readonly_flag": record({"readonly": flag}, ("readonly",)),
    "os-set_bootable": record({"bootable": flag}, ("bootable",)),
    "os-retype": record(
        {"new_type": IDENTIFIER, "migration_policy": maybe(choice("on-demand", "never"))},
        ("new_type",),
    ),
    "os-reset_status": record(
        {
            "status": _STATUS,
            "attach_status": maybe(choice(*volume_states.ATTACH_STATUSES)),
            "migration_status": maybe(choice(*volume_states.MIGRATION_STATUSES)),
        }
    ),
    "os-force_delete": NOTHING,
    "os-unmanage": NOTHING,
    "os-migrate_volume": record({}, rest=anything),
    "os-migrate_volume_completion": record({}, rest=anything),
    "os-set_image_metadata": record({"metadata": METADATA}, ("metadata",)),
    "os-unset_image_metadata": record({"key": KEY}, ("key",)),
    "os-show_image_metadata": NOTHING,
    "os-volume_upload_image": record(
        {
            "image_name": text(1, 255),
            "force": maybe(flag),
            "disk_format": maybe(choice("raw", "qcow2", "vhd", "vhdx", "vmdk", "vdi", "ploop")),
            "container_format": maybe(choice("bare", "ami", "ari", "aki", "ovf", "ova")),
            "visibility": maybe(choice("public", "private", "shared", "community")),
            "protected": maybe(flag),
        },
        ("image_name",),
    ),
    "revert": record({"snapshot_id": uuid}, ("snapshot_id",)),
    "os-extend_volume_completion": record({"error": flag}, ("error",)),
    "os-reimage": record({"image_id": uuid, "reimage_reserved": flag}, ("image_id",)),
}
SNAPSHOT_ACTIONS: dict[str, Kind] = {
    "os-reset_status": record({"status": choice(*volume_states.SNAPSHOT_STATUSES)}, ("status",)),
    "os-force_delete": NOTHING,
    "os-unmanage": NOTHING,
    "os-update_snapshot_status": record(
        {
            "status": choice(*volume_states.SNAPSHOT_STATUSES),
            "progress": maybe(text(1, 8, pattern=r"(100|\d{1,2})%")),
        },
        ("status",),
    ),
}
BACKUP_ACTIONS: dict[str, Kind] = {
    "os-reset_status": record({"status": choice(*volume_states.BACKUP_STATUSES)}, ("status",)),
    "os-force_delete": NOTHING,
}
TYPE_ACTIONS: dict[str, Kind] = {
    "addProjectAccess": record({"project": text(1, 64)}, ("project",)),
    "removeProjectAccess": record({"project": text(1, 64)}, ("project",)),
}
ATTACHMENT_ACTIONS: dict[str, Kind] = {"os-complete": NOTHING}


def _only(name: str, kind: Kind) -> dict[str, Any]:
    schema = {"type": "object", "properties": {name: schema_of(kind)}, "required": [name]}
    return schema | {"additionalProperties": False}


def one_of(kinds: dict[str, Kind]) -> Kind:
    """The body of an action: one key, which says what its value has to be."""
    fields = record(kinds)

    @described({"oneOf": [_only(name, kind) for name, kind in kinds.items()]})
    def read(value: Any, where: str, strict: bool) -> tuple[str, Any]:
        if not isinstance(value, dict) or len(value) != 1:
            raise BadRequest("There must be exactly one action in the body.")
        name, wish = next(iter(fields(value, where, strict).items()))
        return str(name), wish

    return read


VOLUME_ACTION = one_of(ACTION_KINDS)
SNAPSHOT_ACTION = one_of(SNAPSHOT_ACTIONS)
BACKUP_ACTION = one_of(BACKUP_ACTIONS)
TYPE_ACTION = one_of(TYPE_ACTIONS)
ATTACHMENT_ACTION = one_of(ATTACHMENT_ACTIONS)


def titles(wish: dict[str, Any]) -> dict[str, Any]:
    """Name and description, by any of their words; blanks around a name are cut off."""
    found = {}
    for column in ("name", "description"):
        for word in (f"display_{column}", column):
            if word in wish:
                found[column] = wish[word]
    if isinstance(found.get("name"), str):
        found["name"] = found["name"].strip()
    return found
