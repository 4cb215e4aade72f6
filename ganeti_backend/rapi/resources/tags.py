"""Rows about the tags of every kind of object."""

from typing import Any

from ganeti_backend.rapi.faults import bad_request
from ganeti_backend.rapi.requests import Request
from ganeti_backend.rapi.table import Fill, Row, Write, writes

PLACES = (
    ("/2/tags", "cluster"),
    ("/2/nodes/{name}/tags", "node"),
    ("/2/instances/{name}/tags", "instance"),
    ("/2/groups/{name}/tags", "nodegroup"),
    ("/2/networks/{name}/tags", "network"),
)


def _tagged(kind: str, verb: str) -> Fill:
    """The object whose tags change, and the tags, from the URL."""

    def fill(request: Request) -> dict[str, Any]:
        tags = request.texts("tag")
        if not tags:
            text = "please specify a tag or a list of tags using the 'tag' parameter"
            raise bad_request(f"Cannot {verb} tags, {text}")
        name = request.names[0] if request.names else None
        fixed = {"dry_run": request.flag("dry-run")}
        return {"kind": kind, "name": name, "tags": tags, **fixed}

    return fill


class TagWrite(Write):
    """Ganeti's own client sends the tags a second time, as a body that nobody reads."""

    def parameters(self, request: Request) -> dict[str, Any]:
        return {**self.fill(request), "OP_ID": self.op_id}


ROWS: tuple[Row, ...] = writes(
    *(
        (method, path, TagWrite(op_id, _tagged(kind, verb)))
        for path, kind in PLACES
        for method, op_id, verb in (
            ("PUT", "OP_TAGS_SET", "add"),
            ("DELETE", "OP_TAGS_DEL", "delete"),
        )
    )
)
