"""What a request for a server refers to: found in the database, and checked to fit together.

Everything that cannot be found is a BadRequest that names the field, as with Nova.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest
from synnefo.db.models import Flavor, Image, Keypair, SecurityGroup
from synnefo.db.prepared import PreparedRows
from synnefo.intents.compute import server_cards, server_disks, server_places
from synnefo.intents.image import image_access, image_mappings
from synnefo.intents.server_request import ServerRequest

BOOTABLE = ("raw", "qcow2")  # what clusters can copy to a disk
FLAVOR = PreparedRows(Flavor, lambda flavor_id: Flavor.objects.filter(flavor_id=flavor_id), str)
IMAGE = PreparedRows(Image, lambda found: Image.objects.filter(uuid=found), uuid.UUID)


@dataclass(frozen=True, slots=True)
class References:
    """The rows behind a request.

    `node` and `backend_id` say where the server has to be, if its user says so.
    """

    flavor: Flavor
    image: Image | None
    public_key: str
    cards: tuple[server_cards.Card, ...]
    groups: tuple[SecurityGroup, ...]
    disks: server_disks.Disks
    node: str = ""
    backend_id: int | None = None


def resolve(caller: Caller, request: ServerRequest) -> References:
    """Find everything that a request refers to."""
    flavor = _flavor(caller, request.flavor_id)
    image = _image(caller, request)
    if image is not None and image.min_ram > flavor.ram:
        raise BadRequest("Flavor's memory is too small for requested image.", field="flavorRef")
    if image is not None and image_mappings.devices(image):
        # It has no bytes: the server boots from a volume.
        request, image = image_mappings.merged(request, image), None
    node, backend_id = server_places.place(caller, request)
    return References(
        flavor=flavor,
        image=image,
        public_key=_public_key(caller, request.key_name),
        cards=server_cards.cards(caller, request),
        groups=server_cards.groups(caller, request),
        disks=server_disks.plan(request, flavor, image),
        node=node,
        backend_id=backend_id,
    )


def _flavor(caller: Caller, flavor_id: str) -> Flavor:
    """A private flavor is for administrators and for projects that were given it."""
    found = FLAVOR.first(flavor_id)
    if found is not None and not (found.is_public or caller.is_admin):
        # Only here the longer question is asked: most sizes are everybody's.
        found = Flavor.objects.usable_by(caller.project_id).filter(pk=found.pk).first()
    if found is None:
        raise BadRequest(f"Flavor {flavor_id} could not be found.", field="flavorRef")
    return found


def _image(caller: Caller, request: ServerRequest) -> Image | None:
    """The image that the first disk is filled from; None if the server boots from a volume."""
    image_id = request.image_id
    for device in request.devices:
        if device.source == "image" and not device.to_volume:
            image_id = device.uuid
    if not image_id:
        if any(device.to_volume and device.boot_index == 0 for device in request.devices):
            return None
        raise BadRequest("Invalid imageRef provided: an image is needed.", field="imageRef")
    found = IMAGE.first(server_cards.uuid_of(image_id))
    own = found is not None and found.project_id == caller.project_id
    if found is not None and not own and found.visibility not in image_access.FOR_EVERYBODY:
        found = image_access.readable(caller).filter(pk=found.pk).first()
    if found is None:
        raise BadRequest(f"Can not find requested image {image_id}", field="imageRef")
    if found.status != "active":
        raise BadRequest(f"Image {image_id} is not active.", field="imageRef")
    if found.disk_format not in BOOTABLE:
        formats = " or ".join(BOOTABLE)
        raise BadRequest(
            f"Image {image_id} has the format {found.disk_format}; servers boot from {formats}.",
            field="imageRef",
        )
    return found


def _public_key(caller: Caller, name: str | None) -> str:
    if name is None:
        return ""
    found = Keypair.objects.filter(user_id=caller.user_id, name=name).first()
    if found is None:
        raise BadRequest("Invalid key_name provided.", field="key_name")
    return found.public_key
