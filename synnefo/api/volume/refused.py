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


def backup_record(_request: Request, id: str) -> HttpResponse:
    """The description of a backup for another cloud."""
    raise BadRequest(
        f"Backup {id} lies in this cloud only: another one could not read it. Restore it and make"
        " an image of the volume."
    )


def backup_records(_request: Request) -> HttpResponse:
    """The other way round."""
    raise BadRequest("Backups of other clouds cannot be read here; import an image of the volume.")
