"""Rows about installing and naming systems."""

from dataclasses import dataclass
from typing import Any

from ganeti_backend.rapi.faults import bad_request
from ganeti_backend.rapi.requests import Request
from ganeti_backend.rapi.table import Row, Write, about, writes

ONE = "/2/instances/{name}"
OS, START, OSPARAMS = "os", "start", "osparams"


def _wishes(request: Request) -> dict[str, Any]:
    """What the body says; an older client says it in the URL instead."""
    body = request.fields_of_body()
    old = {name for name in (OS, "nostartup") if name in request.arguments}
    if body and old:
        raise bad_request("Can't combine query and body parameters")
    if old:
        return {OS: request.text(OS), START: not request.flag("nostartup")}
    start = body.get(START, True)
    if not isinstance(start, bool):
        raise bad_request("Invalid value for 'start' parameter")
    return {**body, START: start}


@dataclass(frozen=True)
class Reinstall(Write):
    """One job that stops the instance, installs it and, unless told not to, starts it."""

    def opcodes(self, request: Request) -> list[dict[str, Any]]:
        """The opcodes of the job, in their order."""
        wishes, fixed = _wishes(request), self.fill(request)
        private = ("osparams_private", "osparams_secret", "clear_osparams", "remove_osparams")
        given = {
            "os_type": wishes.get(OS),
            **{name: wishes[name] for name in (OSPARAMS, *private) if name in wishes},
        }
        chain = [
            {**fixed, "OP_ID": "OP_INSTANCE_SHUTDOWN"},
            {**given, **fixed, "OP_ID": self.op_id},
        ]
        if wishes[START]:
            chain.append({**fixed, "OP_ID": "OP_INSTANCE_STARTUP", "force": False})
        return chain


ROWS: tuple[Row, ...] = writes(
    ("POST", f"{ONE}/reinstall", Reinstall("OP_INSTANCE_REINSTALL", about("instance_name"))),
    ("PUT", f"{ONE}/rename", Write("OP_INSTANCE_RENAME", about("instance_name"))),
)
