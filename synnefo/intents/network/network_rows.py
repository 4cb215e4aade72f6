"""Who sees which resources of the network service, and who may change them.

What is not seen does not exist; what is seen and belongs to somebody else is refused.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import F, Model, Q, QuerySet
from django.utils import timezone

from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest, NotFound, PreconditionFailed
from synnefo.core.network_faults import PolicyNotAuthorized
from synnefo.db.models import (
    AddressGroup,
    AddressScope,
    FloatingIp,
    Network,
    NetworkGrant,
    NetworkTag,
    Port,
    Project,
    Router,
    SecurityGroup,
    Subnet,
    SubnetPool,
)

M = TypeVar("M", bound=Model)
EVERYBODY = "*"
GATEWAY, INTERFACE, FLOATING = (
    "network:router_gateway",
    "network:router_interface",
    "network:floatingip",
)
HIDDEN = (GATEWAY, FLOATING)  # The cloud's own ports: of no project, and seen by administrators.
EXTERNAL = Q(external=True) | Q(external__isnull=True, public=True)


def granted(project_id: str, kind: str, *actions: str) -> QuerySet[NetworkGrant, Any]:
    """The resources that others let a project use."""
    rows = NetworkGrant.objects.filter(kind=kind, target__in=[project_id, EVERYBODY])
    return rows.filter(action__in=actions or ["access_as_shared"]).values("resource")


def networks_of(project_id: str) -> Q:
    """The networks that servers of a project may be on."""
    shared = Q(uuid__in=granted(project_id, "network"))
    return Q(project_id=project_id) | Q(public=True) | shared


def sees_all(caller: Caller) -> bool:
    """Services see networks, subnets and ports of all projects, as administrators do."""
    return caller.is_admin or caller.is_service


def networks(caller: Caller) -> QuerySet[Network]:
    """Own ones, shared ones, and those that lead out."""
    if sees_all(caller):
        return Network.objects.all()
    external = Q(uuid__in=granted(caller.project_id, "network", "access_as_external"))
    return Network.objects.filter(networks_of(caller.project_id) | EXTERNAL | external)


def usable_networks(caller: Caller) -> QuerySet[Network]:
    """Those that the caller may put ports on: what only leads out is none."""
    if sees_all(caller):
        return Network.objects.all()
    return Network.objects.filter(networks_of(caller.project_id))


def subnets(caller: Caller) -> QuerySet[Subnet]:
    """Those of the networks that one sees."""
    if sees_all(caller):
        return Subnet.objects.all()
    return Subnet.objects.filter(network__in=networks(caller))


def ports(caller: Caller) -> QuerySet[Port]:
    """One's own, and those that others have on one's own networks."""
    if sees_all(caller):
        return Port.objects.all()
    mine = Q(project_id=caller.project_id) | Q(network__project_id=caller.project_id)
    return Port.objects.filter(mine).exclude(owner__in=HIDDEN)


def _shared(caller: Caller, model: type[M], kind: str) -> QuerySet[M]:
    rows = model._default_manager.all()
    if caller.is_admin:
        return rows
    shared = Q(uuid__in=granted(caller.project_id, kind))
    public = Q(public=True) if kind != "security_group" else Q(pk__in=())
    return rows.filter(Q(project_id=caller.project_id) | public | shared)


def subnet_pools(caller: Caller) -> QuerySet[SubnetPool]:
    """Own and shared ones."""
    return _shared(caller, SubnetPool, "subnetpool")


def address_scopes(caller: Caller) -> QuerySet[AddressScope]:
    """Own and shared ones."""
    return _shared(caller, AddressScope, "address_scope")


def address_groups(caller: Caller) -> QuerySet[AddressGroup]:
    """Own and shared ones."""
    return _shared(caller, AddressGroup, "address_group")


def security_groups(caller: Caller) -> QuerySet[SecurityGroup]:
    """Own and shared ones."""
    return _shared(caller, SecurityGroup, "security_group")


def _own(caller: Caller, model: type[M]) -> QuerySet[M]:
    rows = model._default_manager.all()
    return rows if caller.is_admin else rows.filter(project_id=caller.project_id)


def routers(caller: Caller) -> QuerySet[Router]:
    """Own ones."""
    return _own(caller, Router)


def floating_ips(caller: Caller) -> QuerySet[FloatingIp]:
    """Own ones."""
    return _own(caller, FloatingIp)


def grants(caller: Caller) -> QuerySet[NetworkGrant]:
    """What one grants: what is granted to oneself shows in what one sees."""
    return _own(caller, NetworkGrant)


def found(rows: QuerySet[M], identifier: str, missing: type[NotFound], noun: str) -> M:
    """One row by its API id, or the fault that there is none."""
    try:
        wanted = uuid.UUID(identifier)
    except ValueError:
        row = None
    else:
        row = rows.filter(uuid=wanted).first()
    if row is None:
        raise missing(f"{noun} {identifier[:80]} could not be found.")
    return row


def locked(rows: QuerySet[M], identifier: str, missing: type[NotFound], noun: str) -> M:
    """The same, with the row locked until the end of the transaction."""
    return found(rows.select_for_update(of=("self",)), identifier, missing, noun)


def check_owner(caller: Caller, project_id: str, what: str) -> None:
    """Only owners and administrators change things."""
    if not caller.is_admin and project_id != caller.project_id:
        raise PolicyNotAuthorized(f"{what} is disallowed by policy")


def check_revision(row: Any, wanted: int | None) -> None:
    """The caller may say which revision it means to change."""
    if wanted is not None and row.revision != wanted:
        raise PreconditionFailed(
            f"Constrained to {wanted}, but current revision is {row.revision}."
        )


def project_for(caller: Caller, wish: Mapping[str, Any], *, service: bool = False) -> str:
    """Whose a new resource is to be: administrators may make some for others, and of some kinds
    services as well.
    """
    wanted = wish.get("project_id") or wish.get("tenant_id") or caller.project_id
    if wanted == caller.project_id:
        return caller.project_id
    if not caller.is_admin and not (service and caller.is_service):
        raise BadRequest(
            "Specifying 'project_id' or 'tenant_id' other than the authenticated project in"
            " request requires admin privileges",
            field="project_id",
        )
    if not Project.objects.filter(id=wanted).exists():
        raise BadRequest(f"Project {wanted} could not be found.", field="project_id")
    return str(wanted)


def written(row: Any, changes: Mapping[str, Any], now: datetime | None = None) -> None:
    """Store changed columns; a revision more if any are."""
    if not changes:
        return
    for name, value in changes.items():
        setattr(row, name, value)
    row.updated_at = now or timezone.now()
    row.revision += 1
    moved = dict(changes) | {"updated_at": row.updated_at, "revision": F("revision") + 1}
    type(row)._default_manager.filter(pk=row.pk).update(**moved)


def touched(rows: QuerySet[Any], now: datetime) -> None:
    """Something else made these different."""
    rows.update(revision=F("revision") + 1, updated_at=now)


def forget_tags(identifiers: Iterable[uuid.UUID]) -> None:
    """The resources are gone, and with them what was said of them."""
    NetworkTag.objects.filter(resource__in=list(identifiers)).delete()
