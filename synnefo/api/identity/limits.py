"""Unified limits: what is registered for everybody, and limits of single projects and domains.

The model is flat: a limit of a project says nothing of others. Those of the quotas of this cloud
are registered by the cloud itself and in force; all others are kept for who enforces them.
"""

import uuid
from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponse

from synnefo.api.bodies import Described, integer, listing, maybe, record, schema_of, text
from synnefo.api.identity import catalog, kinds, records, sight
from synnefo.api.identity.endpoints import OWN_REGIONS, REGION_ID
from synnefo.api.identity.lists import collection, filtered, links, paged, picked
from synnefo.api.request import Request, answer, empty
from synnefo.core import unified_limits as rules
from synnefo.core.faults import NotFound
from synnefo.core.unified_limits import Own, Subject
from synnefo.db.models import RegisteredLimit, UnifiedLimit
from synnefo.intents import quota_limits
from synnefo.intents.identity import unified_limits as intents

SUBJECT = ("service_id", "region_id", "resource_name")
FILTERS = {name: name for name in (*SUBJECT, "project_id", "domain_id")}
MOST_AT_ONCE = 100
_NUMBER, _RESOURCE = integer(-1), text(1, 255, pattern=r"(?=.*\S)[^\x00-\x1f\x7f]+")
_ABOUT = {
    "service_id": kinds.ID,
    "region_id": maybe(REGION_ID),
    "resource_name": _RESOURCE,
    "description": kinds.DESCRIPTION,
}
_REGISTERED = _ABOUT | {"default_limit": _NUMBER}
_LIMIT = _ABOUT | {
    "resource_limit": _NUMBER, "project_id": maybe(kinds.ID), "domain_id": maybe(kinds.ID),
}  # fmt: skip
_NEEDED = ("service_id", "resource_name")
REGISTER = record(
    {"registered_limits": listing(record(_REGISTERED, (*_NEEDED, "default_limit")), 1,
                                  MOST_AT_ONCE)},
    ("registered_limits",),
)  # fmt: skip
CHANGE_REGISTERED = kinds.tight("registered_limit", _REGISTERED)
_WHOSE = [
    {"required": [one], "properties": {one: {"type": "string"}, other: {"type": "null"}}}
    for one, other in (("project_id", "domain_id"), ("domain_id", "project_id"))
]
_WHOLE = record(_LIMIT, (*_NEEDED, "resource_limit"))
_NEW_LIMIT = Described({**schema_of(_WHOLE), "anyOf": _WHOSE}, _WHOLE)
CREATE = record({"limits": listing(_NEW_LIMIT, 1, MOST_AT_ONCE)}, ("limits",))
CHANGE = kinds.tight("limit", {"resource_limit": _NUMBER, "description": kinds.DESCRIPTION})

_W = records.WORD
_SHOWN = {
    "id": _W, "service_id": _W, "region_id": maybe(_W), "resource_name": _W,
    "description": maybe(records.TEXT), "links": kinds.LINKS,
}  # fmt: skip
_SHOWN_REGISTERED = _SHOWN | {"default_limit": _NUMBER}
_SHOWN_LIMIT = _SHOWN | {
    "resource_limit": _NUMBER, "project_id": maybe(_W), "domain_id": maybe(_W),
}  # fmt: skip
REGISTERED_SHAPE = kinds.shape("registered_limit", _SHOWN_REGISTERED)
REGISTERED_LIST_SHAPE = kinds.shapes("registered_limits", _SHOWN_REGISTERED)
SHAPE, LIST_SHAPE = kinds.shape("limit", _SHOWN_LIMIT), kinds.shapes("limits", _SHOWN_LIMIT)
MADE_REGISTERED_SHAPE, MADE_SHAPE = (
    record({noun: listing(record(fields, tuple(fields)), 0, MOST_AT_ONCE)}, (noun,))
    for noun, fields in (("registered_limits", _SHOWN_REGISTERED), ("limits", _SHOWN_LIMIT))
)
MODEL_SHAPE = record({"model": record({"name": _W, "description": _W})}, ("model",))


def _own() -> dict[Subject, Own]:
    return {
        Subject(catalog.IDS[service], catalog.REGION, name): Own(
            uuid.uuid5(uuid.NAMESPACE_URL, f"registered_limits/{service}/{name}").hex, resource
        )
        for service, names in rules.OWN.items()
        for name, resource in names.items()
    }


OWN = _own()
OWN_BY_ID = {own.id: (subject, own) for subject, own in OWN.items()}
KNOWN = intents.Known(frozenset(catalog.IDS.values()), OWN_REGIONS, OWN)


def _fields(row: RegisteredLimit | UnifiedLimit) -> dict[str, Any]:
    return {
        "id": row.id,
        "service_id": row.service_id,
        "region_id": row.region_id or None,
        "resource_name": row.resource_name,
        "description": row.description,
    }


# --- what is registered --------------------------------------------------------------------------


def _registered(row: RegisteredLimit, base: str) -> dict[str, Any]:
    more = {"default_limit": row.default_limit}
    return _fields(row) | more | {"links": records.link(base, "registered_limits", row.id)}


def _own_registered(key: str, base: str, defaults: dict[str, int]) -> dict[str, Any]:
    subject, own = OWN_BY_ID[key]
    row = RegisteredLimit(id=key, default_limit=defaults[own.quota], **subject._asdict())
    return _registered(row, base)


def registered_limits(request: Request) -> HttpResponse:
    """GET /v3/registered_limits."""
    defaults = quota_limits.defaults()
    rows = [_own_registered(key, request.base, defaults) for key in OWN_BY_ID]
    rows += [_registered(row, request.base) for row in RegisteredLimit.objects.order_by("pk")]
    return collection(request, "registered_limits", picked(request, rows, *SUBJECT))


def registered_limit(request: Request, id: str) -> HttpResponse:
    """GET /v3/registered_limits/{id}."""
    if id in OWN_BY_ID:
        shown = _own_registered(id, request.base, quota_limits.defaults())
        return answer({"registered_limit": shown})
    return answer({"registered_limit": _registered(intents.registered(id), request.base)})


def register(request: Request) -> HttpResponse:
    """POST /v3/registered_limits: several at once, or none of them."""
    rows = intents.register(request.wish["registered_limits"], KNOWN)
    return answer({"registered_limits": [_registered(row, request.base) for row in rows]}, 201)


def change_registered(request: Request, id: str) -> HttpResponse:
    """PATCH /v3/registered_limits/{id}; of the cloud's own ones the number only."""
    wish = request.wish["registered_limit"]
    if id not in OWN_BY_ID:
        row = intents.change_registered(id, wish, KNOWN)
        return answer({"registered_limit": _registered(row, request.base)})
    now = _own_registered(id, request.base, quota_limits.defaults())
    if any(now[name] != value for name, value in wish.items() if name != "default_limit"):
        intents.refuse_own(id)
    if "default_limit" in wish:
        intents.change_own(OWN_BY_ID[id][1], wish["default_limit"])
    return registered_limit(request, id)


def unregister(_request: Request, id: str) -> HttpResponse:
    """DELETE /v3/registered_limits/{id}."""
    if id in OWN_BY_ID:
        intents.refuse_own(id)
    intents.unregister(id)
    return empty(204)


# --- what one project or domain may have ---------------------------------------------------------


def _rendered(rows: Iterable[UnifiedLimit], base: str) -> list[dict[str, Any]]:
    shown = list(rows)
    numbers = intents.numbers(shown, KNOWN)
    return [
        _fields(row)
        | {"resource_limit": numbers[row.id], "project_id": row.project_id}
        | {"domain_id": row.domain_id, "links": records.link(base, "limits", row.id)}
        for row in shown
    ]


def _seen(request: Request) -> QuerySet[UnifiedLimit]:
    """All for who looks after the cloud; else those of the token's project, or in its domain."""
    rows, caller = UnifiedLimit.objects.all(), request.caller
    own = sight.domain(request)
    if caller.is_admin or (caller.system and caller.roles):
        return rows
    if own:
        return rows.filter(Q(domain_id=own) | Q(project__domain_id=own))
    return rows.filter(project_id=caller.project_id) if caller.project_id else rows.none()


def limits(request: Request) -> HttpResponse:
    """GET /v3/limits."""
    rows, following = paged(request, filtered(request, _seen(request), FILTERS))
    shown = _rendered(rows, request.base)
    return answer({"limits": shown, "links": links(request, "limits", following)})


def limit(request: Request, id: str) -> HttpResponse:
    """GET /v3/limits/{id}."""
    row = _seen(request).filter(pk=id).first()
    if row is None:
        raise NotFound(f"Could not find limit for {id}.")
    return answer({"limit": _rendered([row], request.base)[0]})


def create(request: Request) -> HttpResponse:
    """POST /v3/limits: several at once, or none of them."""
    rows = intents.create(request.wish["limits"], KNOWN)
    return answer({"limits": _rendered(rows, request.base)}, 201)


def change(request: Request, id: str) -> HttpResponse:
    """PATCH /v3/limits/{id}."""
    row = intents.change(id, request.wish["limit"], KNOWN)
    return answer({"limit": _rendered([row], request.base)[0]})


def delete(_request: Request, id: str) -> HttpResponse:
    """DELETE /v3/limits/{id}."""
    intents.delete(id, KNOWN)
    return empty(204)


def model(_request: Request) -> HttpResponse:
    """GET /v3/limits/model."""
    text = "Limit enforcement and validation does not take project hierarchy into consideration."
    return answer({"model": {"name": "flat", "description": text}})
