"""Sizes of servers: everybody reads those that he may use, administrators make and remove them."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse

from synnefo.api import bodies
from synnefo.api.bodies import FALSE, TRUE, ByVersion, Kind, maybe
from synnefo.api.compute.gating import asks, since
from synnefo.api.compute.patterns import lookup
from synnefo.api.pagination import after, limit_of, next_link, ordered, sorted_by, sorting
from synnefo.api.request import Request, answer, empty
from synnefo.core import extra_specs
from synnefo.core.faults import BadRequest, NotFound
from synnefo.db.models import Flavor
from synnefo.intents.compute import flavors as intents

OLD_QUERY = ("limit", "marker", "is_public", "minRam", "minDisk", "sort_key", "sort_dir")
QUERY = (*OLD_QUERY, "name")
SORT_KEYS = {
    "created_at": "created_at",
    "description": "description",
    "ephemeral_gb": "ephemeral",
    "is_public": "is_public",
    "rxtx_factor": "rxtx_factor",
    "swap": "swap",
    # Flavors are neither disabled nor weighed nor changed, so these order nothing.
    "disabled": "pk",
    "vcpu_weight": "pk",
    "updated_at": "pk",
    "flavorid": "flavor_id",
    "name": "name",
    "id": "pk",
    "memory_mb": "ram",
    "vcpus": "vcpus",
    "root_gb": "disk",
}
FLAVOR_ID = bodies.text(1, 255, trim=True, pattern=r"[a-zA-Z0-9. _-]+")


def _flavor_id(value: Any, where: str, strict: bool) -> str | None:
    """A text, or a number that becomes one."""
    plain = str(value) if type(value) in (int, float) else value
    return None if plain is None else str(FLAVOR_ID(plain, where, strict))


def _factor(value: Any, where: str, _strict: bool) -> float:
    try:
        factor = float(value) if type(value) in (str, int, float) else 0.0
    except (ValueError, OverflowError):
        factor = 0.0
    if not 0 < factor <= 3.40282e38:
        bodies.refuse(where, "it must be a number above 0")
    return factor


def _spec(value: Any, where: str, strict: bool) -> str:
    plain = str(value) if type(value) in (int, float) else value
    return str(bodies.text(0, 255)(plain, where, strict))


# The names of the API and the columns that they set.
COLUMNS = {
    "id": "flavor_id",
    "name": "name",
    "ram": "ram",
    "vcpus": "vcpus",
    "disk": "disk",
    "OS-FLV-EXT-DATA:ephemeral": "ephemeral",
    "swap": "swap",
    "rxtx_factor": "rxtx_factor",
    "os-flavor-access:is_public": "is_public",
    "description": "description",
}
FIELDS: dict[str, Kind] = {
    "name": bodies.NAME,
    "id": _flavor_id,
    "ram": bodies.integer(1),
    "vcpus": bodies.integer(1),
    "disk": bodies.integer(0),
    "OS-FLV-EXT-DATA:ephemeral": bodies.integer(0),
    "swap": bodies.integer(0),
    "rxtx_factor": _factor,
    "os-flavor-access:is_public": bodies.flag,
}
NEEDED = ("name", "ram", "vcpus", "disk")
LESS_SINCE = 102  # From here on flavors have no factor of network cards and are not disabled.
DESCRIPTION = maybe(bodies.text(0, 65535, lines=True))


def _flavor_body(fields: dict[str, Kind], need: tuple[str, ...]) -> Kind:
    return bodies.record({"flavor": bodies.record(fields, need)}, ("flavor",))


CREATE = ByVersion(
    {
        1: _flavor_body(FIELDS, NEEDED),
        55: _flavor_body(FIELDS | {"description": DESCRIPTION}, NEEDED),
        LESS_SINCE: _flavor_body(
            {name: kind for name, kind in FIELDS.items() if name != "rxtx_factor"}
            | {"description": DESCRIPTION},
            NEEDED,
        ),
    }
)
UPDATE = _flavor_body({"description": DESCRIPTION}, ("description",))
TENANT = bodies.record({"tenant": bodies.text(1, 255)}, ("tenant",))
ACTION = bodies.record({"addTenantAccess": TENANT, "removeTenantAccess": TENANT})
SPEC = bodies.mapping(bodies.text(1, 255, pattern=r"[a-zA-Z0-9-_:. ]+"), _spec, 128)
SPECS = bodies.record({"extra_specs": SPEC}, ("extra_specs",))

# How flavors look in answers.
LINKS = bodies.listing(bodies.record({"rel": bodies.text(), "href": bodies.text()}))
BRIEF_SHAPE = bodies.record(
    {"id": bodies.text(), "name": bodies.text(), "links": LINKS},
    ("id", "name", "links"),
    rest=bodies.anything,
)
LIST_SHAPE = bodies.record(
    {"flavors": bodies.listing(BRIEF_SHAPE, most=1000)}, ("flavors",), rest=bodies.anything
)
SHAPE = bodies.record({"flavor": BRIEF_SHAPE}, ("flavor",))
ACCESS_SHAPE = bodies.record(
    {
        "flavor_access": bodies.listing(
            bodies.record({"flavor_id": bodies.text(), "tenant_id": bodies.text()}), most=100_000
        )
    },
    ("flavor_access",),
)


def links(base: str, flavor_id: str) -> list[dict[str, str]]:
    """The two addresses of a flavor."""
    return [
        {"rel": "self", "href": f"{base}/compute/v2.1/flavors/{flavor_id}"},
        {"rel": "bookmark", "href": f"{base}/compute/flavors/{flavor_id}"},
    ]


def brief(row: Flavor, request: Request) -> dict[str, Any]:
    """A flavor in the short list."""
    shown = {
        "id": row.flavor_id,
        "name": row.name,
        "links": links(request.base, row.flavor_id),
    }
    return shown | ({"description": row.description} if request.version >= (2, 55) else {})


def record(row: Flavor, request: Request) -> dict[str, Any]:
    """The whole flavor."""
    shown = brief(row, request) | {
        "ram": row.ram,
        "disk": row.disk,
        "vcpus": row.vcpus,
        "swap": row.swap if row.swap or request.version >= (2, 75) else "",
        "rxtx_factor": row.rxtx_factor,
        "OS-FLV-EXT-DATA:ephemeral": row.ephemeral,
        "OS-FLV-DISABLED:disabled": False,
        "os-flavor-access:is_public": row.is_public,
    }
    if request.version >= (2, LESS_SINCE):
        del shown["rxtx_factor"], shown["OS-FLV-DISABLED:disabled"]
    return shown | ({"extra_specs": row.extra_specs} if request.version >= (2, 61) else {})


def visible(request: Request) -> QuerySet[Flavor]:
    """What the caller may see: private flavors are for those who were given them."""
    if request.caller.is_admin:
        return Flavor.objects.all()
    return Flavor.objects.usable_by(request.project)


def find(request: Request, flavor_id: str) -> Flavor:
    """One visible flavor."""
    row = visible(request).filter(flavor_id=flavor_id).first()
    if row is None:
        raise NotFound(f"Flavor {flavor_id} could not be found.")
    return row


def _at_least(request: Request, name: str) -> int:
    text = request.query.get(name, "0")
    if not text.isascii() or not text.isdigit() or len(text) > 10:
        raise BadRequest(f"{name} must be a whole number of 0 or more.", field=name)
    return int(text)


def _publicity(request: Request) -> QuerySet[Flavor]:
    word = request.query.get("is_public", "true").lower()
    if word not in TRUE | FALSE | {"none"}:
        raise BadRequest("is_public must be true, false or none.", field="is_public")
    rows = visible(request)
    if word == "none" or not request.caller.is_admin:
        return rows
    if word in TRUE:
        return Flavor.objects.usable_by(request.project)
    return rows.filter(is_public=False)


def _page(request: Request) -> tuple[list[Flavor], int]:
    rows = _publicity(request)
    rows = rows.filter(ram__gte=_at_least(request, "minRam"))
    rows = rows.filter(disk__gte=_at_least(request, "minDisk"))
    if request.version >= (2, LESS_SINCE) and "name" in request.query:
        rows = rows.filter(**lookup("name", str(request.query["name"]), "name"))
    order = sorting(request, SORT_KEYS, ("flavorid", "asc"))
    marker = request.query.get("marker")
    if marker is not None:
        last = visible(request).filter(flavor_id=marker).first()
        if last is None:
            raise BadRequest(f"marker [{marker[:80]}] not found.", field="marker")
        rows = rows.filter(after(Flavor, order, tuple(getattr(last, key) for key, _ in order)))
    limit = limit_of(request)
    return list(ordered(rows, order)[:limit]), limit


def _list(request: Request, render: Any, path: str) -> HttpResponse:
    page, limit = _page(request)
    data: dict[str, Any] = {"flavors": [render(row, request) for row in page]}
    if limit and len(page) == limit:
        href = next_link(request, f"{request.base}/compute/v2.1/{path}", page[-1].flavor_id)
        data["flavors_links"] = [{"rel": "next", "href": href}]
    return answer(data)


@asks(OLD_QUERY, until=LESS_SINCE - 1)
@sorted_by(SORT_KEYS)
def list_brief(request: Request) -> HttpResponse:
    """GET /flavors."""
    return _list(request, brief, "flavors")


@asks(OLD_QUERY, until=LESS_SINCE - 1)
@sorted_by(SORT_KEYS)
def list_detail(request: Request) -> HttpResponse:
    """GET /flavors/detail."""
    return _list(request, record, "flavors/detail")


def show(request: Request, id: str) -> HttpResponse:
    """GET /flavors/{id}."""
    return answer({"flavor": record(find(request, id), request)})


# --- what administrators do ----------------------------------------------------------------------


def create(request: Request) -> HttpResponse:
    """POST /flavors."""
    wish = request.wish["flavor"]
    fields = {column: wish[name] for name, column in COLUMNS.items() if name in wish}
    return answer({"flavor": record(intents.create(fields), request)})


@since(55)
def update(request: Request, id: str) -> HttpResponse:
    """PUT /flavors/{id}: only the description changes."""
    row = intents.describe(id, request.wish["flavor"]["description"])
    return answer({"flavor": record(row, request)})


def delete(request: Request, id: str) -> HttpResponse:
    """DELETE /flavors/{id}."""
    intents.delete(id)
    return empty(202)


def access(request: Request, id: str) -> HttpResponse:
    """GET /flavors/{id}/os-flavor-access: whom a private flavor was given to."""
    row = find(request, id)
    if row.is_public:
        raise NotFound("Access list not available for public flavors.")
    return _access_of(row)


def _access_of(row: Flavor) -> HttpResponse:
    projects = row.access.order_by("pk").values_list("project_id", flat=True)
    given = [{"flavor_id": row.flavor_id, "tenant_id": project} for project in projects]
    return answer({"flavor_access": given})


def act(request: Request, id: str) -> HttpResponse:
    """POST /flavors/{id}/action: give it to a project, or take it away."""
    if len(request.wish) != 1:
        raise BadRequest("There must be one action, addTenantAccess or removeTenantAccess.")
    [(action, arguments)] = request.wish.items()
    change = intents.admit if action == "addTenantAccess" else intents.bar
    return _access_of(change(id, arguments["tenant"]))


# --- extra specs ---------------------------------------------------------------------------------


def specs(request: Request, id: str) -> HttpResponse:
    """GET /flavors/{id}/os-extra_specs."""
    return answer({"extra_specs": find(request, id).extra_specs})


def spec(request: Request, id: str, key: str) -> HttpResponse:
    """GET /flavors/{id}/os-extra_specs/{key}."""
    found = find(request, id).extra_specs
    if key not in found:
        raise NotFound(f"Flavor {id} has no extra specs with key {key}.")
    return answer({key: found[key]})


def _check_specs(request: Request, wish: dict[str, str]) -> None:
    if request.version >= (2, 86):
        extra_specs.check(wish)


def set_specs(request: Request, id: str) -> HttpResponse:
    """POST /flavors/{id}/os-extra_specs: adds to what is there."""
    wish = request.wish["extra_specs"]
    _check_specs(request, wish)
    intents.set_specs(id, wish)
    return answer({"extra_specs": wish})


def set_spec(request: Request, id: str, key: str) -> HttpResponse:
    """PUT /flavors/{id}/os-extra_specs/{key}."""
    if list(request.wish) != [key]:
        raise BadRequest("Request body and URI mismatch.", field=key)
    _check_specs(request, request.wish)
    intents.set_specs(id, request.wish)
    return answer(request.wish)


def unset_spec(request: Request, id: str, key: str) -> HttpResponse:
    """DELETE /flavors/{id}/os-extra_specs/{key}."""
    intents.unset_spec(id, key)
    return empty(200)
