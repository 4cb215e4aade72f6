"""`./cloud chaos --minutes M --seed S`: breaks a cloud of its own and counts what does not hold.

Prints the faults by kind, the operations and a count per invariant; ends with 1 when one is not 0.
What explains a failure is kept in a folder that is named. The same seed makes the same plan.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from synnefo.cloud import full_parts
from tests.chaos import report
from tests.chaos.machine import Machine, enclosed, own_words
from tests.chaos.run import Outcome, Run, keep
from tests.conformance.namespaces import why_not
from tests.system.cloud import free_port_range

PATIENCE = 240.0


def parser() -> argparse.ArgumentParser:
    """The options."""
    top = argparse.ArgumentParser(prog="cloud chaos", description=__doc__)
    top.add_argument("--minutes", type=float, default=2.0, metavar="M")
    top.add_argument("--seed", type=int, default=1, metavar="S")
    top.add_argument("--profile", choices=["embedded", "full"], default="embedded")
    top.add_argument("--backend", choices=["ours", "ganeti"], default="ours")
    top.add_argument("--report", type=Path, metavar="FILE", help="also write what is printed here")
    top.add_argument("--settle", type=float, default=PATIENCE, metavar="SECONDS")
    top.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    return top


def main() -> int:
    """Outside: make room and go inside. Inside: break things."""
    options = parser().parse_args()
    if options.inside is not None:
        return _inside(options, rooms=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = Path(tempfile.mkdtemp(prefix="chaos-"))
    try:
        os.chmod(folder, 0o711)  # PostgreSQL and RabbitMQ run as users of their own.
        if options.profile == "full":
            full_parts.ensure_programs()
        return _outside(options, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _outside(options: argparse.Namespace, folder: Path) -> int:
    reason = _why_not(options.backend)
    if reason is None:
        words = enclosed(own_words(*sys.argv[1:], "--inside", str(folder)))
        return subprocess.run(words, check=False).returncode
    if options.backend == "ganeti":
        sys.stderr.write(f"cloud: {reason}\n")
        return 1
    print(f"No cable is cut and no disk filled: {reason}.", flush=True)
    options.inside = folder
    return _inside(options, rooms=False)


def _why_not(backend: str) -> str | None:
    if backend == "ours":
        return why_not()
    from tests.conformance.real_ganeti import why_unavailable

    return why_unavailable()


def _kind(backend: str) -> type[Machine]:
    if backend == "ours":
        return Machine
    from tests.chaos.real_machine import RealMachine

    return RealMachine


def _inside(options: argparse.Namespace, *, rooms: bool) -> int:
    port = 8800 if rooms else free_port_range()
    machine = _kind(options.backend)(options.inside, port, options.profile, rooms=rooms)
    outcome = None
    try:
        machine.up()
        outcome = Run(machine, options.seed, options.minutes * 60, options.settle).go()
        _tell(outcome, options)
    finally:
        if outcome is None or outcome.violations:
            kept = Path(tempfile.mkdtemp(prefix="chaos-failed-"))
            keep(kept, machine, outcome)
            print(f"Kept for looking: {kept}", flush=True)
        machine.down()
    return 1 if outcome.violations else 0


def _tell(outcome: Outcome, options: argparse.Namespace) -> None:
    heading = f"chaos: seed {options.seed}, {options.minutes:g} minutes, {options.profile}"
    told = report.text(outcome, f"{heading}, backend {options.backend}")
    print(told, end="", flush=True)
    if options.report:
        options.report.write_text(told)


if __name__ == "__main__":
    sys.exit(main())
