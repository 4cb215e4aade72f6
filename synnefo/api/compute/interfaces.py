"""The cards of a server: /servers/{id}/os-interface, and what old microversions ask of them."""

from typing import Any

from django.http import HttpResponse

from synnefo.api import bodies
from synnefo.api.bodies import ByVersion
from synnefo.api.compute.servers import find
from synnefo.api.request import Request, answer, empty
from synnefo.api.routing import Route, Who
from synnefo.db.models import Port
from synnefo.intents.compute import interfaces

TAG = bodies.text(1, 60, pattern=r"[^,/\x00-\x1f\x7f]+")
FIXED_IP = bodies.record({"ip_address": bodies.address(4, 6)}, need=("ip_address",))
FIELDS = {
    "net_id": bodies.uuid,
    "port_id": bodies.uuid,
    "fixed_ips": bodies.listing(FIXED_IP, 1, 1),
}


def _wish(fields: dict[str, bodies.Kind]) -> bodies.Kind:
    inner = bodies.record(fields)

    def read(value: Any, where: str, strict: bool) -> dict[str, Any]:
        """A port comes with its network and addresses; these want a network."""
        wish: dict[str, Any] = inner(value, where, strict)
        if wish.get("port_id") and wish.keys() & {"net_id", "fixed_ips"}:
            bodies.refuse(where, "port_id comes with neither net_id nor fixed_ips")
        if wish.get("fixed_ips") and not wish.get("net_id"):
            bodies.refuse(where, "fixed_ips needs net_id")
        return wish

    described = bodies.described(bodies.schema_of(inner))(read)
    return bodies.record({"interfaceAttachment": described}, need=("interfaceAttachment",))


BODY = ByVersion({1: _wish(FIELDS), 49: _wish(FIELDS | {"tag": TAG})})
CARD = bodies.record(
    {
        "port_state": bodies.text(),
        "port_id": bodies.uuid,
        "net_id": bodies.uuid,
        "mac_addr": bodies.text(),
        "fixed_ips": bodies.listing(bodies.record({}, rest=bodies.anything), 0, 1000),
    },
    need=("port_state", "port_id", "net_id", "mac_addr", "fixed_ips"),
    rest=bodies.anything,
)
ONE = bodies.record({"interfaceAttachment": CARD}, need=("interfaceAttachment",))
MANY = bodies.record(
    {"interfaceAttachments": bodies.listing(CARD, 0, 1000)}, need=("interfaceAttachments",)
)


def _shown(request: Request, port: Port) -> dict[str, Any]:
    held = sorted(port.addresses.all(), key=lambda one: one.pk)
    found: dict[str, Any] = {
        "port_id": str(port.uuid),
        "net_id": str(port.network.uuid),
        "mac_addr": port.mac_address or "00:00:00:00:00:00",
        "port_state": port.status,
        "fixed_ips": [
            {"subnet_id": str(one.subnet.uuid), "ip_address": one.address} for one in held
        ],
    }
    if request.version >= (2, 70):
        found["tag"] = port.tag or None
    return found


def index(request: Request, id: str) -> HttpResponse:
    """GET /servers/{id}/os-interface."""
    shown = [_shown(request, port) for port in interfaces.cards_of(find(request, id))]
    return answer({"interfaceAttachments": shown})


def show(request: Request, id: str, port: str) -> HttpResponse:
    """GET /servers/{id}/os-interface/{port}."""
    found = interfaces.card(find(request, id), port)
    return answer({"interfaceAttachment": _shown(request, found)})


def attach(request: Request, id: str) -> HttpResponse:
    """POST /servers/{id}/os-interface; the card is there as soon as the backend has it."""
    wish = request.wish["interfaceAttachment"]
    port = interfaces.attach(request.caller, str(find(request, id).uuid), wish)
    return answer({"interfaceAttachment": _shown(request, port)})


def detach(request: Request, id: str, port: str) -> HttpResponse:
    """DELETE /servers/{id}/os-interface/{port}."""
    interfaces.detach(request.caller, str(find(request, id).uuid), port)
    return empty(202)


PATH = "servers/{id}/os-interface"
ROUTES = (
    Route("GET", PATH, index, Who.READER, gives={200: MANY}),
    Route("POST", PATH, attach, Who.MEMBER, body=BODY, gives={200: ONE}),
    Route("GET", f"{PATH}/{{port}}", show, Who.READER, gives={200: ONE}),
    Route("DELETE", f"{PATH}/{{port}}", detach, Who.MEMBER, gives={202: None}),
)
