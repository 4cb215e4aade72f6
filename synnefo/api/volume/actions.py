"""POST /volumes/{id}/action: one row per action, with who may and from which microversion."""

from collections.abc import Callable
from typing import Any, NamedTuple

from django.http import HttpResponse

from synnefo.api.request import Request, answer, empty
from synnefo.api.routing import ROLES, Who
from synnefo.api.volume.volumes import find
from synnefo.core.faults import BadRequest, Conflict, Fault, Forbidden
from synnefo.intents.volume import volume_actions as intents
from synnefo.intents.volume import volume_attaching, volume_images, volumes

Acts = Callable[[Request, str, Any], HttpResponse]


class Row(NamedTuple):
    """What an action does, who may, and since when."""

    act: Acts
    who: Who = Who.MEMBER
    since: int = 0


def _simply(act: Callable[..., Any]) -> Acts:
    """An action without arguments."""

    def run(request: Request, id: str, _wish: Any) -> HttpResponse:
        act(request.caller, id)
        return empty(202)

    return run


def _attach(request: Request, id: str, wish: Any) -> HttpResponse:
    intents.attach_by_hand(request.caller, id, wish)
    return empty(202)


def _detach(request: Request, id: str, wish: Any) -> HttpResponse:
    intents.detach_by_hand(request.caller, id, (wish or {}).get("attachment_id"))
    return empty(202)


def _extend(request: Request, id: str, wish: Any) -> HttpResponse:
    size = wish["new_size"]
    if intents.extend_detached(request.caller, id, size) is None:
        if request.version < (3, 42):
            raise BadRequest(
                f"Invalid volume: Volume {id} status must be available to extend, but it is"
                " in-use (from 3.42 on this is allowed)."
            )
        volume_attaching.extend(request.caller, id, size)
    return empty(202)


def _flag(column: str, word: str, status: int) -> Acts:
    def run(request: Request, id: str, wish: Any) -> HttpResponse:
        intents.set_flag(request.caller, id, column, wish[word])
        return empty(status)

    return run


def _retype(request: Request, id: str, wish: Any) -> HttpResponse:
    intents.retype(request.caller, id, wish["new_type"])
    return empty(202)


def _reset(request: Request, id: str, wish: Any) -> HttpResponse:
    if not wish:
        raise BadRequest("Must specify 'status', 'attach_status' or 'migration_status'.")
    intents.reset_status(request.caller, id, wish)
    return empty(202)


def _force_delete(request: Request, id: str, _wish: Any) -> HttpResponse:
    volumes.delete(request.caller, id, force=True)
    return empty(202)


def _revert(request: Request, id: str, wish: Any) -> HttpResponse:
    intents.revert(request.caller, id, wish["snapshot_id"])
    return empty(202)


def _reimage(request: Request, id: str, wish: Any) -> HttpResponse:
    intents.reimage(request.caller, id, wish["image_id"])
    return empty(202)


def _refused(sentence: str, fault: type[Fault] = Conflict) -> Acts:
    def run(request: Request, id: str, _wish: Any) -> HttpResponse:
        find(request, id)
        raise fault(sentence)

    return run


# --- image metadata and images --------------------------------------------------------------------


def _set_image_metadata(request: Request, id: str, wish: Any) -> HttpResponse:
    change = wish["metadata"]
    kept = volumes.change_metadata(request.caller, id, change, column="image_metadata")
    return answer({"metadata": kept})


def _unset_image_metadata(request: Request, id: str, wish: Any) -> HttpResponse:
    volumes.drop_metadata(request.caller, id, wish["key"], column="image_metadata")
    return empty(200)


def _show_image_metadata(request: Request, id: str, _wish: Any) -> HttpResponse:
    return answer({"metadata": find(request, id).image_metadata})


def _upload(request: Request, id: str, wish: Any) -> HttpResponse:
    volume, image = volume_images.upload(request.caller, id, wish)
    kind = volume.volume_type
    shown = {
        "id": str(volume.uuid),
        "updated_at": volume.updated_at.replace(tzinfo=None).isoformat(timespec="microseconds")
        if volume.updated_at
        else None,
        "status": "uploading",
        "display_description": volume.description,
        "size": volume.size // 1024,
        "volume_type": {"id": str(kind.uuid), "name": kind.name} if kind else None,
        "image_id": str(image.uuid),
        "container_format": image.container_format,
        "disk_format": image.disk_format,
        "image_name": image.name,
        "protected": image.protected,
        "visibility": image.visibility,
    }
    return answer({"os-volume_upload_image": shown}, 202)


NO_PATH = "Volumes are connected by the clusters that run their servers; nobody else reaches them."
NOT_TOLD = "Clusters tell by themselves when they have made a volume larger."
ONE_POOL = "There is one pool of volumes; there is nowhere else to migrate to."
NOT_MANAGED = "Disks that this service did not make cannot be told from its own, nor left alone."
ACTIONS: dict[str, Row] = {
    "os-attach": Row(_attach),
    "os-detach": Row(_detach),
    "os-force_detach": Row(_detach, Who.ADMIN),
    "os-reserve": Row(_simply(intents.reserve)),
    "os-unreserve": Row(_simply(intents.unreserve)),
    "os-begin_detaching": Row(_simply(intents.begin_detaching)),
    "os-roll_detaching": Row(_simply(intents.roll_detaching)),
    "os-initialize_connection": Row(_refused(NO_PATH), Who.ADMIN),
    "os-terminate_connection": Row(_refused(NO_PATH), Who.ADMIN),
    "os-extend": Row(_extend),
    "os-update_readonly_flag": Row(_flag("readonly", "readonly", 202)),
    "os-set_bootable": Row(_flag("bootable", "bootable", 200)),
    "os-retype": Row(_retype),
    "os-reset_status": Row(_reset, Who.ADMIN),
    "os-force_delete": Row(_force_delete, Who.ADMIN),
    "os-unmanage": Row(_refused(NOT_MANAGED), Who.ADMIN),
    "os-migrate_volume": Row(_refused(ONE_POOL, BadRequest), Who.ADMIN),
    "os-migrate_volume_completion": Row(_refused(ONE_POOL, BadRequest), Who.ADMIN),
    "os-set_image_metadata": Row(_set_image_metadata),
    "os-unset_image_metadata": Row(_unset_image_metadata),
    "os-show_image_metadata": Row(_show_image_metadata, Who.READER),
    "os-volume_upload_image": Row(_upload),
    "revert": Row(_revert, since=40),
    "os-reimage": Row(_reimage, since=68),
    "os-extend_volume_completion": Row(_refused(NOT_TOLD, BadRequest), Who.ADMIN, since=71),
}


def check_who(request: Request, who: Who, since: int, name: str) -> None:
    """The action's own column of the policy."""
    if request.version < (3, since):
        raise BadRequest(f"There is no such action: {name}")
    if not request.caller.roles & ROLES[who]:
        raise Forbidden(f"Policy doesn't allow {name} to be performed.")


def act(request: Request, id: str) -> HttpResponse:
    """POST /volumes/{id}/action."""
    name, wish = request.wish
    row = ACTIONS[name]
    check_who(request, row.who, row.since, name)
    return row.act(request, id, wish)
