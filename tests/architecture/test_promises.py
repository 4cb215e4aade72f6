"""What `tests/system/README.md` promises is tested: every weakness has a row, every id a test."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent
TEXT = (TESTS / "system" / "README.md").read_text()
IDS = re.findall(r"`([a-z/_]+\.py)::(\w+)`", TEXT)
ROWS = [line.split(" | ") for line in TEXT.splitlines() if line.startswith("| W")]


def test_every_weakness_has_one_row():
    numbers = [int(n) for row in ROWS for n in re.findall(r"W(\d+)", row[0])]
    assert sorted(numbers) == list(range(1, 69))


def test_every_row_names_a_test_or_says_why_not():
    for row in ROWS:
        excused = re.search(r"not yet|does not exist here|nothing a test could show", row[2])
        assert "::" in row[-1] or excused, row[0]


@pytest.mark.parametrize("path", sorted({path for path, _ in IDS}))
def test_every_test_that_is_named_is_there(path):
    source = (TESTS / path).read_text()
    there = set(re.findall(r"^(?:async )?def (test_\w+)", source, re.MULTILINE))
    assert {name for where, name in IDS if where == path} <= there


def test_a_missing_test_would_be_noticed():
    assert len(IDS) > 80
