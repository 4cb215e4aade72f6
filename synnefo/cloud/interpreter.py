"""Chooses the Python that the environment is made of: the distribution's before the caller's.

The bindings of libvirt and RADOS are built for the distribution's, security updates reach it, and
its builds are optimised with profiles, which the ones that people build themselves often are not.
"""

from __future__ import annotations

import sys
from pathlib import Path

from synnefo.cloud import commands, debian
from synnefo.cloud.errors import CloudError

OLDEST = (3, 11)
DISTRIBUTION = Path("/usr/bin/python3")
QUESTION = (
    "import importlib.util, sys;"
    " print(*sys.version_info[:2], int(importlib.util.find_spec('ensurepip') is not None))"
)


def choose(distribution: Path = DISTRIBUTION) -> Path:
    """One that can make environments; CloudError says which package is missing."""
    try:
        if distribution.exists() and _is_made_ready(distribution):
            return distribution
    except CloudError as error:
        # The one that runs this is new enough as well; the cloud is only a little slower with it.
        print(f"          {distribution} is not used: {error}")
    own = Path(sys.executable)
    _is_made_ready(own)
    return own


def _is_made_ready(python: Path) -> bool:
    """Whether it is new enough; what `python -m venv` needs is a package of its own in Debian."""
    answer = commands.run([python, "-S", "-P", "-c", QUESTION], timeout=60)
    major, minor, complete = map(int, answer.split())
    if (major, minor) < OLDEST:
        return False
    if not complete:
        debian.install([f"python{major}.{minor}-venv"], "the Python environment")
    return True
