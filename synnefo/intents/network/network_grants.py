"""What users ask of RBAC policies: letting other projects use what is theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest, NotFound
from synnefo.core.network_faults import (
    AddressGroupNotFound,
    AddressScopeNotFound,
    DuplicateRbacPolicy,
    NetworkNotFound,
    PolicyNotAuthorized,
    RbacPolicyInUse,
    RbacPolicyNotFound,
    SecurityGroupNotFound,
    SubnetPoolNotFound,
)
from synnefo.db.models import (
    AddressGroup,
    AddressScope,
    FloatingIp,
    Network,
    NetworkGrant,
    Port,
    Router,
    SecurityGroup,
    SubnetPool,
)
from synnefo.db.transactions import writing
from synnefo.intents import quota
from synnefo.intents.network import network_rows
from synnefo.intents.network.network_rows import EVERYBODY, HIDDEN

Rows = QuerySet[Any]
KINDS: dict[str, tuple[Any, type[NotFound], frozenset[str]]] = {
    "network": (
        Network,
        NetworkNotFound,
        frozenset({"access_as_shared", "access_as_external"}),
    ),
    "subnetpool": (SubnetPool, SubnetPoolNotFound, frozenset({"access_as_shared"})),
    "address_scope": (AddressScope, AddressScopeNotFound, frozenset({"access_as_shared"})),
    "address_group": (AddressGroup, AddressGroupNotFound, frozenset({"access_as_shared"})),
    "security_group": (SecurityGroup, SecurityGroupNotFound, frozenset({"access_as_shared"})),
}


def create(caller: Caller, wishes: Sequence[Mapping[str, Any]]) -> list[NetworkGrant]:
    """All of them or none."""
    with writing():
        return [_create(caller, wish) for wish in wishes]


def _create(caller: Caller, wish: Mapping[str, Any]) -> NetworkGrant:
    kind, action, target = wish["object_type"], wish["action"], wish["target_tenant"]
    model, missing, actions = KINDS[kind]
    if action not in actions:
        raise BadRequest(f"Invalid action '{action}' for object type '{kind}'.", field="action")
    rows = model.objects.all()
    if not caller.is_admin:
        rows = rows.filter(project_id=caller.project_id)
    resource = network_rows.locked(rows, wish["object_id"], missing, kind.capitalize())
    if not caller.is_admin and (target == EVERYBODY or action == "access_as_external"):
        raise PolicyNotAuthorized("create_rbac_policy:target_tenant is disallowed by policy")
    project, now = network_rows.project_for(caller, wish), timezone.now()
    quota.admit(project, "rbac_policy", NetworkGrant.objects.filter(project_id=project))
    row = NetworkGrant(
        project_id=project,
        kind=kind,
        resource=resource.uuid,
        action=action,
        target=target,
        created_at=now,
        updated_at=now,
    )
    _stored(row)
    _apply(row, resource, allowed=True)
    return row


def _stored(row: NetworkGrant) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as taken:
        raise DuplicateRbacPolicy(
            f"An RBAC policy already exists with those values ({row.kind}, {row.target})."
        ) from taken


def _apply(row: NetworkGrant, resource: Any, *, allowed: bool) -> None:
    """What everybody may do is kept with the resource itself, where every list looks."""
    if row.target != EVERYBODY or row.kind == "security_group":
        return
    column = "external" if row.action == "access_as_external" else "public"
    type(resource).objects.filter(pk=resource.pk).update(**{column: allowed})


def _mine(caller: Caller, identifier: str, what: str) -> NetworkGrant:
    seen = network_rows.grants(caller)
    row = network_rows.locked(seen, identifier, RbacPolicyNotFound, "RBAC policy")
    network_rows.check_owner(caller, row.project_id, what)
    return row


def update(
    caller: Caller, identifier: str, wish: Mapping[str, Any], _revision: int | None
) -> NetworkGrant:
    """Let another project have it instead."""
    with writing():
        row = _mine(caller, identifier, "update_rbac_policy")
        target = wish.get("target_tenant", row.target)
        if target == EVERYBODY and not caller.is_admin:
            raise PolicyNotAuthorized("update_rbac_policy:target_tenant is disallowed by policy")
        if target != row.target:
            resource = _resource(row)
            _check_unused(row, resource)
            _apply(row, resource, allowed=False)
            row.target, row.updated_at = target, timezone.now()
            _stored(row)
            _apply(row, resource, allowed=True)
    return row


def _resource(row: NetworkGrant) -> Any:
    model, missing, _ = KINDS[row.kind]
    return network_rows.locked(model.objects.all(), str(row.resource), missing, row.kind)


def _check_unused(row: NetworkGrant, resource: Any) -> None:
    if row.kind == "network" and _users(row, resource).exists():
        raise RbacPolicyInUse(
            f"RBAC policy on object {row.resource} cannot be removed because other objects"
            " depend on it."
        )


def _users(row: NetworkGrant, network: Network) -> Rows:
    """What could not be where it is without the policy."""
    if row.action == "access_as_external":
        if FloatingIp.objects.filter(network=network).exists():
            return FloatingIp.objects.filter(network=network)
        return Router.objects.filter(gateway=network)
    others = Port.objects.filter(network=network).exclude(owner__in=HIDDEN)
    others = others.exclude(project_id=network.project_id)
    if row.target != EVERYBODY:
        return others.filter(project_id=row.target)
    named = NetworkGrant.objects.filter(kind="network", resource=network.uuid, action=row.action)
    return others.exclude(project_id__in=named.exclude(pk=row.pk).values("target"))


def delete(caller: Caller, identifier: str) -> None:
    """Not while somebody uses what it allows."""
    with writing():
        row = _mine(caller, identifier, "delete_rbac_policy")
        resource = _resource(row)
        _check_unused(row, resource)
        _apply(row, resource, allowed=False)
        row.delete()
