"""What a request for a server refers to: found in the database, and checked to fit together.

Everything that cannot be found is a BadRequest that names the field, as with Nova.
"""

from __future__ import annotations

from dataclasses import dataclass

from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest
from synnefo.db.models import Flavor, Image, Keypair, SecurityGroup
from synnefo.intents import image_access, server_cards, server_places
from synnefo.intents.server_request import ServerRequest

MIB = 1024 * 1024
BOOTABLE = ("raw", "qcow2")  # what clusters can copy to a disk
LEAST_DISK = 16  # MiB, for images that say nothing of their size


@dataclass(frozen=True, slots=True)
class References:
    """The rows behind a request; `disk` is the size of the first disk in MiB.

    `node` and `backend_id` say where the server has to be, if its user says so.
    """

    flavor: Flavor
    image: Image | None
    public_key: str
    cards: tuple[server_cards.Card, ...]
    groups: tuple[SecurityGroup, ...]
    disk: int
    node: str = ""
    backend_id: int | None = None


def resolve(caller: Caller, request: ServerRequest) -> References:
    """Find everything that a request refers to."""
    flavor = _flavor(caller, request.flavor_id)
    image = _image(caller, request.image_id)
    if image.min_ram > flavor.ram:
        raise BadRequest("Flavor's memory is too small for requested image.", field="flavorRef")
    node, backend_id = server_places.place(caller, request)
    return References(
        flavor=flavor,
        image=image,
        public_key=_public_key(caller, request.key_name),
        cards=server_cards.cards(caller, request),
        groups=server_cards.groups(caller, request),
        disk=_disk(flavor, image),
        node=node,
        backend_id=backend_id,
    )


def _flavor(caller: Caller, flavor_id: str) -> Flavor:
    """A private flavor is for administrators and for projects that were given it."""
    present = Flavor.objects
    usable = present.all() if caller.is_admin else present.usable_by(caller.project_id)
    found = usable.filter(flavor_id=flavor_id).first()
    if found is None:
        raise BadRequest(f"Flavor {flavor_id} could not be found.", field="flavorRef")
    return found


def _image(caller: Caller, image_id: str | None) -> Image:
    if not image_id:
        raise BadRequest("An image is needed to boot from.", field="imageRef")
    usable = image_access.readable(caller)
    found = usable.filter(uuid=server_cards.uuid_of(image_id)).first()
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


def _disk(flavor: Flavor, image: Image) -> int:
    """A flavor without a disk size takes the image's own."""
    needed = -(-max(image.virtual_size or 0, image.size or 0) // MIB)
    if not flavor.disk:
        return max(needed, image.min_disk * 1024, LEAST_DISK)
    if flavor.disk * 1024 < needed or flavor.disk < image.min_disk:
        raise BadRequest("Flavor's disk is too small for requested image.", field="flavorRef")
    return flavor.disk * 1024


def _public_key(caller: Caller, name: str | None) -> str:
    if name is None:
        return ""
    found = Keypair.objects.filter(user_id=caller.user_id, name=name).first()
    if found is None:
        raise BadRequest("Invalid key_name provided.", field="key_name")
    return found.public_key
