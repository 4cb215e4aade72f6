"""What block storage knows elsewhere and this cloud cannot do, each refused with its reason."""

from django.http import HttpResponse

from synnefo.api.bodies import anything, record
from synnefo.api.request import Request
from synnefo.core.faults import BadRequest

ANY = record({}, rest=anything)


def manage(_request: Request) -> HttpResponse:
    """Disks that others made."""
    raise BadRequest(
        "Disks that this service did not make cannot become volumes: import their server, or make"
        " an image of them."
    )
