"""Console tokens: each lets one browser connect to one console, once and soon.

They go when their server stops or reboots: another guest may get the port then.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from synnefo.core.caller import Caller
from synnefo.core.faults import Conflict, NotFound, ServiceUnavailable
from synnefo.core.naming import instance_name
from synnefo.core.server_states import ServerState
from synnefo.db.models import ConsoleToken, Server
from synnefo.db.transactions import writing
from synnefo.ports import Cluster, ClusterRefused, ClusterUnreachable, ConsoleReport

VALID_FOR = timedelta(minutes=10)


def issue(caller: Caller, server: Server, cluster: Cluster) -> str:
    """Ask the cluster where the console is and return the text of a new token for it.

    `cluster` is `wiring.cluster(server.backend)`. Conflict if the server does not run, or its
    console is none that a browser can show; ServiceUnavailable if the cluster cannot be asked.
    """
    if not caller.is_admin and server.project_id != caller.project_id:
        raise NotFound(f"Instance {server.uuid} could not be found.")
    if server.state != ServerState.ACTIVE:
        raise Conflict(f"Instance {server.uuid} is not running.")
    report = _ask(server, cluster)
    if report.kind != "vnc" or not report.host or not report.port:
        raise Conflict(f"Instance {server.uuid} has no console to show: {report.message}")
    text, now = secrets.token_urlsafe(32), timezone.now()
    with writing():
        ConsoleToken.objects.filter(expires_at__lt=now).delete()
        ConsoleToken.objects.create(
            digest=_digest(text),
            server=server,
            host=report.host,
            port=report.port,
            expires_at=now + VALID_FOR,
        )
    return text


def _ask(server: Server, cluster: Cluster) -> ConsoleReport:
    try:
        return cluster.console(instance_name(settings.SYNNEFO_INSTANCE_PREFIX, server.pk))
    except ClusterUnreachable as error:
        raise ServiceUnavailable("The backend cannot be reached just now.", cause=error) from error
    except ClusterRefused as error:
        raise Conflict(f"Instance {server.uuid} has no console: {error.message}") from error


def redeem(text: str) -> tuple[str, int] | None:
    """Host and port for a token that is valid, which it is once and while its server runs."""
    with writing():
        token = ConsoleToken.objects.select_related("server").filter(digest=_digest(text)).first()
        # Of two that come at once, only one finds it to delete.
        if token is None or not ConsoleToken.objects.filter(pk=token.pk).delete()[0]:
            return None
        if token.expires_at <= timezone.now() or token.server.state != ServerState.ACTIVE:
            return None
    return token.host, token.port


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
