"""What the tables of this service's routes are made with: lists, and since when a row is there."""

from functools import wraps
from typing import Any

from django.http.response import HttpResponseBase

from synnefo.api.request import Request
from synnefo.api.routing import Route, View, Who
from synnefo.api.volume import answers
from synnefo.api.volume.lists import QUERY, Listing
from synnefo.core.faults import NotFound

Rows = tuple[Route, ...]


def index(listing: Listing, kind: Any, *more: str) -> Route:
    """One list."""
    gives, query = answers.many(listing.name, kind), _query(listing, *more)
    return Route("GET", listing.path, listing.index, Who.READER, gives=gives, query=query)


def lists(listing: Listing, brief: Any, detail: Any, *more: str) -> Rows:
    """The short list and the one with details."""
    gives, query = answers.many(listing.name, detail), _query(listing, *more)
    path = f"{listing.path}/detail"
    whole = Route("GET", path, listing.index_detail, Who.READER, gives=gives, query=query)
    return index(listing, brief, *more), whole


def _query(listing: Listing, *more: str) -> tuple[str, ...]:
    return *QUERY, *listing.filters, *(f"{name}~" for name in listing.like), *more


def since(minor: int, *rows: Route) -> Rows:
    """Rows that are not there before a microversion."""
    return tuple(row._replace(view=_gated(row.view, minor)) for row in rows)


def _gated(view: View, minor: int) -> View:
    @wraps(view)
    def gated(request: Request, **named: str) -> HttpResponseBase:
        if request.version < (3, minor):
            raise NotFound("The resource could not be found.")
        return view(request, **named)

    return gated
