"""What users ask of security groups and their rules; every project has a default group."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from synnefo.core import security_rules
from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest
from synnefo.core.network_faults import (
    AddressGroupNotFound,
    SecurityGroupCannotRemoveDefault,
    SecurityGroupCannotUpdateDefault,
    SecurityGroupDefaultAlreadyExists,
    SecurityGroupInUse,
    SecurityGroupNotFound,
    SecurityGroupRuleExists,
    SecurityGroupRuleNotFound,
)
from synnefo.db.models import AddressGroup, NetworkGrant, Port, SecurityGroup, SecurityGroupRule
from synnefo.db.prepared import PreparedRows
from synnefo.db.transactions import writing
from synnefo.intents import quota
from synnefo.intents.network import default_rules, network_rows

DEFAULT = "default"
MEMBERS = Port.security_groups.through
DEFAULT_OF = PreparedRows(
    SecurityGroup,
    lambda project_id: SecurityGroup.objects.filter(project_id=project_id, is_default=True),
    str,
)
REMOTES = ("remote_prefix", "remote_group", "remote_addresses")
RULE_COLUMNS = ("direction", "ethertype", "protocol", "port_min", "port_max")


def ensure_default(project_id: str) -> SecurityGroup:
    """The project's default group, made at first need: out to everywhere, in from itself."""
    row = DEFAULT_OF.first(project_id)
    if row is not None:
        return row
    with writing():
        try:
            with transaction.atomic():
                return _new(project_id, DEFAULT, "Default security group", default=True)
        except IntegrityError:  # Somebody else needed it at the same moment.
            return SecurityGroup.objects.get(project_id=project_id, is_default=True)


def _new(
    project_id: str, name: str, description: str, *, default: bool = False, stateful: bool = True
) -> SecurityGroup:
    now = timezone.now()
    group = SecurityGroup.objects.create(
        project_id=project_id,
        name=name,
        description=description,
        is_default=default,
        stateful=stateful,
        created_at=now,
        updated_at=now,
    )
    SecurityGroupRule.objects.bulk_create(default_rules.rules_for(group))
    return group


def create(caller: Caller, wishes: Sequence[Mapping[str, Any]]) -> list[SecurityGroup]:
    """All of them or none."""
    with writing():
        return [_create(caller, wish) for wish in wishes]


def _create(caller: Caller, wish: Mapping[str, Any]) -> SecurityGroup:
    project = network_rows.project_for(caller, wish)
    ensure_default(project)
    if wish.get("name") == DEFAULT:
        raise SecurityGroupDefaultAlreadyExists("Default security group already exists.")
    quota.admit(project, "security_group", SecurityGroup.objects.filter(project_id=project))
    stateful = wish.get("stateful", True)
    name, description = wish.get("name", ""), wish.get("description", "")
    return _new(project, name, description, stateful=stateful)


def _mine(caller: Caller, identifier: str, what: str, revision: int | None) -> SecurityGroup:
    rows = network_rows.security_groups(caller)
    row = network_rows.locked(rows, identifier, SecurityGroupNotFound, "Security group")
    network_rows.check_owner(caller, row.project_id, what)
    network_rows.check_revision(row, revision)
    return row


def update(
    caller: Caller, identifier: str, wish: Mapping[str, Any], revision: int | None
) -> SecurityGroup:
    """Change its name, description, or whether answers are let in unasked."""
    with writing():
        row = _mine(caller, identifier, "update_security_group", revision)
        changes = {k: wish[k] for k in ("name", "description", "stateful") if k in wish}
        if row.is_default and wish.get("name", row.name) != row.name:
            raise SecurityGroupCannotUpdateDefault("Updating default security group not allowed.")
        if not row.is_default and wish.get("name") == DEFAULT:
            raise SecurityGroupDefaultAlreadyExists("Default security group already exists.")
        if (
            changes.get("stateful", row.stateful) != row.stateful
            and Port.objects.filter(security_groups=row).exists()
        ):
            raise SecurityGroupInUse(f"Security Group {row.uuid} is in use.")
        network_rows.written(row, changes)
    return row


def delete(caller: Caller, identifier: str) -> None:
    """Not while ports are in it, and never the default one."""
    with writing():
        row = _mine(caller, identifier, "delete_security_group", None)
        if row.is_default and not caller.is_admin:
            raise SecurityGroupCannotRemoveDefault(
                "Insufficient rights for removing default security group."
            )
        if Port.objects.filter(security_groups=row).exists():
            raise SecurityGroupInUse(f"Security Group {row.uuid} in use.")
        network_rows.forget_tags([row.uuid])
        NetworkGrant.objects.filter(kind="security_group", resource=row.uuid).delete()
        row.delete()


# --- rules ----------------------------------------------------------------------------------------


def create_rules(caller: Caller, wishes: Sequence[Mapping[str, Any]]) -> list[SecurityGroupRule]:
    """All of them or none."""
    with writing():
        return [_create_rule(caller, wish) for wish in wishes]


def _create_rule(caller: Caller, wish: Mapping[str, Any]) -> SecurityGroupRule:
    group = _mine(caller, wish["security_group_id"], "create_security_group_rule", None)
    mine = SecurityGroupRule.objects.filter(group__project_id=group.project_id)
    rule = security_rules.traffic(wish)
    quota.admit(group.project_id, "security_group_rule", mine)
    now = timezone.now()
    row = SecurityGroupRule(
        group=group,
        direction=wish["direction"],
        ethertype=rule["ethertype"],
        protocol=rule["protocol"],
        port_min=rule["port_range_min"],
        port_max=rule["port_range_max"],
        remote_prefix=rule["remote_ip_prefix"],
        remote_group=_remote(caller, rule["remote_group_id"]),
        remote_addresses=_remote_addresses(caller, rule["remote_address_group_id"]),
        description=wish.get("description", ""),
        created_at=now,
        updated_at=now,
    )
    _check_new(row)
    row.save(force_insert=True)
    network_rows.touched(SecurityGroup.objects.filter(pk=group.pk), now)
    return row


def _remote(caller: Caller, identifier: str | None) -> SecurityGroup | None:
    if identifier is None:
        return None
    rows = network_rows.security_groups(caller)
    return network_rows.found(rows, identifier, SecurityGroupNotFound, "Security group")


def _remote_addresses(caller: Caller, identifier: str | None) -> AddressGroup | None:
    if identifier is None:
        return None
    rows = network_rows.address_groups(caller)
    return network_rows.found(rows, identifier, AddressGroupNotFound, "Address group")


def _check_new(row: SecurityGroupRule) -> None:
    same = {name: getattr(row, name) for name in RULE_COLUMNS}
    remote = {name: getattr(row, name) for name in REMOTES}
    condition = Q(group=row.group)
    for name, value in (same | remote).items():
        condition &= Q(**{f"{name}__isnull": True} if value is None else {name: value})
    if (before := SecurityGroupRule.objects.filter(condition).first()) is not None:
        raise SecurityGroupRuleExists(
            f"Security group rule already exists. Rule id is {before.uuid}."
        )


def delete_rule(caller: Caller, identifier: str) -> None:
    """Remove one."""
    with writing():
        row = network_rows.locked(
            rules(caller), identifier, SecurityGroupRuleNotFound, "Security group rule"
        )
        network_rows.check_owner(caller, row.group.project_id, "delete_security_group_rule")
        network_rows.touched(SecurityGroup.objects.filter(pk=row.group_id), timezone.now())
        row.delete()


def rules(caller: Caller) -> Any:
    """The rules of the caller's groups; those of shared ones are shown with the group only."""
    rows = SecurityGroupRule.objects.select_related("group", "remote_group", "remote_addresses")
    if caller.is_admin:
        return rows
    return rows.filter(group__project_id=caller.project_id)


# --- the groups of ports --------------------------------------------------------------------------


def put(caller: Caller, port: Port, wanted: Sequence[str] | None) -> None:
    """Into these groups and no others; None means the project's default one."""
    if wanted is None:
        port.security_groups.set([ensure_default(port.project_id)])
        return
    ids = list(dict.fromkeys(uuid.UUID(one) for one in wanted))
    rows = network_rows.security_groups(caller)
    found = {row.uuid: row for row in rows.filter(uuid__in=ids)}
    for one in ids:
        if one not in found:
            raise SecurityGroupNotFound(f"Security group {one} does not exist")
    port.security_groups.set(found.values())


def named(caller: Caller, wanted: Iterable[str]) -> list[SecurityGroup]:
    """Groups of the caller's project by id or name, as the compute API has them."""
    found: dict[int, SecurityGroup] = {}
    mine = SecurityGroup.objects.filter(project_id=caller.project_id)
    for word in dict.fromkeys(wanted):
        if word == DEFAULT:
            rows = [ensure_default(caller.project_id)]
        else:
            rows = _by_id(mine, word) or list(mine.filter(name=word)[:2])
        if not rows:
            raise BadRequest(
                f"Security group {word} not found for project {caller.project_id}.",
                field="security_groups",
            )
        if len(rows) > 1:
            raise BadRequest(
                f"Multiple security groups found matching '{word}'. Use an ID to be more specific.",
                field="security_groups",
            )
        found[rows[0].pk] = rows[0]
    return list(found.values())


def _by_id(rows: Any, word: str) -> list[SecurityGroup]:
    try:
        return list(rows.filter(uuid=uuid.UUID(word)))
    except ValueError:
        return []


def join(ports: Iterable[Port], groups: Sequence[SecurityGroup]) -> None:
    """Put new ports into groups, all in one statement."""
    MEMBERS.objects.bulk_create(
        MEMBERS(port_id=port.pk, securitygroup_id=group.pk) for port in ports for group in groups
    )
