"""What POST /servers/{id}/action may say: the arguments of each action, by microversion."""

from typing import Any

from synnefo.api import bodies
from synnefo.api.bodies import ByVersion, Kind, maybe, record
from synnefo.api.compute import server_bodies
from synnefo.api.compute.server_bodies import reference

PASSWORD = bodies.text(0, 255)
ADDRESS = bodies.address(4, 6)
HOST = bodies.text(1, 255)


nothing = bodies.nothing


@bodies.described({"type": "string", "enum": ["SOFT", "HARD"]})
def _reboot_type(value: Any, where: str, strict: bool) -> str:
    word = value.upper() if isinstance(value, str) else value
    return str(bodies.choice("SOFT", "HARD")(word, where, strict))


REBOOT = record({"type": _reboot_type}, ("type",))
LENGTH = bodies.either(
    {int: bodies.integer(-1), str: bodies.integer(-1), type(None): bodies.anything},
    "a whole number",
)
OUTPUT = maybe(record({"length": LENGTH}))

# --- systems and sizes ----------------------------------------------------------------------------

_REBUILD: dict[str, Kind] = {
    "imageRef": reference,
    "name": bodies.NAME,
    "adminPass": PASSWORD,
    "metadata": bodies.METADATA,
    "preserve_ephemeral": bodies.flag,
    "OS-DCF:diskConfig": server_bodies.DISK_CONFIG,
    "personality": server_bodies.FILES,
    **server_bodies.ACCESS,
}
_LATER_REBUILDS: dict[int, dict[str, Kind | None]] = {
    19: {"description": server_bodies.DESCRIPTION},
    54: {"key_name": maybe(bodies.text(1, 255))},
    57: {"personality": None, "user_data": maybe(bodies.encoded(65535))},
    63: {"trusted_image_certificates": server_bodies.CERTIFICATES},
    90: {"hostname": server_bodies.HOSTNAME},
    94: {"hostname": server_bodies.DOMAIN_NAME},
}


def _rebuilds() -> dict[int, Kind]:
    fields: dict[str, Kind] = dict(_REBUILD)
    kinds: dict[int, Kind] = {1: record(fields, ("imageRef",))}
    for minor, changes in _LATER_REBUILDS.items():
        changed = {**fields, **changes}
        fields = {name: kind for name, kind in changed.items() if kind is not None}
        kinds[minor] = record(fields, ("imageRef",))
    return kinds


REBUILD = ByVersion(_rebuilds())
RESIZE = record(
    {"flavorRef": server_bodies.FLAVOR, "OS-DCF:diskConfig": server_bodies.DISK_CONFIG},
    ("flavorRef",),
)
RESCUE = maybe(record({"adminPass": PASSWORD, "rescue_image_ref": reference}))
CHANGE_PASSWORD = record({"adminPass": PASSWORD}, ("adminPass",))

# --- images ---------------------------------------------------------------------------------------

CREATE_IMAGE = record({"name": bodies.NAME, "metadata": bodies.METADATA}, ("name",))
CREATE_BACKUP = record(
    {
        "name": bodies.NAME,
        "backup_type": bodies.text(0, 255),
        "rotation": bodies.integer(0, 1 << 20),
        "metadata": bodies.METADATA,
    },
    ("name", "backup_type", "rotation"),
)

# --- locks, shelves, other nodes ------------------------------------------------------------------

LOCK = ByVersion({1: nothing, 73: maybe(record({"locked_reason": bodies.text(1, 255)}))})
UNSHELVE = ByVersion(
    {
        1: nothing,
        77: maybe(record({"availability_zone": bodies.NAME}, ("availability_zone",))),
        91: maybe(record({"availability_zone": maybe(bodies.NAME), "host": HOST})),
    }
)
RESET_STATE = record({"state": bodies.choice("active", "error")}, ("state",))
MIGRATE = ByVersion({1: nothing, 56: maybe(record({"host": maybe(HOST)}))})


@bodies.described({"type": ["boolean", "string"]})
def _flag_or_auto(value: Any, where: str, strict: bool) -> Any:
    return value if value == "auto" else bodies.flag(value, where, strict)


_LIVE: dict[str, Kind] = {"host": maybe(HOST), "block_migration": bodies.flag}
_LIVE_25: dict[str, Kind] = {"host": maybe(HOST), "block_migration": _flag_or_auto}
MIGRATE_LIVE = ByVersion(
    {
        1: record(
            {**_LIVE, "disk_over_commit": bodies.flag},
            ("host", "block_migration", "disk_over_commit"),
        ),
        25: record(_LIVE_25, ("host", "block_migration")),
        30: record({**_LIVE_25, "force": bodies.flag}, ("host", "block_migration")),
        68: record(_LIVE_25, ("host", "block_migration")),
    }
)
_EVACUATE: dict[str, Kind] = {"host": HOST, "adminPass": PASSWORD}
EVACUATE = ByVersion(
    {
        1: record({**_EVACUATE, "onSharedStorage": bodies.flag}, ("onSharedStorage",)),
        14: record(_EVACUATE),
        29: record({**_EVACUATE, "force": bodies.flag}),
        68: record(_EVACUATE),
    }
)

# --- networks -------------------------------------------------------------------------------------

GROUP = record({"name": bodies.text(1, 255)}, ("name",))
ADD_FIXED_IP = record({"networkId": bodies.text(1, 255)}, ("networkId",))
REMOVE_FIXED_IP = record({"address": ADDRESS}, ("address",))
ADD_FLOATING_IP = record({"address": ADDRESS, "fixed_address": maybe(ADDRESS)}, ("address",))
REMOVE_FLOATING_IP = record({"address": ADDRESS}, ("address",))

# --- consoles -------------------------------------------------------------------------------------

OLD_CONSOLES: dict[str, tuple[str, Kind]] = {
    name: (protocol, record({"type": bodies.choice(*kinds)}, ("type",)))
    for name, protocol, kinds in (
        ("os-getVNCConsole", "vnc", ("novnc", "xvpvnc")),
        ("os-getSPICEConsole", "spice", ("spice-html5",)),
        ("os-getRDPConsole", "rdp", ("rdp-html5",)),
        ("os-getSerialConsole", "serial", ("serial",)),
    )
}
PROTOCOLS = ("vnc", "spice", "rdp", "serial")
TYPES = ("novnc", "xvpvnc", "spice-html5", "rdp-html5", "serial")


def _remote(protocols: tuple[str, ...], types: tuple[str, ...]) -> Kind:
    console = record(
        {"protocol": bodies.choice(*protocols), "type": bodies.choice(*types)},
        ("protocol", "type"),
    )
    return record({"remote_console": console}, ("remote_console",))


REMOTE_CONSOLE = ByVersion(
    {
        1: _remote(PROTOCOLS, TYPES),
        8: _remote((*PROTOCOLS, "mks"), (*TYPES, "webmks")),
        99: _remote((*PROTOCOLS, "mks"), (*TYPES, "webmks", "spice-direct")),
    }
)
