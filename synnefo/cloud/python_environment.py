"""The virtual environment beside the checkout, brought up to date when a lock changes."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from synnefo.cloud import commands, interpreter
from synnefo.cloud.errors import CloudError

SYSTEM_PACKAGES = Path("/usr/lib/python3/dist-packages")
BINDING = ("libvirt.py", "libvirt_qemu.py", "libvirt_lxc.py", "libvirtaio.py", "libvirtmod*.so")
COMPILED = ("synnefo", "ganeti_backend", "eventd", "hooks")


class PythonEnvironment:
    """`.venv`, with the locked requirements, this checkout and its commands in it."""

    def __init__(self, checkout: Path) -> None:
        self.checkout = checkout
        self.folder = checkout / ".venv"
        self.bin = self.folder / "bin"
        self.python = self.bin / "python"

    def ensure(self, lock_name: str = "requirements.lock") -> str:
        """Make it usable; says in a word what had to be done."""
        with self._alone():
            done = []
            if not self._runs():
                self._create()
                done.append("created")
            if self._install(lock_name):
                done.append("packages installed")
            self._register_checkout()
            linked = self._link_libvirt()
            if done or linked:
                self._compile()
        return ", ".join(done) or "unchanged"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Two clouds of one checkout may start at the same time."""
        cache = self.checkout / ".cache"
        cache.mkdir(exist_ok=True)
        with (cache / "environment.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _runs(self) -> bool:
        try:
            prefix = commands.run([self.python, "-c", "import sys; print(sys.prefix)"]).strip()
        except CloudError:
            return False
        # A copied checkout carries an environment that still points at the original.
        return Path(prefix).resolve() == self.folder.resolve() and self._pip().exists()

    def _pip(self) -> Path:
        return self.bin / "pip"

    def _create(self) -> None:
        python = interpreter.choose()
        shutil.rmtree(self.folder, ignore_errors=True)
        commands.run([python, "-m", "venv", self.folder], timeout=300)

    def _install(self, lock_name: str) -> bool:
        lock = self.checkout / lock_name
        digest = hashlib.sha256(lock.read_bytes()).hexdigest()
        stamp = self.folder / f".{lock_name}.installed"
        if stamp.exists() and stamp.read_text() == digest:
            return False
        options = ["--quiet", "--disable-pip-version-check", "--no-input", "--require-hashes"]
        commands.run([self._pip(), "install", *options, "-r", lock], timeout=1800)
        stamp.write_text(digest)
        return True

    def _site_packages(self) -> Path:
        found = sorted((self.folder / "lib").glob("python3*/site-packages"))
        if not found:
            raise CloudError(f"{self.folder} is no virtual environment: remove it and try again")
        return found[0]

    def _register_checkout(self) -> None:
        """What an editable installation would do, without a build back end and its download."""
        write_if_different(self._site_packages() / "synnefo-checkout.pth", f"{self.checkout}\n")
        project = tomllib.loads((self.checkout / "pyproject.toml").read_text())["project"]
        for name, target in project.get("scripts", {}).items():
            module, function = target.split(":")
            script = self.bin / name
            write_if_different(script, console_script(self.python, module, function))
            script.chmod(0o755)

    def has_client(self) -> bool:
        """Whether the `openstack` command is there."""
        return (self.bin / "openstack").exists()

    def _compile(self) -> None:
        """Else each process of the first start compiles for itself, and keeps the memory of it."""
        links = [path for path in self._site_packages().glob("libvirt*.py") if path.is_symlink()]
        folders = [self.checkout / name for name in COMPILED]
        commands.run([self.python, "-m", "compileall", "-q", *links, *folders], timeout=120)

    def _link_libvirt(self) -> bool:
        """libvirt's binding must match the system's library, so Debian's is the right one."""
        site, made = self._site_packages(), False
        version = site.parent.name.removeprefix("python").replace(".", "")
        if not any(SYSTEM_PACKAGES.glob(f"libvirtmod.cpython-{version}-*.so")):
            return False
        for pattern in BINDING:
            for source in SYSTEM_PACKAGES.glob(pattern):
                link = site / source.name
                if not link.exists():
                    link.unlink(missing_ok=True)
                    link.symlink_to(source)
                    made = True
        return made


def console_script(python: Path, module: str, function: str) -> str:
    """The text of a command; the kernel reads only so much of an interpreter line."""
    body = f"import sys\nfrom {module} import {function}\nsys.exit({function}())\n"
    if len(str(python)) < 120 and " " not in str(python):
        return f"#!{python}\n{body}"
    return f"#!/bin/sh\n'''exec' \"{python}\" \"$0\" \"$@\"\n' '''\n{body}"


def write_if_different(path: Path, text: str) -> None:
    """Leave a file alone that is right: others may be reading it."""
    if path.exists() and path.read_text() == text:
        return
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_text(text)
    partial.rename(path)
