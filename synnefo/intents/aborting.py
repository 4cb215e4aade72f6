"""Takes back the wish to move a server, as long as its cluster has not been asked."""

from __future__ import annotations

from django.utils import timezone

from synnefo.core.faults import Conflict
from synnefo.db import rings
from synnefo.db.models import Activity, Intent, Server
from synnefo.db.transactions import writing


def abort(intent_id: int) -> None:
    """Conflict once the cluster may be at it: it does not stop half-way."""
    now = timezone.now()
    with writing():
        waiting = Intent.objects.filter(
            pk=intent_id, state=Intent.State.RECORDED, looks_needed=0
        ).select_for_update()
        intent = waiting.first()
        if intent is None:
            raise Conflict(
                f"Migration {intent_id} cannot be aborted: its cluster has been asked for it."
            )
        waiting.update(state=Intent.State.CANCELED, cause="It was aborted.", finished_at=now)
        Activity.objects.filter(intent=intent_id).update(result="Canceled", finished_at=now)
        Server.objects.filter(pk=intent.server_id).update(task=None, updated_at=now)
        server = Server.objects.get(pk=intent.server_id)
        rings.changed(server.project_id, "server", server.uuid)
