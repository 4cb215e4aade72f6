"""Rows about instances that go to other nodes, or that are placed many at once."""

from typing import Any

from ganeti_backend.rapi.faults import bad_request
from ganeti_backend.rapi.resources.instances import ONE
from ganeti_backend.rapi.table import VERSION_FIELD, Row, Write, about, created, writes

NAMES = {"os": "os_type", "name": "instance_name"}


def _creations(body: dict[str, Any]) -> dict[str, Any]:
    """Each of the instances is written as the body of a single creation is."""
    if "instances" not in body:
        raise bad_request("Request is missing required 'instances' field in body")
    wanted = body["instances"]
    if not isinstance(wanted, list) or not all(isinstance(item, dict) for item in wanted):
        raise bad_request("The field 'instances' must be a list of objects")
    return {**body, "instances": [_creation(item) for item in wanted]}


def _creation(item: dict[str, Any]) -> dict[str, Any]:
    said = {name: value for name, value in item.items() if value is not None}
    said.pop(VERSION_FIELD, None)
    return {NAMES.get(name, name): value for name, value in said.items()}


ROWS: tuple[Row, ...] = writes(
    ("PUT", f"{ONE}/migrate", Write("OP_INSTANCE_MIGRATE", about("instance_name"))),
    ("PUT", f"{ONE}/failover", Write("OP_INSTANCE_FAILOVER", about("instance_name"))),
    ("PUT", f"{ONE}/move", Write("OP_INSTANCE_MOVE", about("instance_name"))),
    (
        "POST",
        "/2/instances-multi-alloc",
        Write("OP_INSTANCE_MULTI_ALLOC", created, convert=_creations),
    ),
)
