"""What requests about servers may say, as tables by microversion; `server_requests` reads them."""

from typing import Any

from synnefo.api import bodies
from synnefo.api.bodies import ByVersion, Kind, maybe, record

MOST_SERVERS = 100  # by one request
MOST_TAGS = 50
MOST_FILES = 1000  # What a project may have is its quota's affair.


@bodies.described({"type": "string", "maxLength": 2048})
def reference(value: Any, where: str, strict: bool) -> str:
    """An id, or the address of what has it, as old clients send."""
    return str(bodies.text(0, 2048)(value, where, strict)).rstrip("/").rpartition("/")[2]


def _boot_index(value: Any, where: str, strict: bool) -> int | None:
    """Old clients send the word for null."""
    if value in (None, "None", ""):
        return None
    return int(_PLACE(value, where, strict))


_PLACE = bodies.integer(-1, 255)
_BOOT_INDEX = {"anyOf": [bodies.schema_of(_PLACE), {"enum": [None, "None", ""]}]}


# --- networks -------------------------------------------------------------------------------------

TAG = bodies.text(1, 60, pattern=r"[^,/\x00-\x1f\x7f]*")
CARD: dict[str, Kind] = {
    "uuid": bodies.uuid,
    "fixed_ip": maybe(bodies.address(4, 6)),
    "port": maybe(bodies.uuid),
}
TAGGED_CARD = CARD | {"tag": TAG}
MOST_CARDS = 32


def _cards(fields: dict[str, Kind]) -> Kind:
    return maybe(bodies.listing(record(fields), most=MOST_CARDS))


def _cards_or_word(fields: dict[str, Kind]) -> Kind:
    cards = bodies.listing(record(fields), most=MOST_CARDS)
    word = bodies.choice("auto", "none")
    return bodies.either({list: cards, str: word}, 'a list, "auto" or "none"')


# --- disks ----------------------------------------------------------------------------------------

SIZE = bodies.either(
    {int: bodies.integer(1, 1 << 20), str: bodies.integer(1, 1 << 20)}, "a whole number of GiB"
)
DEVICE: dict[str, Kind] = {
    "uuid": maybe(bodies.text(0, 255)),
    "boot_index": bodies.Described(_BOOT_INDEX, _boot_index),
    "source_type": bodies.choice("image", "volume", "snapshot", "blank"),
    "destination_type": bodies.choice("local", "volume"),
    "volume_size": maybe(SIZE),
    "delete_on_termination": bodies.flag,
    "device_name": maybe(bodies.text(0, 255, pattern=r"[a-zA-Z0-9._/-]*")),
    "disk_bus": maybe(bodies.text(0, 255)),
    "device_type": maybe(bodies.text(0, 255)),
    "guest_format": maybe(bodies.text(0, 255)),
    "no_device": maybe(bodies.either({bool: bodies.flag, str: bodies.text(0, 255)}, "a flag")),
    "volume_id": maybe(bodies.uuid),
    "snapshot_id": maybe(bodies.uuid),
    "image_id": maybe(bodies.uuid),
    "virtual_name": maybe(bodies.text(0, 255)),
}
OLD_DEVICE = {name: kind for name, kind in DEVICE.items() if name not in ("uuid", "source_type")}
MOST_DISKS = 32


def _devices(fields: dict[str, Kind]) -> Kind:
    return bodies.listing(record(fields), most=MOST_DISKS)


# --- creation -------------------------------------------------------------------------------------

HINT = bodies.either(
    {
        str: bodies.text(0, 255),
        list: bodies.listing(bodies.text(1, 255), most=100),
        dict: bodies.anything,
        int: bodies.anything,
        bool: bodies.anything,
        float: bodies.anything,
        type(None): bodies.anything,
    },
    "a hint",
)
SERVER_IDS = bodies.either(
    {str: bodies.uuid, list: bodies.listing(bodies.uuid, most=100)}, "ids of servers"
)
HINTS = record(
    {
        "group": bodies.uuid,
        "same_host": SERVER_IDS,
        "different_host": SERVER_IDS,
        "build_near_host_ip": bodies.address(4, 6),
        "cidr": bodies.text(2, 64, pattern=r"/[0-9a-f.:]+"),
        "target_cell": bodies.text(1, 255),
    },
    rest=HINT,
)


def _access(version: int) -> Kind:
    """An address, or nothing."""
    read = bodies.address(version)
    schema = {"anyOf": [bodies.schema_of(read), {"enum": ["", None]}]}

    def kind(value: Any, where: str, strict: bool) -> Any:
        return "" if value in ("", None) else read(value, where, strict)

    return bodies.Described(schema, kind)


ACCESS = {"accessIPv4": _access(4), "accessIPv6": _access(6)}
DISK_CONFIG = bodies.choice("AUTO", "MANUAL")
DESCRIPTION = maybe(bodies.text(0, 255, lines=True))
FILE = record(
    {"path": bodies.text(1, 255), "contents": bodies.encoded(65535)}, ("path", "contents")
)
FILES = bodies.listing(FILE, most=MOST_FILES)
HOSTNAME = bodies.text(1, 63, pattern=r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?")
DOMAIN_NAME = bodies.text(
    1,
    255,
    pattern=r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*",
)
TAGS = bodies.listing(TAG, most=MOST_TAGS)
CERTIFICATES = maybe(bodies.listing(bodies.text(1, 255), least=1, most=50))
FLAVOR = bodies.either(
    {
        str: reference,
        int: lambda value, at, strict: str(bodies.integer()(value, at, strict)),
    },
    "the id of a flavor",
)
IMAGE = bodies.text(0, 2048)

CREATE: dict[str, Kind] = {
    "name": bodies.NAME,
    "flavorRef": FLAVOR,
    "imageRef": maybe(reference),
    "networks": _cards(CARD),
    "key_name": maybe(bodies.text(1, 255)),
    "metadata": maybe(bodies.METADATA),
    "user_data": maybe(bodies.encoded(65535)),
    "config_drive": maybe(bodies.flag),
    "min_count": bodies.integer(1, MOST_SERVERS),
    "max_count": bodies.integer(1, MOST_SERVERS),
    "adminPass": bodies.text(0, 255),
    "availability_zone": maybe(bodies.text(1, 255)),
    "security_groups": bodies.listing(record({"name": bodies.text(1, 255)}), most=32),
    "block_device_mapping": _devices(OLD_DEVICE),
    "block_device_mapping_v2": _devices(DEVICE),
    "personality": FILES,
    "return_reservation_id": bodies.flag,
    "OS-DCF:diskConfig": DISK_CONFIG,
    **ACCESS,
}
# What each step adds to creations; None takes a field away.
STEPS: dict[int, dict[str, Kind | None]] = {
    19: {"description": DESCRIPTION},
    32: {
        "networks": _cards(TAGGED_CARD),
        "block_device_mapping_v2": _devices(DEVICE | {"tag": TAG}),
    },
    33: {"block_device_mapping_v2": _devices(DEVICE)},
    37: {"networks": _cards_or_word(CARD)},
    42: {
        "networks": _cards_or_word(TAGGED_CARD),
        "block_device_mapping_v2": _devices(DEVICE | {"tag": TAG}),
    },
    52: {"tags": TAGS},
    57: {"personality": None},
    63: {"trusted_image_certificates": CERTIFICATES},
    67: {
        "block_device_mapping_v2": _devices(
            DEVICE | {"tag": TAG, "volume_type": maybe(bodies.text(0, 255))}
        )
    },
    74: {"host": bodies.text(1, 255), "hypervisor_hostname": bodies.text(1, 255)},
    90: {"hostname": HOSTNAME},
    94: {"hostname": DOMAIN_NAME},
}
WITH_NETWORKS = 37  # From here on they must be said.


def _creations() -> dict[int, Kind]:
    fields: dict[str, Kind] = dict(CREATE)
    kinds: dict[int, Kind] = {}
    for minor, changes in {1: {}, **STEPS}.items():
        for name, kind in changes.items():
            if kind is None:
                del fields[name]
            else:
                fields[name] = kind
        needed = ("name", "flavorRef", *(("networks",) if minor >= WITH_NETWORKS else ()))
        outer = {
            "server": record(dict(fields), needed),
            "os:scheduler_hints": HINTS,
            "OS-SCH-HNT:scheduler_hints": HINTS,
        }
        kinds[minor] = record(outer, ("server",))
    return kinds


CREATION = ByVersion(_creations())

# --- changes --------------------------------------------------------------------------------------

UPDATE: dict[str, Kind] = {"name": bodies.NAME, "OS-DCF:diskConfig": DISK_CONFIG, **ACCESS}


def _change(**more: Kind) -> Kind:
    return record({"server": record(UPDATE | more)}, ("server",))


CHANGE = ByVersion(
    {
        1: _change(),
        19: _change(description=DESCRIPTION),
        90: _change(description=DESCRIPTION, hostname=HOSTNAME),
        94: _change(description=DESCRIPTION, hostname=DOMAIN_NAME),
        104: _change(
            description=DESCRIPTION,
            hostname=DOMAIN_NAME,
            pinned_availability_zone=maybe(bodies.text(1, 255)),
        ),
    }
)
