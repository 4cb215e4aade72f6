"""Rows about exports of instances."""

from ganeti_backend.rapi.requests import Request
from ganeti_backend.rapi.table import Row, Write, about, instance, writes

ONE = "/2/instances/{name}"


def _mode(request: Request) -> str | None:
    return request.text("mode")


ROWS: tuple[Row, ...] = writes(
    ("PUT", f"{ONE}/prepare-export", Write("OP_BACKUP_PREPARE", instance(mode=_mode))),
    (
        "PUT",
        f"{ONE}/export",
        Write("OP_BACKUP_EXPORT", about("instance_name"), {"destination": "target_node"}),
    ),
    ("DELETE", f"{ONE}/export", Write("OP_BACKUP_REMOVE", about("instance_name"))),
)
