"""Runs the list on both clusters and keeps what was seen."""

import json
import sys
import threading
import traceback
from typing import Any

from tests.conformance import scenarios
from tests.conformance.compare import differences
from tests.conformance.world import SCENARIOS, Cluster, World

assert scenarios
Seen = dict[str, dict[str, Any]]


def run(cluster: Cluster, chosen: list[str] | None = None) -> Seen:
    """What each scenario saw on a cluster; where it broke off, and why, is among that."""
    seen: Seen = {}
    for title in chosen or list(SCENARIOS):
        world = World(title, cluster)
        try:
            SCENARIOS[title](world)
        except Exception:  # noqa: BLE001 (told with the scenario's findings; the others go on)
            world.seen["broke off"] = traceback.format_exc(limit=-3)
        seen[title] = world.seen
    return seen


def run_both(real: Cluster, ours: Cluster, chosen: list[str] | None = None) -> tuple[Seen, Seen]:
    """On both at once: the real one takes minutes."""
    results: dict[str, Seen] = {}

    def work(name: str, cluster: Cluster) -> None:
        results[name] = run(cluster, chosen)

    threads = [
        threading.Thread(target=work, args=pair) for pair in (("real", real), ("ours", ours))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results["real"], results["ours"]


def main(chosen: list[str]) -> None:
    """Print every difference, explained or not; for whoever works on them."""
    from tests.conformance.own_cluster import own_cluster
    from tests.conformance.real_ganeti import real_ganeti, why_unavailable

    problem = why_unavailable()
    if problem:
        sys.exit(problem)
    with real_ganeti() as real, own_cluster() as ours:
        seen, own = run_both(real, ours, chosen or None)
    for title in seen:
        for found in differences(title, seen[title], own[title]):
            print(found)
    with open("/tmp/conformance.json", "w") as stream:
        json.dump({"real": seen, "ours": own}, stream, indent=1)


if __name__ == "__main__":
    main(sys.argv[1:])
