"""What a real Ganeti 3.0.2 said to every scenario, kept so that ours is held to all of it anywhere.

Asking a real one takes ten minutes, so a test run asks it only some: those in `ASKED_AGAIN`, or
all of them with CONFORMANCE=all in the environment. `session --real` keeps the answers anew.
"""

import json
import os
from pathlib import Path
from typing import Any

from tests.conformance.world import SCENARIOS

FILE = Path(__file__).parents[1] / "data" / "ganeti" / "conformance.json"
# A few of every area, and those in which time plays a part.
ASKED_AGAIN = (
    "a_failing_hook",
    "create_with_a_file_disk",
    "create_with_bad_types",
    "failover",
    "group_from_add_to_remove",
    "job_lists",
    "job_queries",
    "job_that_is_canceled",
    "job_waits_for_another",
    "migrate",
    "modify_backend_parameters",
    "network_of_an_instance",
    "node_roles",
    "query_with_filters",
    "reading_a_running_instance",
    "reading_nodes",
    "reading_the_cluster",
    "renames_of_a_creation",
    "request_with_bad_bodies",
    "start_and_stop",
    "tags_of_a_node",
    "unknown_instance",
)


def asked_again() -> list[str]:
    """The scenarios that a test run also puts to a real Ganeti."""
    return list(SCENARIOS if os.environ.get("CONFORMANCE") == "all" else ASKED_AGAIN)


def load(file: Path = FILE) -> dict[str, dict[str, Any]]:
    """What the real one said, by scenario."""
    return dict(json.loads(file.read_text()))


def keep(seen: dict[str, dict[str, Any]], file: Path = FILE) -> None:
    """One line for each scenario, so that a change shows which one it is."""
    lines = [
        f"{json.dumps(title)}: {json.dumps(seen[title], separators=(',', ':'))}"
        for title in sorted(seen)
    ]
    file.write_text("{\n" + ",\n".join(lines) + "\n}\n")
