"""OS-FEDERATION: who else could say who somebody is. Nobody: users of this cloud sign in to it.

So that clients which look find nothing, rather than no such service.
"""

from typing import NoReturn

from django.http import HttpResponse

from synnefo.api.identity import kinds
from synnefo.api.identity.lists import collection
from synnefo.api.request import Request
from synnefo.api.routing import Route, View, Who
from synnefo.core.faults import BadRequest, NotFound

HOME = "OS-FEDERATION"
NOUNS = {
    "identity_providers": "Identity Provider",
    "mappings": "Mapping",
    "service_providers": "Service Provider",
}
PROTOCOLS = f"{HOME}/identity_providers/{{id}}/protocols"


def _list(noun: str) -> View:
    def index(request: Request) -> HttpResponse:
        """GET of the list: there are none."""
        return collection(request, noun, [], f"{HOME}/{noun}")

    return index


def _one(noun: str) -> View:
    def one(request: Request, id: str, **_inner: str) -> NoReturn:
        """GET, PATCH and DELETE: there is none."""
        raise NotFound(f"Could not find {NOUNS[noun]}: {id[:80]}.")

    return one


def refuse(_request: Request, **_path: str) -> NoReturn:
    """PUT: nobody else is believed."""
    raise BadRequest("Identities are not federated: users sign in to this cloud itself.")


def _routes(noun: str) -> tuple[Route, ...]:
    path, view = f"{HOME}/{noun}", _one(noun)
    single = f"{path}/{{id}}"
    shape = kinds.shapes(noun, {}, open_=True)
    return (
        Route("GET", path, _list(noun), Who.OVERSEER, gives={200: shape}),
        Route("PUT", single, refuse, Who.ADMIN, gives={400: None}),
        *(Route(method, single, view, Who.OVERSEER if method == "GET" else Who.ADMIN,
                gives={404: None}) for method in ("GET", "PATCH", "DELETE")),
    )  # fmt: skip


ROUTES = (
    *(route for noun in NOUNS for route in _routes(noun)),
    Route("GET", PROTOCOLS, _one("identity_providers"), Who.OVERSEER, gives={404: None}),
)
