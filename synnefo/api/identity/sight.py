"""How far a caller sees and rules: everything, one domain, or only oneself.

The routes say who may call at all; these narrow what is found, as Keystone's rules do.
"""

from typing import Any

from django.db.models import QuerySet

from synnefo.api.request import Request
from synnefo.api.routing import FORBIDDEN
from synnefo.core.faults import Forbidden, NotFound
from synnefo.db.models import Project, RoleAssignment, User

KEEPABLE = frozenset({"manager", "member", "reader"})  # roles that a manager of a domain gives


def domain(request: Request) -> str | None:
    """The domain that the caller is limited to; None for no limit."""
    caller = request.caller
    return None if caller.is_admin or caller.system else caller.domain_id


def whole(request: Request) -> None:
    """Forbidden for who is limited to a domain."""
    if domain(request) is not None:
        raise Forbidden(FORBIDDEN)


def narrowed(request: Request, rows: QuerySet[Any], column: str = "domain_id") -> QuerySet[Any]:
    """Of these rows those that the caller sees."""
    own = domain(request)
    return rows if own is None else rows.filter(**{column: own})


def inside(request: Request, noun: str, key: str, domain_id: str | None) -> None:
    """NotFound for a record of another domain than the caller is limited to."""
    own = domain(request)
    if own is not None and own != domain_id:
        raise NotFound(f"Could not find {noun}: {key}.")


def rules_more(request: Request, **who: str) -> None:
    """Forbidden for who keeps one domain and would reach further by the user or group `who`: the
    password of an administrator, or a place in a group of administrators, would do."""
    if domain(request) is not None:
        rows = RoleAssignment.objects.filter(**who).exclude(role__name__in=KEEPABLE)
        if rows.exists():
            raise Forbidden(FORBIDDEN)


def own_domain(request: Request) -> str:
    """Where new records go that name no domain: that of the token, or of the caller's project."""
    caller = request.caller
    if caller.domain_id:
        return caller.domain_id
    if caller.project_id:
        return Project.objects.values_list("domain_id", flat=True).get(pk=caller.project_id)
    return User.objects.values_list("domain_id", flat=True).get(pk=caller.user_id)


def looks(request: Request) -> bool:
    """Whether the caller sees more than itself: what Who.LOOKER stands for."""
    caller = request.caller
    return caller.is_admin or (bool(caller.roles) and (caller.system or bool(caller.domain_id)))


def oneself(request: Request, user_id: str, *, write: bool = False) -> None:
    """NotFound unless it is about the caller, or the caller looks after users."""
    caller = request.caller
    if user_id == caller.user_id or caller.is_admin:
        return
    if write or not looks(request):
        raise NotFound(f"Could not find user: {user_id}.")
    found = User.objects.filter(pk=user_id).values_list("domain_id", flat=True).first()
    inside(request, "user", user_id, found)


def owned(request: Request, user_id: str) -> None:
    """NotFound unless the caller owns it, or sees the whole cloud: keys are worth as much as whom
    they belong to, so that a role in a domain does not show them."""
    caller = request.caller
    if not (user_id == caller.user_id or caller.is_admin or (caller.system and caller.roles)):
        raise NotFound(f"Could not find user: {user_id}.")
