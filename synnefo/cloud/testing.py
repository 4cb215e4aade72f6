"""`./cloud test`: fetches what the tests need, then runs the checks and all tests.

The last line of its output is pytest's, and the exit code tells whether everything held.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from synnefo.cloud import commands, debian
from synnefo.cloud.errors import CloudError
from synnefo.cloud.python_environment import PythonEnvironment
from synnefo.cloud.steps import Steps

PACKAGES = ("synnefo", "ganeti_backend", "eventd", "hooks", "dhcpd")
FAST_FOLDERS = ("unit", "contract", "integration", "architecture")
# `tests/spreading.py` says what stays together. Fast tests wait half of their time, so a processor
# takes two lots at once; with guests and clouds it would have too much to do.
SPREAD = ("-n", "auto")
SPREAD_FAST = ("-n", str(2 * (os.cpu_count() or 1)))
FULL_SELECTION = "not hardware"
SLOWEST = "--durations=30"  # Said at the end, for the whole is to stay under 25 minutes.
MEMORY, MEMORY_NEEDED = "/dev/shm", 1 << 30  # They leave less than 200 MB.
# What the tests talk to for real, each with the files by which it is recognised.
REAL_PARTS = {
    "rabbitmq-server": ("/usr/lib/rabbitmq/bin/rabbitmq-server",),
    "postgresql": ("/usr/lib/postgresql/*/bin/initdb",),
    "qemu-system-x86": ("/usr/bin/qemu-system-x86_64",),
    "qemu-utils": ("/usr/bin/qemu-img",),
    "libvirt-daemon": ("/usr/lib/*/libvirt/connection-driver/libvirt_driver_qemu.so",),
    "python3-libvirt": ("/usr/lib/python3/dist-packages/libvirt.py",),
    "genisoimage": ("/usr/bin/genisoimage",),
    "chromium": ("/usr/bin/chromium",),
}
# What a real Ganeti beside ours needs; of Debian 12 only, so these are installed by themselves.
CONFORMANCE_PARTS = {
    "ganeti": ("/usr/sbin/ganeti-luxid",),
    "openssh-server": ("/usr/sbin/sshd",),
    "iputils-arping": ("/usr/bin/arping", "/usr/sbin/arping"),
    "fping": ("/usr/bin/fping",),
    "socat": ("/usr/bin/socat",),
    "python3-pycurl": ("/usr/lib/python3/dist-packages/pycurl*",),
}
LEFT_OUT = {
    "rabbitmq-server": "the full profile and the bus contract on RabbitMQ",
    "postgresql": "the full profile and the doorbell contract on PostgreSQL",
    "qemu-system-x86": "real guests",
    "qemu-utils": "real guests",
    "libvirt-daemon": "real guests",
    "python3-libvirt": "real guests",
    "genisoimage": "real guests",
    "chromium": "the web page in a browser",
    **dict.fromkeys(CONFORMANCE_PARTS, "comparing ours with a real Ganeti"),
}


class Suite:
    """One run of `./cloud test`."""

    def __init__(self, checkout: Path) -> None:
        self.checkout = checkout
        self.python = PythonEnvironment(checkout)
        self.steps = Steps()
        self.environment = {
            **os.environ,
            "PATH": f"{self.python.bin}:{commands.SEARCH_PATH}",
            "VIRTUAL_ENV": str(self.python.folder),
        }
        # Without it each of many processes would compile the tests and what it runs anew.
        self.environment.pop("PYTHONDONTWRITEBYTECODE", None)

    def run(self, *, fast: bool, arguments: Sequence[str]) -> int:
        """All checks, then one pytest run."""
        with self.steps.step("Python environment for tests") as step:
            step.note = self.python.ensure("requirements-test.lock")
        if not fast:
            with self.steps.step("Real parts to test on") as step:
                step.note = _real_parts()
        checks = _checks(self.python).items()
        failed = [name for name, words in checks if self._fails(name, words)]
        if failed:
            # Said before the tests run, for pytest's line is to be the last one.
            sys.stderr.write(f"cloud: these checks failed: {', '.join(failed)}\n")
            sys.stderr.flush()
        # Sockets need short paths, and each of several test processes adds a folder to them.
        with tempfile.TemporaryDirectory(prefix="ct-", dir=_memory() if fast else None) as folder:
            selection = _selection(fast=fast, arguments=arguments)
            code = self._pytest([*selection, f"--basetemp={folder}/t"])
        return code or int(bool(failed))

    def _fails(self, name: str, words: list[str]) -> bool:
        with self.steps.step(name) as step:
            done = subprocess.run(
                words,
                cwd=self.checkout,
                env=self.environment,
                capture_output=True,
                check=False,
                text=True,
            )
            step.note = "" if done.returncode == 0 else "FAILED"
        if done.returncode:
            print(done.stdout + done.stderr, flush=True)
        return done.returncode != 0

    def _pytest(self, words: list[str]) -> int:
        return subprocess.run(
            [str(self.python.python), "-m", "pytest", *words],
            cwd=self.checkout,
            env=self.environment,
            check=False,
        ).returncode


def _memory() -> str | None:
    """Where files cost no wait for a disk, if there is room for those of the fast tests."""
    usable = os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > MEMORY_NEEDED
    return MEMORY if usable else None


def _real_parts() -> str:
    missing = [*missing_parts(), *missing_parts(CONFORMANCE_PARTS)]
    for parts in (REAL_PARTS, CONFORMANCE_PARTS):
        absent = missing_parts(parts)
        if absent and debian.can_install():
            try:
                debian.install(absent, "the tests")
            except CloudError as error:
                print(f"          {error}")
    still = [*missing_parts(), *missing_parts(CONFORMANCE_PARTS)]
    for package in still:
        print(f"          left out, {package} is not installed: {LEFT_OUT[package]}")
    return "all there" if not missing else f"installed {len(missing) - len(still)}"


def missing_parts(parts: Mapping[str, tuple[str, ...]] = REAL_PARTS) -> list[str]:
    """The packages of which nothing is found on this machine."""
    return [
        package
        for package, patterns in parts.items()
        if not any(any(Path("/").glob(pattern.lstrip("/"))) for pattern in patterns)
    ]


def _checks(python: PythonEnvironment) -> dict[str, list[str]]:
    program = str(python.python)
    return {
        "ruff check": [str(python.bin / "ruff"), "check", "."],
        "ruff format": [str(python.bin / "ruff"), "format", "--check", "."],
        "mypy": [program, "-m", "mypy", *PACKAGES],
        "import contracts": [str(python.bin / "lint-imports")],
        "manage.py check": [program, "manage.py", "check"],
        "makemigrations": [program, "manage.py", "makemigrations", "--check", "--dry-run"],
    }


def _selection(*, fast: bool, arguments: Sequence[str]) -> list[str]:
    """pytest's arguments: own ones win over the usual choice."""
    words = [*arguments]
    if any(not word.startswith("-") and "tests" in word for word in arguments):
        return words
    if fast:
        return [*SPREAD_FAST, *words, *(f"tests/{name}" for name in FAST_FOLDERS)]
    # A later -m replaces the one of pyproject.toml, which leaves the slow tests out.
    return [*SPREAD, "-m", FULL_SELECTION, SLOWEST, *words]
