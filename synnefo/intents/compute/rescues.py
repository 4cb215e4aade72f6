"""Servers that boot from another system, so that their own disk can be mended.

A disk of that system is put before the others, whatever device the image asks for by hw_rescue_*,
and goes again when the rescue ends: the others are still there, one letter later.
"""

from __future__ import annotations

from django.utils import timezone

from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest
from synnefo.core.server_actions import WISHES
from synnefo.core.server_states import ServerState
from synnefo.db.models import Image
from synnefo.db.transactions import writing
from synnefo.intents import server_wishes
from synnefo.intents.compute.server_systems import usable_image

MIB = 1 << 20
LEAST_DISK = 16


def rescue(caller: Caller, server_uuid: str, image_id: str | None) -> None:
    """Record the wish; without an image it is the one that the server was made of."""
    with writing():
        server, now = server_wishes.locked(caller, server_uuid), timezone.now()
        server_wishes.check(caller, server, WISHES["rescue"])
        image = server.image
        if image_id is not None:
            image = usable_image(caller, image_id, field="rescue.rescue_image_ref")
        if image is None:
            raise BadRequest("An image is needed to boot from.", field="rescue.rescue_image_ref")
        steps = ["rescue_add", "rescue_start"]
        if server.state != ServerState.STOPPED:
            steps = ["rescue_stop", *steps]
        server_wishes.begin(
            caller,
            server,
            steps,
            now,
            power=server.state,
            image_uuid=str(image.uuid),
            format=image.disk_format or "raw",
            size=_disk(image),
        )


def _disk(image: Image) -> int:
    """MiB that hold the image."""
    needed = -(-max(image.virtual_size or 0, image.size or 0) // MIB)
    return max(needed, image.min_disk * 1024, LEAST_DISK)


def unrescue(caller: Caller, server_uuid: str) -> None:
    """Boot from its own disk again."""
    with writing():
        server, now = server_wishes.locked(caller, server_uuid), timezone.now()
        server_wishes.check(caller, server, WISHES["unrescue"])
        steps = ["unrescue_remove", "unrescue_start"]
        if server.state != ServerState.STOPPED:
            steps = ["unrescue_stop", *steps]
        server_wishes.begin(caller, server, steps, now)
