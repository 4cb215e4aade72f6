"""Other systems for servers: rebuilt from an image, on the disk that is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest, Conflict, NotFound
from synnefo.core.server_actions import ACTIONS
from synnefo.core.server_states import ServerState
from synnefo.db.models import Image, Keypair, Server, Volume
from synnefo.db.transactions import writing
from synnefo.intents import quota, server_wishes
from synnefo.intents.image import image_access, image_mappings
from synnefo.intents.volume import volume_actions, volume_backed_images

MIB = 1 << 20
BOOTABLE = ("raw", "qcow2")


@dataclass(frozen=True, slots=True)
class RebuildRequest:
    """`columns` are what else becomes of the server; `key` is there if a key pair was named.

    Who does not say `volumes` does not expect that a volume is overwritten.
    """

    image_id: str
    columns: Mapping[str, Any] = field(default_factory=dict)
    key: tuple[str | None, ...] = ()
    files: Sequence[Mapping[str, str]] | None = None
    volumes: bool = True


def rebuild(caller: Caller, server_uuid: str, request: RebuildRequest) -> Server:
    """Record the wish to install an image anew; what runs is started again afterwards."""
    with writing():
        server, now = server_wishes.locked(caller, server_uuid), timezone.now()
        server_wishes.check(caller, server, ACTIONS["rebuild"])
        if not server.placed:
            raise Conflict(f"Instance {server.uuid} has never been built: delete it.")
        root = volume_backed_images.root_volume(server)
        if root is not None and not request.volumes:
            raise BadRequest(
                "Unable to rebuild with a different image for a volume-backed server: ask with"
                " microversion 2.93 or later to have its volume overwritten.",
                field="rebuild.imageRef",
            )
        image = usable_image(caller, request.image_id, field="rebuild.imageRef")
        _check_fits(server, image)
        _check_metadata(server, request.columns)
        columns: dict[str, Any] = {**request.columns, **_key(caller, request)}
        if root is None:
            columns["image"] = image
        else:  # Without an image of its own a server tells that it is on a volume.
            volume_actions.renew(caller, root, request.image_id)
        if request.files is not None:
            columns["personality"] = [dict(one) for one in request.files]
        for name, value in columns.items():
            setattr(server, name, value)
        server.save(update_fields=list(columns))
        stays_off = server.state == ServerState.STOPPED
        steps = ["rebuild"] if stays_off else ["rebuild_stop", "rebuild", "rebuild_start"]
        server_wishes.begin(caller, server, steps, now)
    return server


def usable_image(caller: Caller, image_id: str, field: str) -> Image:
    """An image that a disk can be filled with; BadRequest if it is none."""
    try:
        found = image_access.find(caller, image_id)
    except NotFound as absent:
        raise BadRequest(f"Can not find requested image {image_id}", field=field) from absent
    if found.status != "active":
        raise BadRequest(f"Image {image_id} is not active.", field=field)
    if image_mappings.devices(found):
        raise BadRequest(
            f"Image {image_id} has no bytes: it names snapshots that servers are made of.",
            field=field,
        )
    if found.disk_format not in BOOTABLE:
        formats = " or ".join(BOOTABLE)
        text = f"Image {image_id} has the format {found.disk_format}; servers boot from {formats}."
        raise BadRequest(text, field=field)
    return found


def _check_fits(server: Server, image: Image) -> None:
    if image.min_ram > server.flavor.ram:
        text = "Flavor's memory is too small for requested image."
        raise BadRequest(text, field="rebuild.imageRef")
    root = Volume.objects.filter(server=server, index=0).exclude(status="deleted").first()
    room = root.size if root is not None else 0
    needed = max(image.virtual_size or 0, image.size or 0)
    if room * MIB < needed or room < image.min_disk * 1024:
        text = "Flavor's disk is too small for requested image."
        raise BadRequest(text, field="rebuild.imageRef")


def _check_metadata(server: Server, columns: Mapping[str, Any]) -> None:
    most = quota.limits(server.project_id).get("metadata_items", -1)
    if 0 <= most < len(columns.get("metadata", ())):
        text = f"Maximum number of metadata items exceeds {most}"
        raise BadRequest(text, field="rebuild.metadata")


def _key(caller: Caller, request: RebuildRequest) -> dict[str, Any]:
    """Nothing where none was named; null takes the key away."""
    if not request.key:
        return {}
    name = request.key[0]
    if name is None:
        return {"key_name": None, "public_key": ""}
    found = Keypair.objects.filter(user_id=caller.user_id, name=name).first()
    if found is None:
        raise BadRequest("Invalid key_name provided.", field="rebuild.key_name")
    return {"key_name": name, "public_key": found.public_key}
