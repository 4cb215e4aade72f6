"""Rows about nodes. Adding and removing them is for commands only, as in Ganeti."""

from dataclasses import dataclass
from typing import Any

from ganeti_backend.rapi.faults import bad_request
from ganeti_backend.rapi.requests import Request
from ganeti_backend.rapi.table import WRITERS, Fill, Row, Write, about, flag, writes

ONE = "/2/nodes/{name}"
ROLES: dict[str, dict[str, bool | None]] = {
    "regular": {"master_candidate": False, "offline": False, "drained": False},
    "master-candidate": {"master_candidate": True},
    "drained": {"drained": True},
    "offline": {"offline": True},
}


@dataclass(frozen=True)
class RoleChange(Write):
    """Its body is not a dictionary but the role's name."""

    def parameters(self, request: Request) -> dict[str, Any]:
        """The flags that make up the role."""
        if not isinstance(request.body, str):
            raise bad_request("Invalid body contents, not a string")
        if request.body not in ROLES:
            raise bad_request(f"Can't set '{request.body}' role")
        return {**self.fill(request), **ROLES[request.body], "OP_ID": self.op_id}


def _role(request: Request) -> dict[str, Any]:
    return {
        "node_name": request.name,
        "force": flag("force")(request),
        "auto_promote": flag("auto-promote")(request),
        "dry_run": request.flag("dry-run"),
    }


def _storage(*, one: bool) -> Fill:
    """The storage units that the URL names: `one` of a node, or all of them."""

    def fill(request: Request) -> dict[str, Any]:
        kind = _needed(request, "storage_type")
        if one:
            name = _needed(request, "name")
            return {"node_name": request.name, "storage_type": kind, "name": name}
        fields = _needed(request, "output_fields").split(",")
        return {"nodes": [request.name], "storage_type": kind, "output_fields": fields}

    return fill


def _storage_change(request: Request) -> dict[str, Any]:
    said = "allocatable" in request.arguments
    changes = {"allocatable": bool(request.number("allocatable"))} if said else {}
    return {**_storage(one=True)(request), "changes": changes}


def _needed(request: Request, name: str) -> str:
    found = request.text(name)
    if not found:
        raise bad_request(f"Missing the required '{name}' parameter")
    return found


def _powercycle(request: Request) -> dict[str, Any]:
    return {**about("node_name")(request), "force": request.flag("force")}


ROWS: tuple[Row, ...] = (
    *writes(
        ("PUT", f"{ONE}/role", RoleChange("OP_NODE_SET_PARAMS", _role)),
        ("POST", f"{ONE}/modify", Write("OP_NODE_SET_PARAMS", about("node_name"))),
        ("POST", f"{ONE}/evacuate", Write("OP_NODE_EVACUATE", about("node_name"))),
        ("POST", f"{ONE}/migrate", Write("OP_NODE_MIGRATE", about("node_name"))),
        ("POST", f"{ONE}/powercycle", Write("OP_NODE_POWERCYCLE", _powercycle)),
        ("PUT", f"{ONE}/storage/modify", Write("OP_NODE_MODIFY_STORAGE", _storage_change)),
        ("PUT", f"{ONE}/storage/repair", Write("OP_REPAIR_NODE_STORAGE", _storage(one=True))),
    ),
    # It only reads, but by way of a job, for which Ganeti wants the right to write.
    Row("GET", f"{ONE}/storage", Write("OP_NODE_QUERY_STORAGE", _storage(one=False)), WRITERS),
)
