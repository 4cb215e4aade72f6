"""Runs tests of tempest against a cloud that is up, by pattern, and prints what became of each.

    python -m tests.system.tempest.run STATE_DIR PATTERN... [-v] [--workers N] [--python PYTHON]

A pattern is a regular expression over ids; @FILE stands for the patterns of a file. With -v the
requests of each failed test follow it.
"""

import argparse
import json
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tests.system.tempest import configuration

WORKER = Path(__file__).with_name("worker.py")


def run(
    python: Path | str, configured: Path, patterns: Iterable[str], *, workers: int = 4
) -> Iterator[dict[str, Any]]:
    """Each test with its outcome, as soon as it is known."""
    results = configured.parent / "results.jsonl"
    results.write_text("")
    line = [str(python), str(WORKER), str(configured), str(results), str(workers)]
    with subprocess.Popen(line, stdin=subprocess.PIPE, text=True, cwd=configured.parent) as process:
        assert process.stdin is not None
        process.stdin.write("\n".join(patterns))
        process.stdin.close()
        yield from _followed(results, process)
        if process.returncode:
            raise RuntimeError(f"tempest's worker ended with {process.returncode}")


def _followed(results: Path, process: "subprocess.Popen[str]") -> Iterator[dict[str, Any]]:
    pause = threading.Event()
    line = ""
    with results.open() as lines:
        while True:
            ended = process.poll() is not None
            while more := lines.readline():
                line += more
                if line.endswith("\n"):  # Long ones are written in parts.
                    yield json.loads(line)
                    line = ""
            if ended:
                return
            pause.wait(0.2)


def cause(row: dict[str, Any]) -> str:
    """The last line of a traceback, shortened."""
    lines = [line for line in row.get("why", "").strip().splitlines() if line.strip()]
    details = [line for line in lines if line.startswith(("Details:", "tempest.", "testtools."))]
    told = " ".join(line.strip() for line in (details or lines[-1:])[:3])
    return " ".join(told.split())[:300]


def patterns_of(words: Iterable[str]) -> list[str]:
    """Patterns as they are; those of files without their comments."""
    found = []
    for word in words:
        if word.startswith("@"):
            for line in Path(word[1:]).read_text().splitlines():
                text = line.partition("#")[0].strip()
                if text:
                    found.append(text)
        else:
            found.append(word)
    return found


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("state", type=Path)
    parser.add_argument("patterns", nargs="+")
    parser.add_argument("-v", "--verbose", action="store_true")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--set", action="append", default=[], metavar="SECTION.NAME=VALUE")
    asked = parser.parse_args()
    passwords = json.loads((asked.state / "passwords.json").read_text())
    port = json.loads((asked.state / "cloud.json").read_text())["port"]
    work = asked.state / "tempest"
    more: dict[str, dict[str, str]] = {}
    for word in asked.set:
        name, _, value = word.partition("=")
        section, _, option = name.partition(".")
        more.setdefault(section, {})[option] = value
    configured = configuration.write(
        f"http://127.0.0.1:{port}", passwords["admin_password"], work, **more
    )
    count: Counter[str] = Counter()
    told = ""
    patterns = patterns_of(asked.patterns)
    for row in run(asked.python, configured, patterns, workers=asked.workers):
        count[row["outcome"]] += 1
        print(f"{row['outcome']:8}{row['seconds']:6.1f} s  {row['test']}", flush=True)
        # A class that cannot be set up fails all of its tests for one cause.
        if row["outcome"] != "passed" and told != (told := cause(row)):
            print(f"    {told}", flush=True)
        if row["outcome"] == "failed" and asked.verbose:
            print(row["log"], row["why"], sep="\n", flush=True)
    print(", ".join(f"{count[name]} {name}" for name in ("passed", "failed", "skipped")))
    print(f"requests of failed tests: {work / 'results.jsonl'}")
    return int(bool(count["failed"]) or not count)


if __name__ == "__main__":
    sys.exit(main())
