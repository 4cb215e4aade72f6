"""Sharing images: owners name members, members accept or reject."""

from __future__ import annotations

from django.db import IntegrityError
from django.utils import timezone

from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest, Conflict, Forbidden, NotFound, TooLarge
from synnefo.db import rings
from synnefo.db.models import Image, ImageMember
from synnefo.db.transactions import writing
from synnefo.intents.image import image_access

STATUSES = ("pending", "accepted", "rejected")
MOST = 128  # members of one image


def add(caller: Caller, image_uuid: str, member_id: str) -> ImageMember:
    """Share an image with a project."""
    now = timezone.now()
    with writing():
        image = image_access.own(caller, image_uuid)
        if image.visibility != "shared":
            raise Forbidden("Only shared images have members.")
        if image.members.count() >= MOST:
            raise TooLarge(f"An image may have at most {MOST} members.")
        member = ImageMember(image=image, member_id=member_id, created_at=now, updated_at=now)
        try:
            with writing():
                member.save(force_insert=True)
        except IntegrityError as known:
            raise Conflict(
                f"Member {member_id} is duplicated for image {image_uuid}", field="member"
            ) from known
        _tell(member)
    return member


def answer(caller: Caller, image_uuid: str, member_id: str, status: str) -> ImageMember:
    """A member accepts or rejects; the owner cannot do it in the member's place."""
    with writing():
        image = image_access.find(caller, image_uuid)
        member = find(caller, image, member_id)
        if member_id != caller.project_id and not caller.is_admin:
            raise Forbidden("You are not permitted to modify 'status' on this image member.")
        if status not in STATUSES:
            raise BadRequest(f"Incorrect request: Status must be one of {', '.join(STATUSES)}.")
        member.status, member.updated_at = status, timezone.now()
        member.save(update_fields=["status", "updated_at"])
        _tell(member)
    return member


def remove(caller: Caller, image_uuid: str, member_id: str) -> None:
    """Share an image no longer."""
    with writing():
        image = image_access.own(caller, image_uuid)
        member = find(caller, image, member_id)
        ImageMember.objects.filter(pk=member.pk).delete()
        _tell(member)


def find(caller: Caller, image: Image, member_id: str) -> ImageMember:
    """One member of an image that the caller sees; members see only themselves."""
    member = None
    if image_access.owns(caller, image) or member_id == caller.project_id:
        member = ImageMember.objects.filter(image=image, member_id=member_id).first()
    if member is None:
        raise NotFound(f"{member_id} not found in the member list of the image {image.uuid}.")
    return member


def _tell(member: ImageMember) -> None:
    rings.changed(member.image.project_id, "image", member.image.uuid)
    rings.changed(member.member_id, "image", member.image.uuid)
