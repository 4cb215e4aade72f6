"""What requests about nodes and groups mean as opcodes, as Ganeti's own client writes them."""

from __future__ import annotations

from typing import Any

import pytest

from ganeti_backend import opcodes
from ganeti_backend.rapi.faults import HttpFault
from ganeti_backend.rapi.requests import Request, parse_arguments
from ganeti_backend.rapi.resources import ROWS
from ganeti_backend.rapi.table import WRITERS, Router, Write


def wanted(method: str, path: str, body: Any = None) -> dict[str, Any]:
    """The opcode's fields that differ from their defaults."""
    plain, _, query = path.partition("?")
    row, names = Router(ROWS).find(method, plain.split("/"))
    assert isinstance(row.act, Write)
    assert row.allowed == WRITERS
    arguments = parse_arguments(query.encode())
    request = Request(method, plain, names, arguments, body)
    op = opcodes.from_dict(row.act.parameters(request))
    fields = op.to_dict()
    plain_op = type(op)
    defaults = {item.name: item.default for item in plain_op.__dataclass_fields__.values()}
    return {name: value for name, value in fields.items() if value != defaults.get(name)}


NODE = "/2/nodes/node1"
GROUP = "/2/groups/rack1"
NAMED = {"node_name": "node1"}


@pytest.mark.parametrize(
    ("role", "flags"),
    [
        ("regular", {"master_candidate": False, "offline": False, "drained": False}),
        ("master-candidate", {"master_candidate": True}),
        ("drained", {"drained": True}),
        ("offline", {"offline": True}),
    ],
)
def test_roles(role: str, flags: dict[str, bool]) -> None:
    found = wanted("PUT", f"{NODE}/role?force=1&auto-promote=1", role)
    expected = {**NAMED, **flags, "force": True, "auto_promote": True}
    assert found == {**expected, "OP_ID": "OP_NODE_SET_PARAMS", "reason": []}


@pytest.mark.parametrize(
    ("body", "words"),
    [("master", "Can't set 'master' role"), ({"role": "offline"}, "not a string"), (None, "not")],
)
def test_wrong_roles(body: Any, words: str) -> None:
    with pytest.raises(HttpFault, match=words) as caught:
        wanted("PUT", f"{NODE}/role", body)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("method", "path", "body", "fields"),
    [
        ("POST", f"{NODE}/evacuate", {"mode": "all", "iallocator": "hail"},
         {**NAMED, "mode": "all", "iallocator": "hail"}),
        ("POST", f"{NODE}/migrate?dry-run=1", {"target_node": "node2", "mode": "live"},
         {**NAMED, "target_node": "node2", "mode": "live", "dry_run": True}),
        ("POST", f"{NODE}/modify", {"offline": True, "ndparams": None}, {**NAMED, "offline": True}),
        ("POST", f"{NODE}/powercycle?force=1", None, {**NAMED, "force": True}),
        ("GET", f"{NODE}/storage?storage_type=file&output_fields=name,free", None,
         {"nodes": ["node1"], "storage_type": "file", "output_fields": ["name", "free"]}),
        ("PUT", f"{NODE}/storage/modify?storage_type=lvm-pv&name=/dev/sda&allocatable=0", None,
         {**NAMED, "storage_type": "lvm-pv", "name": "/dev/sda",
          "changes": {"allocatable": False}}),
        ("PUT", f"{NODE}/storage/repair?storage_type=lvm-vg&name=xenvg", None,
         {**NAMED, "storage_type": "lvm-vg", "name": "xenvg"}),
        ("POST", "/2/groups", {"name": "rack1", "alloc_policy": None}, {"group_name": "rack1"}),
        ("DELETE", GROUP, None, {"group_name": "rack1"}),
        ("PUT", f"{GROUP}/modify", {"alloc_policy": "preferred"},
         {"group_name": "rack1", "alloc_policy": "preferred"}),
        ("PUT", f"{GROUP}/rename", {"new_name": "rack2"},
         {"group_name": "rack1", "new_name": "rack2"}),
        ("PUT", f"{GROUP}/assign-nodes?force=1", {"nodes": ["node1"]},
         {"group_name": "rack1", "nodes": ["node1"], "force": True}),
    ],
)  # fmt: skip
def test_requests(method: str, path: str, body: Any, fields: dict[str, Any]) -> None:
    found = wanted(method, path, body)
    assert {name: found[name] for name in found if name not in ("OP_ID", "reason")} == fields


@pytest.mark.parametrize(
    ("method", "path", "missing"),
    [
        ("GET", f"{NODE}/storage?output_fields=name", "storage_type"),
        ("GET", f"{NODE}/storage?storage_type=file", "output_fields"),
        ("PUT", f"{NODE}/storage/modify?storage_type=lvm-pv", "name"),
        ("PUT", f"{NODE}/storage/repair?name=xenvg", "storage_type"),
    ],
)
def test_missing_arguments(method: str, path: str, missing: str) -> None:
    with pytest.raises(HttpFault, match=f"Missing the required '{missing}' parameter") as caught:
        wanted(method, path)
    assert caught.value.status == 400


def test_the_path_cannot_be_said_otherwise() -> None:
    with pytest.raises(HttpFault, match="overwrite"):
        wanted("POST", f"{NODE}/modify", {"node_name": "node2"})
