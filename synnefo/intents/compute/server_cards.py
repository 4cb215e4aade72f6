"""The cards of a new server: which networks and ports it gets, and which security groups.

References are resolved here; rows are written in `server_creation`.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Case, Q, When

from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest, Conflict, Forbidden
from synnefo.db.models import Network, Port, SecurityGroup
from synnefo.db.prepared import PreparedRows
from synnefo.intents.network import network_rows, security_groups, topologies
from synnefo.intents.server_request import NetworkRequest, ServerRequest

DEFAULT_GROUP = "default"
NOTHING = uuid.UUID(int=0)
ANY = PreparedRows(Network, lambda found: Network.objects.filter(uuid=found), uuid.UUID)
USABLE = PreparedRows(
    Network,
    lambda found, project_id: Network.objects.filter(
        network_rows.networks_of(project_id), uuid=found
    ),
    uuid.UUID,
    str,
)


@dataclass(frozen=True, slots=True)
class Card:
    """A card to be made, or one that its user made before."""

    network: Network
    fixed_ip: str | None = None
    port: Port | None = None
    tag: str = ""


def uuid_of(text: str) -> uuid.UUID:
    """The id in a text; what is none stands for nothing that exists."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return NOTHING


def cards(caller: Caller, request: ServerRequest) -> tuple[Card, ...]:
    """The cards in their order."""
    if request.networks == "none":
        return ()
    if request.networks is None or request.networks == "auto":
        return _unasked(caller, request)
    wanted = [one for one in request.networks if isinstance(one, NetworkRequest)]
    ports = _ports(caller, request, [one.port_id for one in wanted if one.port_id])
    networks = _networks(caller, [one.network_id for one in wanted if not one.port_id])
    return tuple(
        Card(ports[one.port_id].network, None, ports[one.port_id], one.tag)
        if one.port_id
        else Card(networks[one.network_id], one.fixed_ip, None, one.tag)
        for one in wanted
    )


def _unasked(caller: Caller, request: ServerRequest) -> tuple[Card, ...]:
    """Whatever there is; of several the user has to choose, and "auto" takes own ones first."""
    usable = Network.objects.filter(network_rows.networks_of(caller.project_id))
    own_first = Case(When(project_id=caller.project_id, then=0), default=1)
    candidates = list(usable.order_by(own_first, "pk")[:2])
    if len(candidates) > 1 and request.networks is None:
        raise Conflict(
            "Multiple possible networks found, use a Network ID to be more specific.",
            field="networks",
        )
    if not candidates and request.networks == "auto":
        candidates = [_made_unasked(caller)]
    return tuple(Card(network) for network in candidates[:1])


def _made_unasked(caller: Caller) -> Network:
    try:
        return topologies.ensure(caller, caller.project_id)
    except Conflict as fault:
        raise BadRequest(
            f"Unable to automatically allocate a network for project {caller.project_id}",
            field="networks",
        ) from fault


def _networks(caller: Caller, ids: Sequence[str]) -> dict[str, Network]:
    found = {}
    for wanted in {uuid_of(text) for text in ids}:
        rows = ANY.all(wanted) if caller.is_admin else USABLE.all(wanted, caller.project_id)
        found.update({str(network.uuid): network for network in rows})
    for one in ids:
        if one not in found:
            raise BadRequest(f"Network {one} could not be found.", field="networks")
        if found[one].is_external and not (found[one].public or caller.is_admin):
            raise Forbidden(
                f"It is not allowed to create an interface on external network {one}",
                field="networks",
            )
    return found


def _ports(caller: Caller, request: ServerRequest, ids: Sequence[str]) -> dict[str, Port]:
    if not ids:
        return {}
    if request.max_count > 1:
        raise BadRequest(
            "Unable to launch multiple instances with a single configured port ID.",
            field="networks.port",
        )
    mine = Q() if caller.is_admin else Q(project_id=caller.project_id)
    rows = Port.objects.filter(mine, uuid__in=[uuid_of(one) for one in ids])
    found = {str(port.uuid): port for port in rows.select_related("network")}
    for one in ids:
        if one not in found:
            raise BadRequest(f"Port {one} could not be found.", field="networks.port")
        check_free(found[one])
    return found


def check_free(port: Port) -> None:
    """Conflict if the port belongs to something already."""
    if port.server_id is not None or port.router_id is not None or port.device:
        raise Conflict(f"Port {port.uuid} is still in use.", field="networks.port")


def groups(caller: Caller, request: ServerRequest) -> tuple[SecurityGroup, ...]:
    """The groups that new cards are in, by name or id; without a word the default one."""
    if not request.security_groups:
        return (security_groups.ensure_default(caller.project_id),)
    wanted = request.security_groups
    own = SecurityGroup.objects.filter(project_id=caller.project_id)
    ids = [found for one in wanted if (found := uuid_of(one)) is not NOTHING]
    named = own.filter(Q(name__in=wanted) | Q(uuid__in=ids)).order_by("pk")
    rows = list(named)
    return tuple(_group(rows, one, caller) for one in wanted)


def _group(rows: Sequence[SecurityGroup], wanted: str, caller: Caller) -> SecurityGroup:
    matching = [one for one in rows if wanted in (str(one.uuid), one.name)]
    if wanted == DEFAULT_GROUP and not matching:
        return security_groups.ensure_default(caller.project_id)
    if not matching:
        raise BadRequest(
            f"Security group {wanted} not found for project {caller.project_id}.",
            field="security_groups",
        )
    exact = [one for one in matching if str(one.uuid) == wanted]
    if len(matching) > 1 and not exact:
        raise Conflict(
            f"Multiple security groups found matching '{wanted}'. Use an ID to be more specific.",
            field="security_groups",
        )
    return (exact or matching)[0]
