"""Transfers of volumes to other projects, attachments as their own resource, messages."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse

from synnefo.api.request import Request, answer, empty, long_timestamp
from synnefo.api.volume import lists
from synnefo.api.volume.records import (
    attachment_brief,
    attachment_full,
    links,
    transfer_brief,
    transfer_full,
)
from synnefo.db.models import VolumeAttachment, VolumeMessage, VolumeTransfer
from synnefo.intents.volume import volume_attachments, volume_lookup
from synnefo.intents.volume import volume_transfers as intents


def _open() -> "QuerySet[VolumeTransfer]":
    return VolumeTransfer.objects.filter(accepted=False)


_TRANSFER_KEYS = {"id": "uuid", "name": "name", "created_at": "created_at", "updated_at": "pk"}


def _transfers(path: str) -> lists.Listing:
    return lists.Listing(
        name="transfers",
        path=path,
        rows=lists.owned(_open),
        brief=transfer_brief,
        detail=transfer_full,
        filters={"name": lists.word("name"), "volume_id": lists.identifier("volume_uuid")},
        sort_keys=_TRANSFER_KEYS,
        like=("name",),
        moments=("created_at",),
    )


OLD_TRANSFERS = _transfers("os-volume-transfer")
TRANSFERS = _transfers("volume-transfers")


def show(request: Request, id: str) -> HttpResponse:
    """GET of a transfer."""
    row = volume_lookup.transfer(request.caller, id)
    return answer({"transfer": transfer_full(request, row)})


def create(request: Request) -> HttpResponse:
    """POST of a transfer: the only answer that has its key."""
    wish = request.wish["transfer"]
    row, key = intents.create(
        request.caller,
        wish["volume_id"],
        wish.get("name"),
        no_snapshots=wish.get("no_snapshots", False),
    )
    return answer({"transfer": transfer_full(request, row) | {"auth_key": key}}, 202)


def delete(request: Request, id: str) -> HttpResponse:
    """DELETE of a transfer."""
    intents.delete(request.caller, id)
    return empty(202)


def accept(request: Request, id: str) -> HttpResponse:
    """POST …/accept."""
    row = intents.accept(request.caller, id, request.wish["accept"]["auth_key"])
    return answer({"transfer": transfer_brief(request, row)}, 202)


# --- attachments, from 3.27 on --------------------------------------------------------------------


def _attachments() -> "QuerySet[VolumeAttachment]":
    return VolumeAttachment.objects.filter(volume__local=False).select_related("volume")


ATTACHMENTS = lists.Listing(
    name="attachments",
    path="attachments",
    rows=lists.owned(_attachments),
    brief=attachment_brief,
    detail=attachment_full,
    filters={
        "volume_id": lists.identifier("volume__uuid"),
        "instance_id": lists.identifier("instance_uuid"),
        "instance_uuid": lists.identifier("instance_uuid"),
        "status": lists.word("status"),
        "id": lists.identifier("uuid"),
    },
    sort_keys={"id": "uuid", "created_at": "created_at", "status": "status"},
    like=("status",),
    moments=("created_at",),
)


def show_attachment(request: Request, id: str) -> HttpResponse:
    """GET /attachments/{id}."""
    row = volume_lookup.attachment(request.caller, id, locked=False)
    return answer({"attachment": attachment_full(request, row)})


def create_attachment(request: Request) -> HttpResponse:
    """POST /attachments: keep a volume for a server."""
    row = volume_attachments.reserve(request.caller, request.wish["attachment"])
    return answer({"attachment": attachment_full(request, row)})


def update_attachment(request: Request, id: str) -> HttpResponse:
    """PUT /attachments/{id}: refused, with the reason."""
    volume_attachments.connect(request.caller, id)
    return empty(200)


def delete_attachment(request: Request, id: str) -> HttpResponse:
    """DELETE /attachments/{id}: what is left of the volume's attachments."""
    left = volume_attachments.remove(request.caller, id)
    return answer({"attachments": [attachment_full(request, one) for one in left]})


def act_on_attachment(request: Request, id: str) -> HttpResponse:
    """POST /attachments/{id}/action: os-complete."""
    volume_attachments.complete(request.caller, id)
    return empty(204)


# --- messages, from 3.3 on ------------------------------------------------------------------------


def _message(request: Request, row: VolumeMessage) -> dict[str, Any]:
    uuid = str(row.uuid)
    data = {
        "id": uuid,
        "event_id": row.event_id,
        "user_message": row.user_message,
        "message_level": row.level,
        "resource_type": row.resource_type,
        "request_id": row.request_id,
        "created_at": long_timestamp(row.created_at),
        "guaranteed_until": long_timestamp(row.guaranteed_until),
        "links": links(request, "messages", uuid),
    }
    return data | ({"resource_uuid": str(row.resource_uuid)} if row.resource_uuid else {})


MESSAGES = lists.Listing(
    name="messages",
    path="messages",
    rows=lists.owned(VolumeMessage.objects.all),
    brief=_message,
    detail=_message,
    filters={
        "event_id": lists.word("event_id"),
        "message_level": lists.word("level"),
        "resource_type": lists.word("resource_type"),
        "resource_uuid": lists.identifier("resource_uuid"),
        "request_id": lists.word("request_id"),
    },
    sort_keys={
        "id": "uuid",
        "event_id": "event_id",
        "message_level": "level",
        "resource_type": "resource_type",
        "resource_uuid": "resource_uuid",
        "request_id": "request_id",
        "created_at": "created_at",
        "guaranteed_until": "guaranteed_until",
    },
    like=(),
    moments=("created_at",),
)


def _find_message(request: Request, id: str) -> VolumeMessage:
    return volume_lookup.one(request.caller, VolumeMessage.objects.all(), "Message", id)


def show_message(request: Request, id: str) -> HttpResponse:
    """GET /messages/{id}."""
    return answer({"message": _message(request, _find_message(request, id))})


def delete_message(request: Request, id: str) -> HttpResponse:
    """DELETE /messages/{id}."""
    volume_attachments.forget_message(_find_message(request, id))
    return empty(204)
