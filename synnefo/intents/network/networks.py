"""What users ask of networks. Backends have one only once a server is on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone

from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest
from synnefo.core.network_faults import DefaultExternalNetworkExists, NetworkInUse, NetworkNotFound
from synnefo.db import rings
from synnefo.db.models import FloatingIp, Network, NetworkGrant, Port, RetiredNetwork, Subnet
from synnefo.db.transactions import writing
from synnefo.intents import quota
from synnefo.intents.network import network_rows
from synnefo.intents.network.network_rows import EVERYBODY

DEFAULT_MODE, DEFAULT_LINK = "bridged", "br0"
COLUMNS = {
    "name": "name",
    "description": "description",
    "admin_state_up": "admin_up",
    "shared": "public",
    "router:external": "external",
    "is_default": "is_default",
    "port_security_enabled": "port_security",
    "mtu": "mtu",
    "dns_domain": "dns_domain",
}
PHYSICAL = ("provider:network_type", "provider:physical_network", "provider:segmentation_id")


def create(caller: Caller, wishes: Sequence[Mapping[str, Any]]) -> list[Network]:
    """All of them or none."""
    with writing():
        rows = [_create(caller, wish) for wish in wishes]
        for row in rows:
            rings.changed(row.project_id, "network", row.uuid)
    return rows


def _create(caller: Caller, wish: Mapping[str, Any]) -> Network:
    now, project = timezone.now(), network_rows.project_for(caller, wish)
    quota.admit(project, "network", Network.objects.filter(project_id=project))
    mode, link = _usual_connection()
    physical = {name: wish[name] for name in PHYSICAL if wish.get(name) is not None}
    row = Network(
        project_id=project,
        external=False,
        mode=mode,
        link=str(physical.get("provider:physical_network") or link),
        physical=physical,
        created_at=now,
        updated_at=now,
    )
    for name, column in COLUMNS.items():
        if wish.get(name) is not None:
            setattr(row, column, wish[name])
    _check_default(row)
    row.save(force_insert=True)
    _grant(row, row.public, row.is_external)
    return row


def _check_default(row: Network) -> None:
    """One network is the way out that is taken unasked."""
    others = Network.objects.filter(network_rows.EXTERNAL, is_default=True).exclude(pk=row.pk)
    if row.is_default and row.is_external and (other := others.first()) is not None:
        raise DefaultExternalNetworkExists(
            f"A default external network already exists: {other.uuid}.", field="is_default"
        )


def _usual_connection() -> tuple[str, str]:
    """Networks of users are connected as the one is that the operator set up."""
    rows = Network.objects.filter(public=True).order_by("pk").values_list("mode", "link")
    return rows.first() or (DEFAULT_MODE, DEFAULT_LINK)


def _grant(row: Network, shared: bool, external: bool) -> None:
    """Sharing with everybody is shown as a policy, too."""
    now = timezone.now()
    for wanted, action in ((shared, "access_as_shared"), (external, "access_as_external")):
        key = {"kind": "network", "resource": row.uuid, "action": action, "target": EVERYBODY}
        if wanted:
            owner = {"project_id": row.project_id, "created_at": now, "updated_at": now}
            NetworkGrant.objects.get_or_create(**key, defaults=owner)
        else:
            NetworkGrant.objects.filter(**key).delete()


def update(
    caller: Caller, identifier: str, wish: Mapping[str, Any], revision: int | None
) -> Network:
    """Change what a wish names."""
    with writing():
        row = _mine(caller, identifier, "update_network", revision)
        if wish.get("shared") is False and row.public:
            _check_unshared(row)
        if wish.get("router:external") is False and row.is_external:
            _check_internal(row)
        changes = {COLUMNS[name]: value for name, value in wish.items() if name in COLUMNS}
        physical = {name: wish[name] for name in PHYSICAL if name in wish}
        if physical:
            raise BadRequest("Plugin does not support updating provider attributes")
        network_rows.written(row, changes)
        if "is_default" in changes:
            _check_default(row)
        if {"public", "external"} & changes.keys():
            _grant(row, row.public, row.is_external)
        rings.changed(row.project_id, "network", row.uuid)
    return row


def _mine(caller: Caller, identifier: str, what: str, revision: int | None) -> Network:
    rows = network_rows.networks(caller)
    row = network_rows.locked(rows, identifier, NetworkNotFound, "Network")
    network_rows.check_owner(caller, row.project_id, what)
    network_rows.check_revision(row, revision)
    return row


def _check_unshared(row: Network) -> None:
    """Nobody else may be on it then."""
    others = Port.objects.filter(network=row).exclude(project_id=row.project_id)
    if others.exclude(owner__in=network_rows.HIDDEN).exists():
        raise NetworkInUse(
            f"Unable to reconfigure sharing settings for network {row.uuid}. Multiple tenants"
            " are using it."
        )


def _check_internal(row: Network) -> None:
    if row.gateway_of.exists() or FloatingIp.objects.filter(network=row).exists():
        raise NetworkInUse(
            f"External network {row.uuid} cannot be updated to be made non-external, since it"
            " has existing gateway ports."
        )


def delete(caller: Caller, identifier: str) -> None:
    """With its subnets; not while ports are on it."""
    with writing():
        row = _mine(caller, identifier, "delete_network", None)
        _give_up_unused(row)
        if Port.objects.filter(network=row).exists():
            raise NetworkInUse(
                f"Unable to complete operation on network {row.uuid}. There are one or more"
                " ports still in use on the network."
            )
        gone = [row.uuid, *Subnet.objects.filter(network=row).values_list("uuid", flat=True)]
        network_rows.forget_tags(gone)
        NetworkGrant.objects.filter(kind="network", resource=row.uuid).delete()
        apart = Subnet.objects.filter(network=row, apart=True).values_list("pk", flat=True)
        RetiredNetwork.objects.bulk_create(
            RetiredNetwork(number=number, deleted_at=timezone.now())
            for number in (row.pk, *(-pk for pk in apart))
        )
        project_id = row.project_id
        row.delete()
        rings.changed(project_id, "network", identifier)


def _give_up_unused(row: Network) -> None:
    """Floating addresses that lead nowhere keep no network."""
    unused = FloatingIp.objects.filter(network=row, port=None)
    holders = list(unused.values_list("holder", flat=True))
    network_rows.forget_tags(unused.values_list("uuid", flat=True))
    unused.delete()
    Port.objects.filter(pk__in=holders).delete()


def external(caller: Caller, identifier: str) -> Network:
    """An external network that the caller sees."""
    rows = network_rows.networks(caller)
    row = network_rows.found(rows, identifier, NetworkNotFound, "Network")
    granted = network_rows.granted(caller.project_id, "network", "access_as_external")
    if not row.is_external and not granted.filter(resource=row.uuid).exists():
        raise BadRequest(
            f"Bad request: Network {identifier} is not a valid external network",
            field="network_id",
        )
    return row
