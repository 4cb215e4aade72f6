"""From the body of a creation to the request that the intent understands; all that form decides."""

from collections.abc import Mapping, Sequence
from typing import Any

from synnefo.api import bodies
from synnefo.api.compute.server_devices import devices
from synnefo.api.request import Request
from synnefo.core.faults import BadRequest, Forbidden
from synnefo.intents.server_request import NetworkRequest, Networks, ServerRequest

KEY_HEADER = "Idempotency-Key"
NO_CERTIFICATES = (
    "Images are not signed here, so none can be checked against trusted_image_certificates."
)


def idempotency_key(request: Request) -> str | None:
    """The header that lets a client repeat a request safely."""
    key = request.header(KEY_HEADER)
    if key is not None and not (1 <= len(key) <= 255 and key.isascii() and key.isprintable()):
        raise BadRequest(f"{KEY_HEADER} must have 1 to 255 printable characters.", field=KEY_HEADER)
    return key


def _card(number: int, item: Mapping[str, Any]) -> NetworkRequest:
    where = f"server.networks[{number}]"
    port, network = item.get("port"), item.get("uuid")
    if port is not None and item.get("fixed_ip"):
        raise BadRequest(
            f"Specified Fixed IP '{item['fixed_ip']}' cannot be used with port '{port}': the port"
            " already has its addresses.",
            field=f"{where}.fixed_ip",
        )
    if port is None and network is None:
        raise BadRequest(f"Bad network format: {where}.uuid is missing.", field=f"{where}.uuid")
    return NetworkRequest(network or "", item.get("fixed_ip"), port, item.get("tag", ""))


def _networks(value: Any) -> Networks:
    if value is None or value in ("auto", "none"):
        chosen: Networks = value
        return chosen
    cards = [_card(number, item) for number, item in enumerate(value)]
    ports = [card.port_id for card in cards if card.port_id]
    if len(ports) != len(set(ports)):
        raise BadRequest("A port can be given to a server only once.", field="networks.port")
    return cards or None


def _place(server: Mapping[str, Any], request: Request) -> tuple[str | None, str]:
    """The zone wanted, and the node, which only administrators may choose."""
    zone, _, host = (server.get("availability_zone") or "").partition(":")
    host, _, node = host.partition(":")
    node = node or host
    if node and not request.caller.is_admin:
        raise Forbidden("Only administrators may choose a host.", field="availability_zone")
    named = {server[name] for name in ("host", "hypervisor_hostname") if name in server}
    if named and not request.caller.is_admin:
        raise Forbidden("Only administrators may choose a host.", field="host")
    if named and node:
        raise BadRequest(
            "Destination host cannot be specified both by availability_zone and by host.",
            field="host",
        )
    if len(named) > 1:
        raise BadRequest("host and hypervisor_hostname are two different ones.", field="host")
    return zone or None, named.pop() if named else node


def _counts(server: Mapping[str, Any]) -> tuple[int, int]:
    least = server.get("min_count", 1)
    most = server.get("max_count", max(least, 1))
    if least > most:
        raise BadRequest("min_count must be <= max_count", field="min_count")
    return least, most


def _image(server: Mapping[str, Any]) -> str | None:
    image = server.get("imageRef") or None
    if image is not None and not bodies.UUID.fullmatch(image):
        raise BadRequest("Invalid imageRef provided: it must be a UUID.", field="imageRef")
    return image


def _groups(server: Mapping[str, Any]) -> Sequence[str]:
    return list(
        dict.fromkeys(group["name"] for group in server.get("security_groups", ()) if group)
    )


def _hints(body: Mapping[str, Any]) -> Mapping[str, Any]:
    hints: Mapping[str, Any] = (
        body.get("os:scheduler_hints") or body.get("OS-SCH-HNT:scheduler_hints") or {}
    )
    return hints


def server_request(request: Request, body: Mapping[str, Any]) -> ServerRequest:
    """A creation, its form checked; what its references mean is found out by the intent."""
    server = body["server"]
    image, (least, most) = _image(server), _counts(server)
    zone, node = _place(server, request)
    if server.get("trusted_image_certificates"):
        raise BadRequest(NO_CERTIFICATES, field="trusted_image_certificates")
    found = devices(server, image)
    unchecked = image is not None  # As Nova: who names an image, too, is asked no more.
    if any(one.boot_index == 0 and one.to_volume for one in found):
        image = None  # It boots from what is on the volume.
    return ServerRequest(
        bootable=not unchecked,
        image_id=image,
        networks=_networks(server.get("networks")),
        devices=found,
        security_groups=_groups(server),
        zone=zone,
        node=node,
        hints=_hints(body),
        min_count=least,
        max_count=most,
        idempotency_key=idempotency_key(request),
        request_digest=request.digest(),
        **_as_said(server),
    )


def _as_said(server: Mapping[str, Any]) -> dict[str, Any]:
    """What is taken over as it is, or as if it were not there."""
    return {
        "name": server["name"],
        "flavor_id": server["flavorRef"],
        "key_name": server.get("key_name"),
        "metadata": server.get("metadata") or {},
        "tags": list(dict.fromkeys(server.get("tags", ()))),
        "user_data": server.get("user_data"),
        "personality": server.get("personality", ()),
        "config_drive": bool(server.get("config_drive")),
        "description": server.get("description"),
        "hostname": server.get("hostname"),
        "access_ipv4": server.get("accessIPv4", ""),
        "access_ipv6": server.get("accessIPv6", ""),
        "disk_config": server.get("OS-DCF:diskConfig"),
    }
