"""What a request for a server refers to: found in the database, and checked to fit together.

Everything that cannot be found is a BadRequest that names the field, as with Nova.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.db.models import Q

from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest, Conflict
from synnefo.db.models import Flavor, Image, Keypair, Network
from synnefo.intents.server_request import NetworkRequest, ServerRequest

MIB = 1024 * 1024
BOOTABLE = ("raw", "qcow2")  # what clusters can copy to a disk
LEAST_DISK = 16  # MiB, for images that say nothing of their size


@dataclass(frozen=True, slots=True)
class Card:
    """A card to be made."""

    network: Network
    fixed_ip: str | None


@dataclass(frozen=True, slots=True)
class References:
    """The rows behind a request; `disk` is the size of the first disk in MiB."""

    flavor: Flavor
    image: Image
    public_key: str
    cards: tuple[Card, ...]
    disk: int


def resolve(caller: Caller, request: ServerRequest) -> References:
    """Find everything that a request refers to."""
    flavor = _flavor(caller, request.flavor_id)
    image = _image(caller, request.image_id)
    if image.min_ram > flavor.ram:
        raise BadRequest("Flavor's memory is too small for requested image.", field="flavorRef")
    return References(
        flavor=flavor,
        image=image,
        public_key=_public_key(caller, request.key_name),
        cards=_cards(caller, request),
        disk=_disk(flavor, image),
    )


NOTHING = uuid.UUID(int=0)


def _uuid(text: str) -> uuid.UUID:
    """The id in a text; what is none stands for nothing that exists."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return NOTHING


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
    readable = Q(project_id=caller.project_id) | Q(visibility__in=["public", "community"])
    found = Image.objects.filter(readable, uuid=_uuid(image_id)).first()
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


def _cards(caller: Caller, request: ServerRequest) -> tuple[Card, ...]:
    if request.networks == "none":
        return ()
    usable = Network.objects.filter(Q(project_id=caller.project_id) | Q(public=True))
    if request.networks is None or request.networks == "auto":
        candidates = list(usable.order_by("-public", "pk")[:2])
        if len(candidates) > 1 and request.networks is None:
            raise Conflict(
                "Multiple possible networks found, use a Network ID to be more specific.",
                field="networks",
            )
        return tuple(Card(network, None) for network in candidates[:1])
    wanted: list[NetworkRequest] = [
        one for one in request.networks if isinstance(one, NetworkRequest)
    ]
    ids = [_uuid(one.network_id) for one in wanted]
    found = {network.uuid: network for network in usable.filter(uuid__in=ids)}
    for one, identifier in zip(wanted, ids, strict=True):
        if identifier not in found:
            raise BadRequest(f"Network {one.network_id} could not be found.", field="networks")
    return tuple(Card(found[uuid.UUID(one.network_id)], one.fixed_ip) for one in wanted)
