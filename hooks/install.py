"""Puts the hooks into a cluster's hooks folder: small scripts that know where everything is.

Hooks run with an empty environment, so each script names what it needs in full. By default they
leave notes for the eventd of the same machine; where none runs, they publish by themselves.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

from hooks import note

# The operations after which an instance may have other cards, disks, sizes or another node.
# Stopping changes none of these, and networks are told of by their jobs.
PATHS = (
    "instance-add",
    "instance-start",
    "instance-reboot",
    "instance-modify",
    "instance-migrate",
    "instance-failover",
    "disk-grow",
)
SCRIPT = "50-synnefo"
ROOT = Path(__file__).resolve().parent.parent
MODES = ("note", "publish")


def publishing_script(python: Path, config: Path) -> str:
    """A hook that speaks to the bus; `-S` saves looking through site-packages at each start."""
    modules = f"{ROOT}:{sysconfig.get_paths()['purelib']}"
    command = shlex.join([str(python), "-S", "-m", "hooks.publish", "--config", str(config)])
    return f"#!/bin/sh\nPYTHONPATH={shlex.quote(modules)} exec {command}\n"


def install(folder: Path, script: Callable[[str], str]) -> list[Path]:
    """Write what `script` makes for each path of hooks; repeated, it replaces them."""
    written = []
    for path in PATHS:
        place = folder / f"{path}-post.d"
        place.mkdir(parents=True, exist_ok=True)
        # Written aside and renamed, as a hook may be run at this moment; a name with a dot is
        # none that Ganeti runs.
        temporary = place / f"{SCRIPT}.new"
        temporary.write_text(script(path))
        temporary.chmod(0o755)
        temporary.rename(place / SCRIPT)
        written.append(place / SCRIPT)
    return written


def main(arguments: list[str] | None = None) -> int:
    """`python -m hooks.install HOOKS_DIR [--mode note|publish] …`."""
    parser = argparse.ArgumentParser(prog="hooks.install", description=__doc__)
    parser.add_argument("hooks_dir", type=Path)
    parser.add_argument("--mode", choices=MODES, default="note")
    parser.add_argument(
        "--notes",
        type=Path,
        help="for note: the folder that eventd knows as EVENTD_NOTES"
        " (default: hook-notes beside HOOKS_DIR)",
    )
    parser.add_argument("--python", type=Path, default=Path(sys.executable), help="for publish")
    parser.add_argument("--config", type=Path, help="for publish: default hooks.json likewise")
    given = parser.parse_args(arguments)
    folder = given.hooks_dir.absolute()
    if given.mode == "note":
        notes = (given.notes or folder.parent / "hook-notes").absolute()
        notes.mkdir(mode=0o700, parents=True, exist_ok=True)
        written = install(folder, lambda path: note.script(notes, path))
    else:
        config = (given.config or folder.parent / "hooks.json").absolute()
        content = publishing_script(given.python.absolute(), config)
        written = install(folder, lambda _: content)
    for path in written:
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
