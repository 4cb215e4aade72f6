"""Rows about the disks of instances."""

from typing import Any

from ganeti_backend.rapi.faults import bad_request
from ganeti_backend.rapi.requests import Request
from ganeti_backend.rapi.resources.instances import ONE
from ganeti_backend.rapi.table import Row, Write, about, flag, instance, writes


def _grown(request: Request) -> dict[str, Any]:
    """The disk's number stands in the path."""
    place = request.names[1]
    if not (place.isascii() and place.isdigit()):
        raise bad_request(f"Invalid disk index '{place}'")
    return {**about("instance_name")(request), "disk": int(place)}


def _replaced(request: Request) -> dict[str, Any]:
    """Ganeti's own client still says in the URL what the body may say as well."""
    fixed = about("instance_name")(request)
    if request.body is not None:
        return fixed
    for name in ("mode", "remote_node", "iallocator"):
        value = request.text(name)
        if value is not None:
            fixed[name] = value
    if "early_release" in request.arguments:
        fixed["early_release"] = request.flag("early_release")
    disks = request.text("disks")
    return {**fixed, **({"disks": _numbers(disks)} if disks else {})}


def _numbers(given: Any) -> Any:
    """`0,1` stands for [0, 1]."""
    if not isinstance(given, str):
        return given
    try:
        return [int(part) for part in given.split(",") if part]
    except ValueError:
        raise bad_request(f"Invalid disk index passed: {given}") from None


def _with_numbers(body: dict[str, Any]) -> dict[str, Any]:
    return {**body, **({"disks": _numbers(body["disks"])} if "disks" in body else {})}


ROWS: tuple[Row, ...] = writes(
    ("POST", f"{ONE}/disk/{{index}}/grow", Write("OP_INSTANCE_GROW_DISK", _grown)),
    (
        "POST",
        f"{ONE}/replace-disks",
        Write("OP_INSTANCE_REPLACE_DISKS", _replaced, convert=_with_numbers),
    ),
    (
        "POST",
        f"{ONE}/recreate-disks",
        Write("OP_INSTANCE_RECREATE_DISKS", about("instance_name")),
    ),
    (
        "PUT",
        f"{ONE}/activate-disks",
        Write("OP_INSTANCE_ACTIVATE_DISKS", instance(ignore_size=flag("ignore_size"))),
    ),
    (
        "PUT",
        f"{ONE}/deactivate-disks",
        Write("OP_INSTANCE_DEACTIVATE_DISKS", instance(force=flag("force"))),
    ),
    ("POST", f"{ONE}/save-disk", Write("OP_INSTANCE_SAVE_DISK", about("instance_name"))),
    ("POST", f"{ONE}/snapshot", Write("OP_INSTANCE_SNAPSHOT", about("instance_name"))),
)
