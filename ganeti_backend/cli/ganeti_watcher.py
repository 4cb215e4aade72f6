"""ganeti-watcher: has the watcher look now. It does so by itself once a minute."""

import argparse
import sys
from collections.abc import Sequence
from contextlib import closing

from ganeti_backend.cli.program import SUCCESS, Session
from ganeti_backend.cli.running import guarded

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def age(text: str) -> float:
    """A number of seconds, or with a unit: 30, 15m, 6h, 2d, 1w."""
    factor = UNITS.get(text[-1:], 0)
    digits = text[:-1] if factor else text
    if not digits.isdigit():
        raise argparse.ArgumentTypeError(f"'{text}' is no time span such as 90, 15m, 6h or 2d")
    return float(int(digits) * (factor or 1))


def parser() -> argparse.ArgumentParser:
    """Its options."""
    found = argparse.ArgumentParser(prog="ganeti-watcher", description=__doc__)
    found.add_argument("-d", "--debug", action="store_true", help="print what was found and done")
    found.add_argument("-A", "--job-age", type=age, help="archive jobs older than this; 6h")
    found.add_argument("--ignore-pause", action="store_true", help="also where it is paused")
    found.add_argument("--no-verify-disks", action="store_true")
    found.add_argument("--rapi-ip", help="accepted for scripts written for Ganeti; not needed")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """The console script."""
    args = parser().parse_args(arguments)

    def act() -> int:
        with closing(Session("ganeti-watcher", "watcher")) as session:
            lines = session.call(
                "WatcherRound",
                ignore_pause=args.ignore_pause,
                job_age=args.job_age,
                verify_disks=not args.no_verify_disks,
            )
        for line in lines:
            if args.debug or "job " not in line:
                print(line)
        return SUCCESS

    return guarded(act)


if __name__ == "__main__":
    sys.exit(main())
