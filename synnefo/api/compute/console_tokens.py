"""GET /os-console-auth-tokens/{token}: what a console's token opens, for the consoles' proxies."""

import hashlib

from django.http import HttpResponse
from django.utils import timezone

from synnefo.api import bodies
from synnefo.api.bodies import record
from synnefo.api.compute.gating import asks
from synnefo.api.request import Request, answer
from synnefo.core.faults import NotFound
from synnefo.db.models import ConsoleToken

SHAPE = record({"console": bodies.anything}, ("console",))


@asks((), 99)
def show(request: Request, token: str) -> HttpResponse:
    """Where the console is; looking does not use the token up.

    Before 2.31 only tokens of RDP consoles were known, of which there are none.
    """
    digest = hashlib.sha256(token.encode()).hexdigest()
    found = ConsoleToken.objects.select_related("server").filter(digest=digest)
    row = found.filter(expires_at__gt=timezone.now()).first()
    if row is None or request.version < (2, 31):
        raise NotFound("Token not found")
    console = {
        "instance_uuid": str(row.server.uuid),
        "host": row.host,
        "port": row.port,
        "internal_access_path": None,
    }
    if request.version >= (2, 99):
        console["tls_port"] = None
    return answer({"console": console})
