"""Which images a caller can see, and which of them are the caller's to change.

The one rule for all who look for images: the image API, servers that boot from them, volumes.
"""

from __future__ import annotations

import uuid

from django.db.models import Exists, OuterRef, Q, QuerySet

from synnefo.core.caller import Caller
from synnefo.core.faults import Forbidden, NotFound
from synnefo.db.models import Image, ImageMember

NOTHING = uuid.UUID(int=0)
FOR_EVERYBODY = ("public", "community")


def shared_with(project_id: str, status: str | None = None) -> Exists:
    """The condition that an image is shared with a project, which has accepted it or whatever."""
    members = ImageMember.objects.filter(image=OuterRef("pk"), member_id=project_id)
    return Exists(members if status is None else members.filter(status=status))


def readable(caller: Caller) -> QuerySet[Image]:
    """What a caller finds by its id: own images, those for everybody, those shared by members."""
    if caller.is_admin:
        return Image.objects.all()
    shared = Q(visibility="shared") & Q(shared_with(caller.project_id))
    return Image.objects.filter(
        Q(project_id=caller.project_id) | Q(visibility__in=FOR_EVERYBODY) | shared
    )


def listed(caller: Caller, status: str | None = "accepted") -> QuerySet[Image]:
    """What shows up without being asked for by its id: of what is shared, what was accepted."""
    if caller.is_admin:
        return Image.objects.all()
    shared = Q(visibility="shared") & Q(shared_with(caller.project_id, status))
    return Image.objects.filter(
        Q(project_id=caller.project_id) | Q(visibility__in=FOR_EVERYBODY) | shared
    )


def find(caller: Caller, image_uuid: str) -> Image:
    """One image that the caller can see."""
    row = readable(caller).filter(uuid=_uuid(image_uuid)).first()
    if row is None:
        raise absent(image_uuid)
    return row


def own(caller: Caller, image_uuid: str) -> Image:
    """The caller's image with its row locked. Others' visible ones can be seen but not changed."""
    image = Image.objects.select_for_update().filter(uuid=_uuid(image_uuid)).first()
    if image is None or (
        not owns(caller, image) and not readable(caller).filter(pk=image.pk).exists()
    ):
        raise absent(image_uuid)
    check_own(caller, image)
    return image


def owns(caller: Caller, image: Image) -> bool:
    """Whether a caller may change an image."""
    return caller.is_admin or image.project_id == caller.project_id


def check_own(caller: Caller, image: Image) -> None:
    """Refuse changes of what belongs to others."""
    if not owns(caller, image):
        raise Forbidden("You are not permitted to modify this image.")


def absent(image_uuid: str) -> NotFound:
    """What is said of images that are not there, and of those that the caller must not see."""
    return NotFound(f"No image found with ID {image_uuid}")


def _uuid(text: str) -> uuid.UUID:
    """The id in a text; what is none finds nothing."""
    try:
        return uuid.UUID(text) if len(text) == 36 else NOTHING
    except ValueError:
        return NOTHING
