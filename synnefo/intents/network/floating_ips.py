"""What users ask of floating addresses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest
from synnefo.core.network_faults import (
    FloatingIPNotFound,
    FloatingIPPortAlreadyAssociated,
    IpAddressGenerationFailure,
    PolicyNotAuthorized,
    PortNotFound,
)
from synnefo.db import rings
from synnefo.db.models import Address, FloatingIp, Network, Port
from synnefo.db.transactions import writing
from synnefo.intents import quota
from synnefo.intents.network import (
    addresses,
    floating_targets,
    network_rows,
    networks,
    port_addresses,
    ports,
)
from synnefo.intents.network.network_rows import FLOATING

TEXTS = ("description", "dns_name", "dns_domain")


def create(caller: Caller, wishes: Sequence[Mapping[str, Any]]) -> list[FloatingIp]:
    """All of them or none."""
    with writing():
        return [_create(caller, wish) for wish in wishes]


def _create(caller: Caller, wish: Mapping[str, Any]) -> FloatingIp:
    network = networks.external(caller, wish["floating_network_id"])
    project, now = network_rows.project_for(caller, wish), timezone.now()
    quota.admit(project, "floatingip", FloatingIp.objects.filter(project_id=project))
    if wish.get("floating_ip_address") and not caller.is_manager:
        raise PolicyNotAuthorized(
            "create_floatingip:floating_ip_address is disallowed by policy",
            field="floating_ip_address",
        )
    holder = _holder(network, project, wish)
    address = holder.addresses.filter(subnet__ip_version=4).first()
    if address is None:
        raise BadRequest(
            f"Bad floatingip request: Network {network.uuid} does not contain any IPv4 subnet.",
            field="floating_network_id",
        )
    row = FloatingIp(
        project_id=project,
        network=network,
        holder=holder,
        address=address.address,
        created_at=now,
        updated_at=now,
        **{name: wish[name] for name in TEXTS if wish.get(name) is not None},
    )
    if wish.get("port_id"):
        _lead_to(caller, row, wish["port_id"], wish.get("fixed_ip_address"))
    _stored(row)
    Port.objects.filter(pk=holder.pk).update(device=str(row.uuid))
    rings.changed(project, "floatingip", row.uuid)
    return row


def _holder(network: Network, project: str, wish: Mapping[str, Any]) -> Port:
    """A port of the cloud's own, which keeps the address from everybody else."""
    now = timezone.now()
    port = Port.objects.create(
        project_id=project,
        network=network,
        owner=FLOATING,
        status="N/A",
        port_security=False,
        mac_address=ports.free_mac(network),
        created_at=now,
        updated_at=now,
    )
    port_addresses.give(port, _wished(wish) or _any_of_ipv4(network))
    return port


def _wished(wish: Mapping[str, Any]) -> list[dict[str, str]]:
    one = {}
    if wish.get("floating_ip_address"):
        one["ip_address"] = wish["floating_ip_address"]
    if wish.get("subnet_id"):
        one["subnet_id"] = wish["subnet_id"]
    return [one] if one else []


def _any_of_ipv4(network: Network) -> list[dict[str, str]]:
    """The first subnet that has an address left."""
    subnets = network.subnets.select_for_update().filter(ip_version=4).order_by("pk")
    for subnet in subnets:
        if not addresses.serves(subnet, FLOATING):
            continue
        if free := addresses.free_in(subnet, 1):
            return [{"subnet_id": str(subnet.uuid), "ip_address": free[0]}]
    if subnets:
        raise IpAddressGenerationFailure(
            f"No more IP addresses available on network {network.uuid}."
        )
    return []


def _stored(row: FloatingIp) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as taken:
        raise FloatingIPPortAlreadyAssociated(
            f"Cannot associate floating IP {row.address} with port"
            f" {row.port.uuid if row.port else ''} using fixed IP {row.fixed_address}, as that"
            f" fixed IP already has a floating IP on external network {row.network.uuid}."
        ) from taken


def _lead_to(caller: Caller, row: FloatingIp, port_id: str, fixed: str | None) -> None:
    seen = network_rows.ports(caller)
    port = network_rows.locked(seen, port_id, PortNotFound, "Port")
    if not caller.is_admin and port.project_id != caller.project_id:
        raise PortNotFound(f"Port {port_id} could not be found.")
    if port.project_id != row.project_id:
        raise BadRequest(
            f"Bad floatingip request: Port {port_id} is associated with a different tenant than"
            f" Floating IP {row.uuid} and therefore cannot be bound.",
            field="port_id",
        )
    address = _target(port, fixed)
    row.router = floating_targets.router_to(row.network, address.subnet)
    row.port, row.fixed_address = port, address.address


def _target(port: Port, fixed: str | None) -> Address:
    held = list(port.addresses.filter(subnet__ip_version=4).select_related("subnet"))
    if fixed is not None:
        held = [one for one in held if one.address == fixed]
        if not held:
            raise BadRequest(
                f"Bad floatingip request: Port {port.uuid} does not have fixed ip {fixed}.",
                field="fixed_ip_address",
            )
    if not held:
        raise BadRequest(
            f"Bad floatingip request: Cannot add floating IP to port {port.uuid} that has no"
            " fixed IPv4 addresses.",
            field="port_id",
        )
    if len(held) > 1:
        raise BadRequest(
            f"Bad floatingip request: Port {port.uuid} has multiple fixed IPv4 addresses. Must"
            " provide a specific IPv4 address when assigning a floating IP.",
            field="port_id",
        )
    return held[0]


def update(
    caller: Caller, identifier: str, wish: Mapping[str, Any], revision: int | None
) -> FloatingIp:
    """Lead it to another port, or with null to none; or describe it."""
    with writing():
        row = _mine(caller, identifier, "update_floatingip", revision)
        if wish.get("port_id"):
            _lead_to(caller, row, wish["port_id"], wish.get("fixed_ip_address"))
        elif "port_id" in wish:
            row.port = row.fixed_address = row.router = None
        elif wish.get("fixed_ip_address"):
            if row.port is None:
                raise BadRequest(
                    "Bad floatingip request: fixed_ip_address cannot be specified without a"
                    " port_id.",
                    field="fixed_ip_address",
                )
            _lead_to(caller, row, str(row.port.uuid), wish["fixed_ip_address"])
        if wish.get("description") is not None:
            row.description = wish["description"]
        row.revision, row.updated_at = row.revision + 1, timezone.now()
        _stored(row)
        rings.changed(row.project_id, "floatingip", row.uuid)
    return row


def _mine(caller: Caller, identifier: str, what: str, revision: int | None) -> FloatingIp:
    rows = network_rows.floating_ips(caller).select_related("network")
    row = network_rows.locked(rows, identifier, FloatingIPNotFound, "Floating IP")
    network_rows.check_owner(caller, row.project_id, what)
    network_rows.check_revision(row, revision)
    return row


def delete(caller: Caller, identifier: str) -> None:
    """Give the address back."""
    with writing():
        row = _mine(caller, identifier, "delete_floatingip", None)
        holder = row.holder
        network_rows.forget_tags([row.uuid])
        row.delete()
        holder.delete()
        rings.changed(row.project_id, "floatingip", identifier)
