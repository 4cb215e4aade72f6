"""Address groups: how they look, what may be said of them, and their addresses."""

from typing import Any

from django.http import HttpResponse

from synnefo.api import bodies
from synnefo.api.network import kinds
from synnefo.api.network.collections import OWNED, STANDARD, Collection, flag, standard
from synnefo.api.request import Request
from synnefo.api.routing import Route, Who
from synnefo.core.network_faults import AddressGroupNotFound
from synnefo.intents.network import address_groups, network_rows

MOST = 500
ADDRESSES = bodies.listing(kinds.address_or_range, 0, MOST)


def record(request: Request, row: Any) -> dict[str, Any]:
    """One address group."""
    row.tag_list = []
    found = standard(row, row.project_id) | {
        "addresses": row.addresses,
        "shared": row.public or (row.project_id != request.project and not request.caller.is_admin),
    }
    del found["tags"]
    return found


GROUPS = Collection(
    name="address_groups",
    noun="address_group",
    path="address-groups",
    rows=lambda request: network_rows.address_groups(request.caller),
    record=record,
    filters=STANDARD | OWNED | {"shared": flag("shared", "public")},
    missing=AddressGroupNotFound,
    make=address_groups.create,
    change=address_groups.update,
    remove=address_groups.delete,
    new=bodies.record(kinds.STANDARD | kinds.OWNED | {"addresses": ADDRESSES}),
    changed=kinds.STANDARD,
    tagged=False,
)


def add(request: Request, id: str) -> HttpResponse:
    """PUT /v2.0/address-groups/{id}/add_addresses."""
    GROUPS.one(request, id)
    address_groups.add(request.caller, id, request.wish["addresses"])
    return GROUPS.show(request, id)


def remove(request: Request, id: str) -> HttpResponse:
    """PUT /v2.0/address-groups/{id}/remove_addresses."""
    GROUPS.one(request, id)
    address_groups.remove(request.caller, id, request.wish["addresses"])
    return GROUPS.show(request, id)


BODY = bodies.record({"addresses": ADDRESSES}, need=("addresses",))
ROUTES = tuple(
    Route(
        "PUT",
        f"address-groups/{{id}}/{verb}",
        view,
        Who.MEMBER,
        body=BODY,
        gives={200: kinds.shape("address_group")},
    )
    for verb, view in (("add_addresses", add), ("remove_addresses", remove))
)
