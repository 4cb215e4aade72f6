"""Rows about instances."""

from collections.abc import Callable
from typing import Any

from ganeti_backend.rapi import reads
from ganeti_backend.rapi.faults import bad_request
from ganeti_backend.rapi.requests import Request
from ganeti_backend.rapi.table import READERS, VERSION_FIELD, Fill, Row, Write, about, flag, writes

ONE = "/2/instances/{name}"


def _instance(**more: Callable[[Request], Any]) -> Fill:
    """The instance's name, `?dry-run`, and more arguments of the URL."""
    base = about("instance_name")
    return lambda request: base(request) | {key: read(request) for key, read in more.items()}


def _creation(request: Request) -> dict[str, Any]:
    """A creation names nothing in its path; its body says in which version it is written."""
    version = request.fields_of_body().get(VERSION_FIELD, 0)
    if version == 0:
        raise bad_request("Instance creation request version 0 is no longer supported")
    if version != 1:
        raise bad_request(f"Unsupported request data version {version}")
    return {"dry_run": request.flag("dry-run")}


def _queried(request: Request) -> dict[str, Any]:
    """A job that reports one instance."""
    return {"instances": [request.name], "static": request.flag("static"), "use_locking": False}


ROWS: tuple[Row, ...] = (
    Row("GET", f"{ONE}/console", reads.console, READERS),
    Row("GET", f"{ONE}/console-output", reads.console_output, READERS),
    *writes(
        (
            "POST",
            "/2/instances",
            Write("OP_INSTANCE_CREATE", _creation, {"os": "os_type", "name": "instance_name"}),
        ),
        ("DELETE", ONE, Write("OP_INSTANCE_REMOVE", about("instance_name", ignore_failures=False))),
        ("GET", f"{ONE}/info", Write("OP_INSTANCE_QUERY_DATA", _queried)),
        (
            "PUT",
            f"{ONE}/startup",
            Write(
                "OP_INSTANCE_STARTUP",
                _instance(force=flag("force"), no_remember=flag("no_remember")),
            ),
        ),
        (
            "PUT",
            f"{ONE}/shutdown",
            Write("OP_INSTANCE_SHUTDOWN", _instance(no_remember=flag("no_remember"))),
        ),
        (
            "POST",
            f"{ONE}/reboot",
            Write(
                "OP_INSTANCE_REBOOT",
                _instance(
                    reboot_type=lambda request: request.text("type", "hard"),
                    ignore_secondaries=flag("ignore_secondaries"),
                ),
            ),
        ),
        ("PUT", f"{ONE}/pause", Write("OP_INSTANCE_PAUSE", _instance())),
        ("PUT", f"{ONE}/unpause", Write("OP_INSTANCE_UNPAUSE", _instance())),
        ("PUT", f"{ONE}/suspend", Write("OP_INSTANCE_SUSPEND", _instance())),
        ("PUT", f"{ONE}/resume", Write("OP_INSTANCE_RESUME", _instance())),
        (
            "PUT",
            f"{ONE}/modify",
            Write(
                "OP_INSTANCE_SET_PARAMS",
                about("instance_name"),
                {"custom_beparams": "beparams", "custom_hvparams": "hvparams"},
            ),
        ),
    ),
)
