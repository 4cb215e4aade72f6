"""The listed tests of tempest, OpenStack's own test suite, against a cloud with pretended guests.

`tests/system/tempest/*.txt` list what must pass, by group; `left_out.tsv` says why others do not.
All of them: `python -m tests.system.tempest.run STATE tempest.api`.
"""

import json
import os
import sys
from pathlib import Path

import pytest

from tests.system.tempest import configuration
from tests.system.tempest.run import cause, patterns_of, run

pytestmark = pytest.mark.system

FOLDER = Path(__file__).with_name("tempest")
GROUPS = ("compute", "identity", "image", "network", "scenario", "volume")
LISTED = [name for group in GROUPS for name in patterns_of([f"@{FOLDER / group}.txt"])]
# They mostly wait for what the cloud is asked to do.
WORKERS = 3 * (os.cpu_count() or 1)


@pytest.fixture(scope="module")
def results(shared_cloud, tmp_path_factory, request):
    """What became of each test that was asked for: all run once, side by side."""
    asked = [
        item.callspec.params["name"]
        for item in request.session.items
        if item.path == request.path and hasattr(item, "callspec")
    ]
    passwords = json.loads((shared_cloud.state / "passwords.json").read_text())
    work = tmp_path_factory.mktemp("tempest")
    configured = configuration.write(shared_cloud.url, passwords["admin_password"], work)
    return {row["test"]: row for row in run(sys.executable, configured, asked, workers=WORKERS)}


@pytest.mark.parametrize("name", LISTED)
def test_listed(results, name):
    row = results.get(name)
    assert row, "it is not in this tempest"
    assert row["outcome"] == "passed", f"{cause(row)}\n{row.get('log', '')}"


def test_each_test_is_listed_once():
    assert len(LISTED) == len(set(LISTED))


def test_what_is_left_out_has_a_reason():
    rows = [
        line.split("\t")
        for line in (FOLDER / "left_out.tsv").read_text().splitlines()
        if not line.startswith("#")
    ]
    assert all(len(row) == 2 and row[1] for row in rows)
    assert not {row[0] for row in rows} & set(LISTED)
