"""What is different on PostgreSQL: locks among many at once, and the patterns it understands.

The fast tests run on SQLite; these ones run again on the database of a full cloud. All of
tests/integration passes there; what is here differs most, and costs less than a minute.
"""

import os
import subprocess
import sys

import pytest

from synnefo.cloud import layout
from synnefo.cloud.processes import database_url
from tests.system.cloud import ROOT

pytestmark = pytest.mark.system
AGAIN = (
    "tests/integration/spine/test_at_once.py",
    "tests/integration/spine/test_batches.py",
    "tests/integration/spine/test_ended_connections.py",
    *(
        f"tests/integration/once/test_crash_points.py::test_killed_before_any_line[{case}]"
        for case in ("create", "delete", "job_of_the_dead")
    ),
    "tests/integration/once/test_idempotency.py",
    "tests/integration/truth/test_books.py",
    "tests/integration/truth/test_networks.py",
    "tests/integration/truth/test_turns.py",
    "tests/integration/api/test_conformance.py::test_every_parameter_of_a_query_is_answered_as_told",
    *(
        f"tests/integration/api/test_{name}.py"
        for name in (
            # How often it is asked, in which order and with which case it answers.
            "patterns", "query_counts", "reads", "server_filters",
            # What is taken already, within a transaction that goes on.
            "admin_flavors", "identity_people", "image_members", "keypairs", "metadefs",
            "server_tags", "writes",
            # JSON that is searched and changed.
            "images",
        )
    ),
)  # fmt: skip


@pytest.mark.parametrize("fake_cloud", ["full"], indirect=True)
def test_the_integration_tests_that_depend_on_the_database(fake_cloud):
    database = database_url(layout.existing(fake_cloud.state))
    selected = ["-q", "-m", "not hardware", "-p", "no:cacheprovider", *AGAIN]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *selected],
        env=os.environ | {"SYNNEFO_DATABASE": database},
        cwd=ROOT, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
