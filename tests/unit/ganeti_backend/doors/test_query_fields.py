"""The fields that can be listed, held against those of a real Ganeti 3.0.2."""

from pathlib import Path

import pytest

from ganeti_backend.cli.listing import KINDS
from ganeti_backend.queries.fields import Kind, Status
from ganeti_backend.queries.reader import TABLES

DATA = Path(__file__).parents[3] / "data" / "ganeti" / "list-fields"
RESOURCES = sorted(path.stem for path in DATA.glob("*.txt"))


@pytest.mark.parametrize("resource", RESOURCES)
def test_fields_are_the_originals(resource):
    """Names, kinds and titles, in the order in which `list-fields` prints them."""
    theirs = [tuple(line.split("|")) for line in (DATA / f"{resource}.txt").read_text().split("\n")]
    ours = [(f["name"], KINDS[f["kind"]], f["title"]) for f in TABLES[resource].definitions()]
    assert ours == [row for row in theirs if len(row) == 3]


def test_every_kind_has_a_name():
    assert set(KINDS) == {kind.value for kind in Kind}
    assert len(Status) == 5
