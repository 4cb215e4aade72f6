"""Runs the list on both clusters and keeps what was seen.

`python -m tests.conformance.session [--real FILE] [SCENARIO ...]` prints every difference that no
row explains; FILE keeps what the real one said, so that the next look takes seconds.
"""

import argparse
import json
import sys
import threading
import traceback
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from tests.conformance import differences, kept, scenarios
from tests.conformance.compare import Found, compare
from tests.conformance.world import BESIDE, SCENARIOS, Cluster, World

assert scenarios
Seen = dict[str, dict[str, Any]]
# These take other scenarios' instances along, or refuse everybody's jobs for a moment.
ALONE = ("node_evacuation", "node_migration", "job_for_a_queue_that_is_drained")


def run(cluster: Cluster, chosen: Iterable[str] | None = None) -> Seen:
    """What each scenario saw on a cluster; where it broke off, and why, is among that."""
    seen: Seen = {}
    titles = [title for title in SCENARIOS if chosen is None or title in chosen]

    def lane(belongs: Callable[[str], bool]) -> None:
        for title in filter(belongs, titles):
            world = World(title, cluster)
            try:
                SCENARIOS[title](world)
            except Exception:  # noqa: BLE001 (told with the scenario's findings; the others go on)
                world.seen["broke off"] = traceback.format_exc(limit=-3)
            seen[title] = world.seen

    both(
        lambda: lane(lambda title: title in BESIDE),
        lambda: lane(lambda title: title not in BESIDE and title not in ALONE),
    )
    lane(lambda title: title in ALONE)
    return seen


def both(*tasks: Callable[[], None]) -> None:
    threads = [threading.Thread(target=task) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def run_both(
    real: Cluster, ours: Cluster, chosen: Iterable[str] | None = None
) -> tuple[Seen, Seen]:
    """On both at once: the real one takes minutes."""
    results: dict[str, Seen] = {}
    both(
        lambda: results.update(real=run(real, chosen)),
        lambda: results.update(ours=run(ours, chosen)),
    )
    return results["real"], results["ours"]


def found_in(real: Seen, ours: Seen) -> list[Found]:
    """All differences, explained or not."""
    known = [title for title in ours if title in real]
    return [found for title in known for found in compare(title, real[title], ours[title])]


def main() -> None:
    """Print what no row explains, and rows that explain nothing; for whoever works on them."""
    from tests.conformance.own_cluster import own_cluster
    from tests.conformance.real_ganeti import real_ganeti, why_unavailable

    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--real", type=Path, metavar="FILE")
    options.add_argument("--seen", type=Path, metavar="FILE", help="write down what both said")
    options.add_argument("scenarios", nargs="*")
    chosen = options.parse_args()
    wanted = chosen.scenarios or None
    known = kept.load(chosen.real) if chosen.real and chosen.real.exists() else None
    problem = None if known else why_unavailable()
    if problem:
        sys.exit(problem)
    with own_cluster() as ours, nullcontext() if known else real_ganeti() as real:
        ours.keep_one_candidate()
        seen, own = (known, run(ours, wanted)) if real is None else run_both(real, ours, wanted)
    if chosen.real and not known:
        kept.keep(seen, chosen.real)
    if chosen.seen:
        chosen.seen.write_text(json.dumps({"real": seen, "ours": own}, indent=1))
    found = found_in(seen, json.loads(json.dumps(own)))
    for one in differences.unexplained(found):
        print(one)
    if not wanted:
        for row in differences.stale(found):
            print("explains nothing:", row)


if __name__ == "__main__":
    main()
