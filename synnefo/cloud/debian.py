"""Installs Debian packages where that is possible, and says what to type where it is not."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from synnefo.cloud import commands
from synnefo.cloud.errors import CloudError

POLICY = Path("/usr/sbin/policy-rc.d")
FORBID_STARTING = "#!/bin/sh\n# ./cloud installs programs, not system services.\nexit 101\n"


def can_install() -> bool:
    """Root on a machine with apt."""
    return os.geteuid() == 0 and commands.find("apt-get") is not None


def install(packages: Sequence[str], purpose: str) -> None:
    """Install them, or raise the one line that says how."""
    if not can_install():
        line = f"apt-get install {' '.join(packages)}"
        raise CloudError(f"{purpose} needs Debian packages: as root, run {line}")
    environment = {
        **os.environ,
        "DEBIAN_FRONTEND": "noninteractive",
        "LC_ALL": "C",
        "PATH": commands.SEARCH_PATH,
    }
    words = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages]
    with _services_stay_down():
        try:
            commands.run(words, env=environment, timeout=1200)
        except CloudError:
            # A fresh machine has no package lists, or old ones that name files long gone.
            commands.run(["apt-get", "update", "-q"], env=environment)
            commands.run(words, env=environment, timeout=1200)


@contextmanager
def _services_stay_down() -> Iterator[None]:
    """Without this RabbitMQ and PostgreSQL would start on their system ports."""
    if POLICY.exists():
        yield
        return
    POLICY.write_text(FORBID_STARTING)
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink(missing_ok=True)
