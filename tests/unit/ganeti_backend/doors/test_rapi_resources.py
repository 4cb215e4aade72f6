import pytest

from ganeti_backend import opcodes
from ganeti_backend.rapi.faults import HttpFault
from ganeti_backend.rapi.resources import ROWS
from ganeti_backend.rapi.table import WRITERS, Router, Write


def test_every_write_is_an_opcode():
    written = {row.act.op_id for row in ROWS if isinstance(row.act, Write)}
    assert written <= opcodes.CLASSES.keys()


def test_every_change_needs_the_right_to_write():
    for row in ROWS:
        if row.method != "GET" and not row.path.startswith("/2/query"):
            assert row.allowed == WRITERS, row


def test_no_row_is_hidden_by_another():
    keys = [(row.method, row.path) for row in ROWS]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/2/nosuch", 404), ("PATCH", "/2/nosuch", 404), ("DELETE", "/2/info", 501),
     ("GET", "/2/jobs/x", 404), ("GET", "/2/jobs/²", 404), ("GET", "/2/instances//info", 404),
     ("GET", "", 404)],
)  # fmt: skip
def test_no_row(method, path, status):
    with pytest.raises(HttpFault) as caught:
        Router(ROWS).find(method, path.split("/"))
    assert caught.value.status == status


def test_names_in_the_path():
    row, names = Router(ROWS).find("GET", ["", "2", "instances", "a/b", "info"])
    assert names == ("a/b",)
    assert row.source == "gnt:library:rlib2:instances_name_info"
