"""Rows about node groups."""

from typing import Any

from ganeti_backend.rapi.requests import Request
from ganeti_backend.rapi.table import Row, Write, about, created, writes

ONE = "/2/groups/{name}"


def _assignment(request: Request) -> dict[str, Any]:
    return {**about("group_name")(request), "force": request.flag("force")}


ROWS: tuple[Row, ...] = writes(
    ("POST", "/2/groups", Write("OP_GROUP_ADD", created, {"name": "group_name"})),
    ("DELETE", ONE, Write("OP_GROUP_REMOVE", about("group_name"))),
    ("PUT", f"{ONE}/modify", Write("OP_GROUP_SET_PARAMS", about("group_name"))),
    ("PUT", f"{ONE}/rename", Write("OP_GROUP_RENAME", about("group_name"))),
    ("PUT", f"{ONE}/assign-nodes", Write("OP_GROUP_ASSIGN_NODES", _assignment)),
)
