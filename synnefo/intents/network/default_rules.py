"""The rules that new security groups begin with: four usual ones, until an administrator changes
them. What was removed stays as a row, so that the usual ones do not come back.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone

from synnefo.core import security_rules
from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest
from synnefo.core.network_faults import (
    AddressGroupNotFound,
    DefaultSecurityGroupRuleExists,
    DefaultSecurityGroupRuleNotFound,
    SecurityGroupNotFound,
)
from synnefo.db.models import AddressGroup, DefaultRule, SecurityGroup, SecurityGroupRule
from synnefo.db.transactions import writing
from synnefo.intents.network import network_rows

PARENT = "PARENT"  # The group itself that a rule is made for.
SAME = (
    "direction", "ethertype", "protocol", "port_min", "port_max", "remote_prefix", "remote_group",
    "remote_addresses",
)  # fmt: skip


def rows() -> list[DefaultRule]:
    """All of them; the usual ones are made at first need."""
    found = list(DefaultRule.objects.order_by("pk"))
    if not found:
        with writing():
            found = list(DefaultRule.objects.order_by("pk")) or _usual()
    return [one for one in found if not one.removed]


def _usual() -> list[DefaultRule]:
    now = timezone.now()
    return DefaultRule.objects.bulk_create(
        DefaultRule(
            direction=direction,
            ethertype=ethertype,
            remote_group=remote,
            in_default=True,
            in_others=remote is None,
            created_at=now,
        )
        for direction, remote in (("ingress", PARENT), ("egress", None))
        for ethertype in ("IPv4", "IPv6")
    )


def rules_for(group: SecurityGroup) -> list[SecurityGroupRule]:
    """What a new group begins with; not stored yet."""
    wanted = [one for one in rows() if (one.in_default if group.is_default else one.in_others)]
    named = {one.remote_group or "" for one in wanted} - {"", PARENT}
    groups = {str(one.uuid): one for one in SecurityGroup.objects.filter(uuid__in=named)}
    groups[PARENT] = group
    ranges = {one.remote_addresses for one in wanted if one.remote_addresses}
    found = {one.uuid: one for one in AddressGroup.objects.filter(uuid__in=ranges)}
    return [
        _rule(
            group,
            one,
            groups.get(one.remote_group or ""),
            found.get(one.remote_addresses) if one.remote_addresses else None,
        )
        for one in wanted
        # A rule about what is gone would let in everybody.
        if (one.remote_group is None or one.remote_group in groups)
        and (one.remote_addresses is None or one.remote_addresses in found)
    ]


def _rule(
    group: SecurityGroup,
    row: DefaultRule,
    remote: SecurityGroup | None,
    addresses: AddressGroup | None,
) -> SecurityGroupRule:
    return SecurityGroupRule(
        group=group,
        direction=row.direction,
        ethertype=row.ethertype,
        protocol=row.protocol,
        port_min=row.port_min,
        port_max=row.port_max,
        remote_prefix=row.remote_prefix,
        remote_group=remote,
        remote_addresses=addresses,
        created_at=group.created_at,
        updated_at=group.created_at,
    )


# --- for administrators ---------------------------------------------------------------------------


def create(caller: Caller, wishes: Sequence[Mapping[str, Any]]) -> list[DefaultRule]:
    """All of them or none."""
    rows()
    with writing():
        return [_create(caller, wish) for wish in wishes]


def _create(caller: Caller, wish: Mapping[str, Any]) -> DefaultRule:
    rule = security_rules.traffic(wish)
    named = rule["remote_address_group_id"]
    row = DefaultRule(
        direction=wish["direction"],
        ethertype=rule["ethertype"],
        protocol=rule["protocol"],
        port_min=rule["port_range_min"],
        port_max=rule["port_range_max"],
        remote_prefix=rule["remote_ip_prefix"],
        remote_group=_known_group(caller, rule["remote_group_id"]),
        remote_addresses=None if named is None else _known_addresses(caller, named),
        description=wish.get("description") or "",
        in_default=wish.get("used_in_default_sg", False),
        in_others=wish.get("used_in_non_default_sg", False),
        created_at=timezone.now(),
    )
    same = {name: getattr(row, name) for name in SAME}
    condition = {f"{k}__isnull" if v is None else k: v is None or v for k, v in same.items()}
    before = DefaultRule.objects.filter(removed=False, **condition).first()
    if before is not None:
        raise DefaultSecurityGroupRuleExists(
            f"Default Security group rule already exists. Rule id is {before.uuid}."
        )
    row.save(force_insert=True)
    return row


def _known_group(caller: Caller, wanted: str | None) -> str | None:
    if wanted is None or wanted == PARENT:
        return wanted
    try:
        uuid.UUID(wanted)
    except ValueError as error:
        raise BadRequest(
            f"Invalid input for remote_group_id: it must be an id or {PARENT}.",
            field="remote_group_id",
        ) from error
    seen = network_rows.security_groups(caller)
    return str(network_rows.found(seen, wanted, SecurityGroupNotFound, "Security group").uuid)


def _known_addresses(caller: Caller, wanted: str) -> uuid.UUID:
    seen = network_rows.address_groups(caller)
    return network_rows.found(seen, wanted, AddressGroupNotFound, "Address group").uuid


def delete(_caller: Caller, identifier: str) -> None:
    """New groups begin without it."""
    with writing():
        seen = DefaultRule.objects.filter(removed=False)
        missing = DefaultSecurityGroupRuleNotFound
        row = network_rows.locked(seen, identifier, missing, "Default Security group rule")
        DefaultRule.objects.filter(pk=row.pk).update(removed=True)
