"""Shared file systems of servers, from 2.97 on: there is no service of shares, so none is there."""

from django.http import HttpResponse

from synnefo.api import bodies
from synnefo.api.bodies import record
from synnefo.api.compute import servers
from synnefo.api.compute.gating import since
from synnefo.api.request import Request, answer
from synnefo.api.routing import Route, Who
from synnefo.core.faults import NotFound

SINCE = 97
ATTACH = record(
    {
        "share": record(
            {
                "share_id": bodies.uuid,
                "tag": bodies.text(1, 64, pattern=r"[a-zA-Z0-9-]+"),
            },
            ("share_id",),
        )
    },
    ("share",),
)
SHAPE = record({"shares": bodies.listing(bodies.anything)}, ("shares",))


@since(SINCE)
def index(request: Request, id: str) -> HttpResponse:
    """GET /servers/{id}/shares: none."""
    servers.find(request, id)
    return answer({"shares": []})


@since(SINCE)
def attach(request: Request, id: str) -> HttpResponse:
    """POST /servers/{id}/shares: no share can be found to attach."""
    servers.find(request, id)
    return _absent(request.wish["share"]["share_id"])


@since(SINCE)
def one(request: Request, id: str, share: str) -> HttpResponse:
    """GET and DELETE of one share of a server."""
    servers.find(request, id)
    return _absent(share)


def _absent(share: str) -> HttpResponse:
    raise NotFound(f"Share {share[:80]} could not be found.")


_PATH = "servers/{id}/shares"
ROUTES = (
    Route("GET", _PATH, index, Who.READER, gives={200: SHAPE}),
    Route("POST", _PATH, attach, Who.MEMBER, ATTACH, {404: None}),
    Route("GET", f"{_PATH}/{{share}}", one, Who.READER, gives={404: None}),
    Route("DELETE", f"{_PATH}/{{share}}", one, Who.MEMBER, gives={404: None}),
)
