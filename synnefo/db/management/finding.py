"""Which server an operator means: by its UUID, its instance's name or its number."""

import uuid

from django.conf import settings
from django.core.management.base import CommandError

from synnefo.core import naming
from synnefo.db.models import Server


def server_named(text: str) -> Server:
    """The server, with its backend and flavor; CommandError if there is none."""
    rows = Server.objects.select_related("backend", "flavor")
    number = naming.server_id(settings.SYNNEFO_INSTANCE_PREFIX, text)
    if number is None and text.isdigit():
        number = int(text)
    try:
        return rows.get(pk=number) if number else rows.get(uuid=uuid.UUID(text))
    except (Server.DoesNotExist, ValueError) as unknown:
        raise CommandError(f"there is no server {text}") from unknown
