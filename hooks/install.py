"""Puts the hooks into a cluster's hooks folder: small scripts that know where everything is.

Hooks run with an empty environment, so each script names the Python, the modules' folders and the
configuration in full.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import sysconfig
from pathlib import Path

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


def script(python: Path, config: Path, modules: list[Path]) -> str:
    """A shell script; `-S` saves looking through site-packages at each start."""
    path = ":".join(str(folder) for folder in modules)
    command = shlex.join([str(python), "-S", "-m", "hooks.publish", "--config", str(config)])
    return f"#!/bin/sh\nPYTHONPATH={shlex.quote(path)} exec {command}\n"


def install(folder: Path, python: Path, config: Path) -> list[Path]:
    """Write the scripts; repeated, it replaces them."""
    modules = [ROOT, Path(sysconfig.get_paths()["purelib"])]
    content = script(python, config, modules)
    written = []
    for path in PATHS:
        place = folder / f"{path}-post.d"
        place.mkdir(parents=True, exist_ok=True)
        # Written aside and renamed, as a hook may be run at this moment; a name with a dot is
        # none that Ganeti runs.
        temporary = place / f"{SCRIPT}.new"
        temporary.write_text(content)
        temporary.chmod(0o755)
        temporary.rename(place / SCRIPT)
        written.append(place / SCRIPT)
    return written


def main(arguments: list[str] | None = None) -> int:
    """`python -m hooks.install HOOKS_DIR [--python PY] [--config FILE]`."""
    parser = argparse.ArgumentParser(prog="hooks.install", description=__doc__)
    parser.add_argument("hooks_dir", type=Path)
    parser.add_argument("--python", type=Path, default=Path(sys.executable))
    parser.add_argument("--config", type=Path, help="hooks.json (default: beside HOOKS_DIR)")
    given = parser.parse_args(arguments)
    folder = given.hooks_dir.absolute()
    config = (given.config or folder.parent / "hooks.json").absolute()
    for path in install(folder, given.python.absolute(), config):
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
