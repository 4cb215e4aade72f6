"""What users ask of address groups: ranges that rules of security groups name together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import ip_network
from typing import Any

from django.utils import timezone

from synnefo.core.caller import Caller
from synnefo.core.network_faults import (
    AddressesAlreadyExist,
    AddressesNotFound,
    AddressGroupInUse,
    AddressGroupNotFound,
)
from synnefo.db.models import AddressGroup, NetworkGrant
from synnefo.db.transactions import writing
from synnefo.intents.network import network_rows


def create(caller: Caller, wishes: Sequence[Mapping[str, Any]]) -> list[AddressGroup]:
    """All of them or none."""
    now = timezone.now()
    with writing():
        return [
            AddressGroup.objects.create(
                project_id=network_rows.project_for(caller, wish),
                name=wish.get("name") or "",
                description=wish.get("description") or "",
                addresses=_ranges(wish.get("addresses") or ()),
                created_at=now,
                updated_at=now,
            )
            for wish in wishes
        ]


def _ranges(addresses: Sequence[str]) -> list[str]:
    """In slash notation, each of them once."""
    return list(dict.fromkeys(str(ip_network(one, strict=False)) for one in addresses))


def _mine(caller: Caller, identifier: str, what: str, revision: int | None = None) -> AddressGroup:
    rows = network_rows.address_groups(caller)
    row = network_rows.locked(rows, identifier, AddressGroupNotFound, "Address group")
    network_rows.check_owner(caller, row.project_id, what)
    network_rows.check_revision(row, revision)
    return row


def update(
    caller: Caller, identifier: str, wish: Mapping[str, Any], revision: int | None
) -> AddressGroup:
    """Change its name or description."""
    with writing():
        row = _mine(caller, identifier, "update_address_group", revision)
        network_rows.written(row, dict(wish))
    return row


def add(caller: Caller, identifier: str, addresses: Sequence[str]) -> None:
    """More addresses; none that the group has."""
    with writing():
        row, wanted = _mine(caller, identifier, "add_addresses"), _ranges(addresses)
        if there := [one for one in wanted if one in row.addresses]:
            raise AddressesAlreadyExist(
                f"Addresses {', '.join(there)} already exist in the address group {row.uuid}.",
                field="addresses",
            )
        network_rows.written(row, {"addresses": [*row.addresses, *wanted]})


def remove(caller: Caller, identifier: str, addresses: Sequence[str]) -> None:
    """Fewer addresses; all of them are to be there."""
    with writing():
        row, wanted = _mine(caller, identifier, "remove_addresses"), _ranges(addresses)
        if missing := [one for one in wanted if one not in row.addresses]:
            raise AddressesNotFound(
                f"Addresses {', '.join(missing)} not found in the address group {row.uuid}.",
                field="addresses",
            )
        left = [one for one in row.addresses if one not in wanted]
        network_rows.written(row, {"addresses": left})


def delete(caller: Caller, identifier: str) -> None:
    """Not while rules name it."""
    with writing():
        row = _mine(caller, identifier, "delete_address_group")
        if row.rules.exists():
            raise AddressGroupInUse(
                f"Address group {row.uuid} is in use on one or more security group rules."
            )
        NetworkGrant.objects.filter(kind="address_group", resource=row.uuid).delete()
        row.delete()
