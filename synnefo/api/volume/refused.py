"""What block storage knows elsewhere and this cloud cannot do, each refused with its reason."""

from typing import Any

from django.http import HttpResponse

from synnefo.api.bodies import anything, record
from synnefo.api.request import Request, answer
from synnefo.api.routing import View
from synnefo.api.volume.about import BACKEND
from synnefo.api.volume.records import HOST
from synnefo.core.faults import BadRequest

ANY = record({}, rest=anything)


def manageable(noun: str) -> View:
    """What could become volumes or snapshots: nothing that others made."""

    def view(request: Request) -> HttpResponse:
        """GET of what others made and this service could take over: nothing."""
        host = request.query.get("host")
        if not (host or request.query.get("cluster")):
            raise BadRequest("The host to look at is missing from the query.", field="host")
        if host not in (BACKEND, HOST):
            raise BadRequest(f"Service {str(host)[:80]} could not be found.", field="host")
        nothing: list[Any] = []
        return answer({f"manageable-{noun}": nothing})

    return view


def manage(_request: Request) -> HttpResponse:
    """Disks that others made."""
    raise BadRequest(
        "Disks that this service did not make cannot become volumes: import their server, or make"
        " an image of them."
    )
