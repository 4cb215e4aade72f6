"""The two ends that a server can come to: it is gone, or it could not be built.

The caller holds the server's row in a transaction.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from synnefo.core.server_states import ServerState
from synnefo.db import rings
from synnefo.db.models import ConsoleToken, Port, Server, Volume
from synnefo.observations import faults, intents, ports, quota, saved_images, volumes


def gone(server: Server, now: datetime, **seen: int) -> bool:
    """Everything that the server held is given back; its row stays as a record."""
    moved = (
        Server.objects.filter(pk=server.pk)
        .exclude(state=ServerState.DELETED)
        .update(
            state=ServerState.DELETED,
            task=None,
            placed=False,
            deleted_at=now,
            updated_at=now,
            mode=None,
            old_flavor=None,
            **seen,
        )
    )
    if not moved:
        return False
    ports.of_server_gone(server, now)
    ConsoleToken.objects.filter(server=server).delete()
    Volume.objects.filter(server=server, local=True).update(status="deleted")
    volumes.server_gone(server, now)
    quota.release(server, now)
    intents.end_all_of(server, now)
    saved_images.forget_unfinished(server)
    rings.changed(server.project_id, "server", server.uuid)
    return True


def build_failed(server: Server, sentence: str, now: datetime, **columns: Any) -> bool:
    """Only a server that is being built can fail to be; its quota is given back.

    It keeps its addresses until its user deletes it. `columns` are what else its row becomes.
    """
    changes = columns | {"state": ServerState.ERROR, "fault": faults.fault(sentence, now)}
    if not Server.objects.filter(pk=server.pk, state=ServerState.BUILD).update(**changes):
        return False
    Port.objects.filter(server=server).update(status="DOWN", updated_at=now)
    Volume.objects.filter(server=server, local=True).update(status="error")
    quota.reject(server, now)
    rings.changed(server.project_id, "server", server.uuid)
    return True
