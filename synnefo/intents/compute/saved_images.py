"""Images made of the disks of servers: on a user's word, as backups that rotate, when shelved.

The row is there at once and waits as `saving`; the cluster writes the file and tells its sums.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest, Conflict, Forbidden
from synnefo.core.server_actions import ACTIONS, MOVE, SAVE, WISHES
from synnefo.core.server_states import ServerMode, ServerState
from synnefo.db import rings
from synnefo.db.models import Image, Node, Server, Volume
from synnefo.db.transactions import writing
from synnefo.intents import server_wishes, zones
from synnefo.intents.image import image_quota
from synnefo.intents.server_wishes import begin, entered, settled
from synnefo.intents.volume import volume_backed_images

# What an image says of itself alone, and no image that is made of it.
OF_THE_IMAGE_ALONE = frozenset({"signature_verified", "bittorrent", "img_signature"})


def create(caller: Caller, server_uuid: str, name: str, metadata: Mapping[str, str]) -> Image:
    """Record the wish for an image of a server's first disk, or of all its volumes."""
    with writing():
        server, now = server_wishes.locked(caller, server_uuid), timezone.now()
        server_wishes.check(caller, server, ACTIONS["save_image"])
        image = _made(caller, server, name, now, {"image_type": "snapshot", **metadata})
        if volume_backed_images.is_from_volume(server):
            volume_backed_images.fill(caller, server, image, now)
        else:
            begin(caller, server, ["save_image"], now, image=str(image.uuid))
    return image


def back_up(
    caller: Caller,
    server_uuid: str,
    name: str,
    kind: str,
    rotation: int,
    metadata: Mapping[str, str],
) -> Image:
    """The same, of which only the newest `rotation` of its kind are kept."""
    with writing():
        server, now = server_wishes.locked(caller, server_uuid), timezone.now()
        server_wishes.check(caller, server, ACTIONS["save_backup"])
        facts = {"image_type": "backup", "backup_type": kind, **metadata}
        image = _made(caller, server, name, now, facts)
        wish: dict[str, Any] = {"backup_type": kind, "rotation": rotation}
        begin(caller, server, ["save_backup"], now, image=str(image.uuid), **wish)
    return image


def _made(
    caller: Caller, server: Server, name: str, now: datetime, facts: Mapping[str, str]
) -> Image:
    """The row of an image to come; it inherits what its server's image says of itself."""
    project = caller.project_id or server.project_id
    image_quota.admit(project, image_quota.COUNT)
    base = server.image
    root = Volume.objects.filter(server=server, index=0).exclude(status="deleted").first()
    image = Image.objects.create(
        project_id=project,
        name=name,
        status="saving",
        visibility="private",
        disk_format="raw",
        container_format="bare",
        min_disk=-(-root.size // 1024) if root is not None else 0,
        min_ram=base.min_ram if base is not None else 0,
        properties={
            **_inherited(base),
            "instance_uuid": str(server.uuid),
            "user_id": caller.user_id,
            "owner_id": server.project_id,
            "image_location": "snapshot",
            "base_image_ref": str(base.uuid) if base is not None else "",
            **{key: str(value) for key, value in facts.items()},
        },
        created_at=now,
        updated_at=now,
    )
    rings.changed(image.project_id, "image", image.uuid)
    return image


def _inherited(base: Image | None) -> dict[str, str]:
    """What an image says that stays true of one made of a server that was made of it."""
    properties = base.properties.items() if base is not None else ()
    return {key: value for key, value in properties if key not in OF_THE_IMAGE_ALONE}


# --- shelving -------------------------------------------------------------------------------------


def shelve(caller: Caller, server_uuid: str) -> None:
    """Stop a server for long; where its cluster can, its disk becomes an image as well.

    A volume keeps by itself what is on it.
    """
    with writing():
        server, now = server_wishes.locked(caller, server_uuid), timezone.now()
        server_wishes.check(caller, server, WISHES["shelve"])
        offload = settings.SYNNEFO_OFFLOAD_SHELVED
        mode = ServerMode.SHELVED_OFFLOADED if offload else ServerMode.SHELVED
        wish: dict[str, Any] = {"mode": mode, "power": server.state}
        steps = [] if server.state == ServerState.STOPPED else ["shelve_stop"]
        if server_wishes.can(server, SAVE) and not volume_backed_images.is_from_volume(server):
            facts = {"image_type": "snapshot"}
            image = _made(caller, server, f"{server.name}-shelved", now, facts)
            steps.append("shelve_save")
            wish["image"] = str(image.uuid)
        if steps:
            begin(caller, server, steps, now, **wish)
        else:
            settled(caller, server, "shelve", now, entered(mode, now, power=server.state))


def offload(caller: Caller, server_uuid: str) -> None:
    """A shelved server is on no node from now on, as far as anybody is told."""
    with writing():
        server, now = server_wishes.locked(caller, server_uuid), timezone.now()
        server_wishes.check(caller, server, WISHES["shelve_offload"])
        columns = {"mode": ServerMode.SHELVED_OFFLOADED, "mode_at": now}
        settled(caller, server, "shelveOffload", now, columns)


def unshelve(
    caller: Caller, server_uuid: str, zone: str | None = None, host: str | None = None
) -> None:
    """Start it again, on the node that an administrator names; its image goes when it runs."""
    with writing():
        server, now = server_wishes.locked(caller, server_uuid), timezone.now()
        server_wishes.check(caller, server, ACTIONS["unshelve"])
        node = _node(caller, server, zone, host)
        if node == server.node:
            begin(caller, server, ["unshelve"], now)
        else:
            begin(caller, server, ["unshelve_move", "unshelve"], now, to=node)


def _node(caller: Caller, server: Server, zone: str | None, host: str | None) -> str:
    """Where it is to run; an offloaded server may go elsewhere if its disk can be copied."""
    offloaded = server.mode == ServerMode.SHELVED_OFFLOADED
    if (zone or host) and not offloaded:
        raise Conflict(f"Instance {server.uuid} is not offloaded and starts where it is.")
    if host and not caller.is_admin:
        raise Forbidden("Policy doesn't allow unshelve_to_host to be performed.")
    nodes = Node.objects.filter(backend=server.backend_id).exclude(role=Node.Role.OFFLINE)
    if host and not nodes.filter(name=host).exists():
        raise BadRequest(f"Compute host {host} could not be found.", field="unshelve.host")
    node = host or _node_in(zone, nodes, server.node)
    if node != server.node and not server_wishes.can(server, MOVE):
        raise BadRequest(f"Only {server.node} has the disks of instance {server.uuid}.")
    return node


def _node_in(zone: str | None, nodes: QuerySet[Node], here: str) -> str:
    """A node of the zone: the one where it is, if that is one."""
    if zone is None:
        return here
    if not zones.exists(zone):
        text = f"The requested availability zone {zone} is not available."
        raise BadRequest(text, field="unshelve.availability_zone")
    of_nodes = zones.of_nodes()
    rows = nodes.order_by("-memory_free").values_list("pk", "name")
    fitting = [name for pk, name in rows if of_nodes.get(pk, zones.DEFAULT) == zone]
    return here if here in fitting or not fitting else fitting[0]
