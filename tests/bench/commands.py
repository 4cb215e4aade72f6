"""How long the gnt-* commands take to start: the launchers that `./cloud env` puts into PATH.

Every launcher prints its help, which loads all of its modules and asks nobody. The best of a few
runs is what the command itself takes, the median what this machine makes of it now.
"""

import argparse
import compileall
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

WANTED_MS = 150
BIN = Path(sys.executable).parent
PACKAGE = Path(__file__).parents[2] / "ganeti_backend"


def one(words: Sequence[str | Path]) -> tuple[float, float]:
    """Milliseconds by the clock, and of processor time."""
    before, begun = os.times(), time.perf_counter()
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    clock, after = time.perf_counter() - begun, os.times()
    used = after.children_user + after.children_system
    return clock * 1000, (used - before.children_user - before.children_system) * 1000


def measure(words: Sequence[str | Path], runs: int) -> dict[str, float]:
    samples = [one(words) for _ in range(runs)]
    clock = [sample[0] for sample in samples]
    return {
        "best_ms": round(min(clock)),
        "median_ms": round(statistics.median(clock)),
        "processor_ms": round(statistics.median(sample[1] for sample in samples)),
    }


def slowest_imports(module: str, count: int) -> list[str]:
    """What takes longest of what a module imports, by itself."""
    words = [sys.executable, "-X", "importtime", "-c", f"import {module}"]
    lines = subprocess.run(words, capture_output=True, text=True, check=True).stderr.splitlines()
    rows = [line.removeprefix("import time:").split("|") for line in lines if "|" in line]
    found = [(int(row[0]), row[2].strip()) for row in rows if row[0].strip().isdigit()]
    return [f"{own / 1000:.1f} ms {name}" for own, name in sorted(found, reverse=True)[:count]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--imports", type=int, default=5, help="print so many slow imports")
    args = parser.parse_args()
    # As after './cloud up': else each start would also compile what changed since.
    compileall.compile_dir(PACKAGE, quiet=1)
    report: dict[str, object] = {"wanted_ms": WANTED_MS}
    report["python"] = measure([sys.executable, "-c", "pass"], args.runs)
    for launcher in sorted(BIN.glob("gnt-*")):
        report[launcher.name] = measure([launcher, "--help"], args.runs)
    report["slowest_imports"] = slowest_imports("ganeti_backend.cli.gnt_instance", args.imports)
    print(json.dumps(report, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
