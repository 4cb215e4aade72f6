"""What requests about servers may say, as tables, and what they become."""

from collections.abc import Mapping
from typing import Any

from synnefo.api import bodies
from synnefo.api.bodies import Kind, maybe, record
from synnefo.api.compute.server_records import ZONE
from synnefo.api.request import Request
from synnefo.core.faults import BadRequest, Forbidden
from synnefo.intents.server_request import NetworkRequest, Networks, ServerRequest

MOST_SERVERS = 100  # by one request
MOST_METADATA = 128
KEY_HEADER = "Idempotency-Key"


def _reference(value: Any, where: str, strict: bool) -> str:
    """An id, or the address of what has it, as old clients send."""
    return str(bodies.text(0, 2048)(value, where, strict)).rstrip("/").rpartition("/")[2]


def _count(value: Any, where: str, strict: bool) -> int:
    return int(bodies.integer(1, MOST_SERVERS)(value, where, strict))


NETWORK = record(
    {
        "uuid": bodies.uuid,
        "fixed_ip": maybe(bodies.address(4, 6)),
        "port": maybe(bodies.uuid),
    }
)
NETWORKS = bodies.either(
    {
        list: bodies.listing(NETWORK, most=32),
        str: bodies.choice("auto", "none"),
        type(None): bodies.anything,
    },
    'a list, "auto" or "none"',
)
BLOCK_DEVICE = record(
    {
        "uuid": maybe(bodies.text()),
        "boot_index": maybe(bodies.integer(-1, 255)),
        "source_type": bodies.choice("image", "volume", "snapshot", "blank"),
        "destination_type": bodies.choice("local", "volume"),
        "delete_on_termination": bodies.flag,
    },
    rest=bodies.anything,
)
HINTS = bodies.mapping(bodies.text(1, 255), bodies.anything, 32)
ACCESS = {
    "accessIPv4": bodies.either(
        {str: lambda v, at, strict: v and bodies.address(4)(v, at, strict)}, "an IPv4 address"
    ),
    "accessIPv6": bodies.either(
        {str: lambda v, at, strict: v and bodies.address(6)(v, at, strict)}, "an IPv6 address"
    ),
}
DISK_CONFIG = bodies.choice("AUTO", "MANUAL")
DESCRIPTION = maybe(bodies.text(0, 255, lines=True))

CREATE: dict[str, Kind] = {
    "name": bodies.NAME,
    "flavorRef": bodies.either(
        {
            str: _reference,
            int: lambda value, at, strict: str(bodies.integer()(value, at, strict)),
        },
        "the id of a flavor",
    ),
    "imageRef": maybe(_reference),
    "networks": NETWORKS,
    "key_name": maybe(bodies.text(1, 255)),
    "metadata": maybe(bodies.METADATA),
    "user_data": maybe(bodies.encoded(65535)),
    "config_drive": maybe(bodies.flag),
    "min_count": _count,
    "max_count": _count,
    "adminPass": bodies.text(0, 255),
    "availability_zone": maybe(bodies.text(1, 255)),
    "security_groups": bodies.listing(record({"name": bodies.text(1, 255)}), most=32),
    "block_device_mapping_v2": bodies.listing(BLOCK_DEVICE, most=32),
    "personality": bodies.listing(bodies.anything, most=0),
    "return_reservation_id": bodies.flag,
    "OS-DCF:diskConfig": DISK_CONFIG,
    **ACCESS,
}
UPDATE: dict[str, Kind] = {"name": bodies.NAME, "OS-DCF:diskConfig": DISK_CONFIG, **ACCESS}
NEEDED = ("name", "flavorRef")


def create_kind(request: Request) -> Kind:
    """The body of POST /servers at the request's microversion."""
    fields = CREATE | ({"description": DESCRIPTION} if request.version >= (2, 19) else {})
    outer = {
        "server": record(fields, NEEDED),
        "os:scheduler_hints": HINTS,
        "OS-SCH-HNT:scheduler_hints": HINTS,
    }
    return record(outer, ("server",))


def update_kind(request: Request) -> Kind:
    """The body of PUT /servers/{id} at the request's microversion."""
    fields = UPDATE | ({"description": DESCRIPTION} if request.version >= (2, 19) else {})
    return record({"server": record(fields)}, ("server",))


# --- what this cloud does not have must be said, not ignored -------------------------------------


def _check_groups(server: Mapping[str, Any]) -> None:
    for group in server.get("security_groups", ()):
        if group.get("name") != "default":
            raise BadRequest(
                f"Security group {group.get('name')!r} not found for the project.",
                field="security_groups",
            )


def _check_devices(server: Mapping[str, Any], image: str | None) -> None:
    """The stock client always repeats the image as a local boot device; only that is done here."""
    for device in server.get("block_device_mapping_v2", ()):
        repeats = (
            image is not None
            and device.get("uuid") == image
            and device.get("source_type") == "image"
            and device.get("destination_type", "local") == "local"
        )
        if not repeats:
            raise BadRequest(
                "Block Device Mapping is Invalid: servers boot from an image to their own disk.",
                field="block_device_mapping_v2",
            )


def _check_place(server: Mapping[str, Any], request: Request) -> None:
    zone, _, host = (server.get("availability_zone") or ZONE).partition(":")
    if zone != ZONE:
        raise BadRequest(
            "The requested availability zone is not available.", field="availability_zone"
        )
    if host and not request.caller.is_admin:
        raise Forbidden("Only administrators may choose a host.", field="availability_zone")
    if host:
        raise BadRequest("A host cannot be chosen here.", field="availability_zone")


def check_metadata(metadata: Mapping[str, str]) -> None:
    """Too many items are a matter of quota, not of form."""
    if len(metadata) > MOST_METADATA:
        raise Forbidden(f"At most {MOST_METADATA} metadata items are allowed.", field="metadata")


def _networks(value: Any) -> Networks:
    if value is None or value in ("auto", "none"):
        chosen: Networks = value
        return chosen
    wanted = []
    for number, item in enumerate(value):
        where = f"server.networks[{number}]"
        if item.get("port"):
            raise BadRequest(f"Port {item['port']} could not be found.", field=f"{where}.port")
        if not item.get("uuid"):
            raise BadRequest(f"Bad network format: {where}.uuid is missing.", field=f"{where}.uuid")
        wanted.append(NetworkRequest(item["uuid"], item.get("fixed_ip")))
    return wanted


def idempotency_key(request: Request) -> str | None:
    """The header that lets a client repeat a request safely."""
    key = request.header(KEY_HEADER)
    if key is not None and not (1 <= len(key) <= 255 and key.isascii() and key.isprintable()):
        raise BadRequest(f"{KEY_HEADER} must have 1 to 255 printable characters.", field=KEY_HEADER)
    return key


def _check(request: Request, body: Mapping[str, Any]) -> None:
    """All that the form alone does not say."""
    server = body["server"]
    image = server.get("imageRef") or None
    _check_groups(server)
    _check_devices(server, image)
    _check_place(server, request)
    hints = body.get("os:scheduler_hints") or body.get("OS-SCH-HNT:scheduler_hints") or {}
    if hints.get("group"):
        raise BadRequest("Server group not found.", field="os:scheduler_hints.group")
    if image is not None and not bodies.UUID.fullmatch(image):
        raise BadRequest("Invalid imageRef provided: it must be a UUID.", field="imageRef")
    check_metadata(server.get("metadata") or {})


def server_request(request: Request, body: Mapping[str, Any]) -> ServerRequest:
    """A creation, its form checked; what its references mean is found out by the intent."""
    server = body["server"]
    _check(request, body)
    least = server.get("min_count", 1)
    most = server.get("max_count", max(least, 1))
    if least > most:
        raise BadRequest("min_count must be <= max_count", field="min_count")
    return ServerRequest(
        name=server["name"],
        flavor_id=server["flavorRef"],
        image_id=server.get("imageRef") or None,
        networks=_networks(server.get("networks")),
        key_name=server.get("key_name"),
        metadata=server.get("metadata") or {},
        user_data=server.get("user_data"),
        config_drive=bool(server.get("config_drive")),
        description=server.get("description"),
        access_ipv4=server.get("accessIPv4", ""),
        access_ipv6=server.get("accessIPv6", ""),
        min_count=least,
        max_count=most,
        idempotency_key=idempotency_key(request),
        request_digest=request.digest(),
    )
