"""A cloud on a cluster that exists already, instead of one of its own.

The cluster is looked at and stored by `manage.py backend_add`; here is where its password comes
from, and what of its answer a new cloud goes by.
"""

from __future__ import annotations

import getpass
import json
import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from synnefo.cloud import commands, full_parts, processes
from synnefo.cloud.errors import CloudError
from synnefo.cloud.layout import CHECKOUT, Choices, Layout, write_private
from synnefo.cloud.python_environment import PythonEnvironment

PASSWORD = "SYNNEFO_BACKEND_PASSWORD"


@dataclass(frozen=True)
class Wish:
    """What the command line said of the cluster; nothing of it is secret."""

    address: str | None = None
    password_file: Path | None = None
    ca: Path | None = None
    fingerprint: str | None = None
    queue: Path | None = None
    broker_address: str | None = None

    def kept(self, before: Choices) -> Choices:
        """What of it is kept for later runs, over what was said before."""
        return replace(
            before,
            backend=self.address or before.backend,
            backend_ca=str(self.ca.absolute()) if self.ca else before.backend_ca,
            backend_fingerprint=self.fingerprint or before.backend_fingerprint,
            backend_queue=str(self.queue.absolute()) if self.queue else before.backend_queue,
            broker_address=self.broker_address or before.broker_address,
        )


def check(wish: Wish, before: str | None) -> None:
    """Raise for what makes no sense; `before` is the address of an earlier `up` of this folder."""
    if wish.address is None:
        if any((wish.password_file, wish.ca, wish.fingerprint, wish.queue)) and not before:
            raise CloudError("name the cluster too: --backend ganeti://USER@HOST:5080")
        return
    parts = urlsplit(wish.address)
    if parts.password is not None:
        raise CloudError(
            "a password in an address can be read by everybody on this machine: use"
            f" --backend-password-file, or set {PASSWORD}"
        )
    if parts.scheme != "ganeti" or not parts.hostname or not parts.username:
        raise CloudError(f"{wish.address} is no cluster: --backend ganeti://USER@HOST:5080")
    if before is not None and before != wish.address:
        there = f"a cloud on {before}" if before else "a cloud with a cluster of its own"
        raise CloudError(f"this folder holds {there}: choose another with --state")


def attach(layout: Layout, python: PythonEnvironment, wish: Wish) -> dict[str, Any]:
    """Have the cluster looked at and stored, unless that was done; what it is like."""
    kept = layout.state / "backend.json"
    again = wish.password_file or wish.ca or wish.fingerprint
    if not kept.exists() or again:
        choices, environment = layout.choices, processes.frontend_environment(layout, python)
        words: list[str | Path] = [python.python, CHECKOUT / "manage.py", "backend_add", "--json"]
        words += ["--ca", choices.backend_ca] if choices.backend_ca else []
        words += ["--fingerprint", choices.backend_fingerprint] * bool(choices.backend_fingerprint)
        password = _password(wish, first=not kept.exists())
        if password is not None:
            environment |= {PASSWORD: password}
        words.append(choices.backend)
        answer = commands.run(words, env=environment, cwd=CHECKOUT, own_words=True)
        write_private(kept, answer)
    facts: dict[str, Any] = json.loads(kept.read_text())
    return facts


def _password(wish: Wish, *, first: bool) -> str | None:
    """From a file, the environment or the terminal; None to keep the one that is stored."""
    if wish.password_file is not None:
        return wish.password_file.read_text(encoding="utf-8").strip()
    if PASSWORD in os.environ:
        return os.environ[PASSWORD]
    if not first:
        return None
    if sys.stdin.isatty():
        return getpass.getpass(f"Password for {wish.address}: ")
    raise CloudError(
        f"the cluster's password is missing: --backend-password-file FILE, or {PASSWORD}"
    )


def say_what_is_missing(facts: dict[str, Any], layout: Layout) -> None:
    """What an administrator of the cluster has to do before all works."""
    for line in facts["advice"]:
        print(f"          On {facts['name']}: {line}")
    if layout.full and layout.choices.broker_address:
        file = layout.state / "eventd-bus"
        write_private(file, full_parts.bus_url(layout, layout.choices.broker_address) + "\n")
        print(f"          For eventd on its master candidates: hooks.node_setup --bus, with {file}")
    elif not layout.choices.backend_queue:
        print(
            "          Its job queue is not watched from here (--backend-queue): run eventd on its"
            " master candidates, or changes are seen by the reconciler only, every 30 s."
        )
