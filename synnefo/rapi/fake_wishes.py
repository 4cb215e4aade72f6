"""What the pretended cluster can do with instances beyond starting and stopping them.

It saves no bytes: what a saved disk would be is written down in `saved`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Literal

from synnefo.core.server_actions import MOVE, PAUSE, SAVE, SUSPEND, VOLUMES
from synnefo.ports import InstanceReport
from synnefo.rapi.fake_failures import JobFails

FEATURES = (MOVE, PAUSE, SAVE, SUSPEND, VOLUMES)
OTHER_NODE = "node2.fake"
# After each of them: Ganeti's word, what is wished, and whether the guest runs.
HELD = {
    "pause": ("paused", "up", True),
    "unpause": ("running", "up", True),
    "suspend": ("suspended", "down", False),
    "resume": ("running", "up", True),
}
Work = Callable[[], Any]


class FakeWishes:
    """A part of the fake cluster; it knows its instances and how to make jobs."""

    saved: dict[str, tuple[str, str]]
    _instances: dict[str, InstanceReport]
    _on: Callable[[str, str, str, Work], int]
    set_instance: Callable[..., None]

    def submit_hold(
        self, name: str, what: Literal["pause", "unpause", "suspend", "resume"], reason: str
    ) -> int:
        """Let an instance stand still or go on."""
        status, state, running = HELD[what]
        change = {"status": status, "admin_state": state, "running": running}
        work = lambda: self.set_instance(name, **change)  # noqa: E731 - it is one argument.
        return self._on(name, f"INSTANCE_{what.upper()}", reason, work)

    def submit_reinstall(self, name: str, os: str, osparams: Mapping[str, str], reason: str) -> int:
        """Install anew; the real thing stops the instance by an opcode of its own."""

        def install() -> None:
            self.set_instance(name, status="ADMIN_down", admin_state="down", running=False, os=os)

        return self._on(name, "INSTANCE_REINSTALL", reason, install)

    def submit_grow_disk(self, name: str, disk: int, size: int, reason: str) -> int:
        """More room."""

        def grow() -> None:
            old = self._instances[name].disks
            if not 0 <= disk < len(old) or size < old[disk].size:
                raise JobFails("OpPrereqError", "Requested size is smaller", "wrong_state")
            grown = replace(old[disk], size=size)
            self.set_instance(name, disks=(*old[:disk], grown, *old[disk + 1 :]))

        return self._on(name, "INSTANCE_GROW_DISK", reason, grow)

    def submit_save_disk(
        self, name: str, disk: str, file: str, reason: str, *, sums: bool = True
    ) -> int:
        """Write down what was saved as what."""

        def save() -> dict[str, Any]:
            self.saved[file] = (name, disk)
            if not sums:
                return {}
            found = hashlib.md5(b"", usedforsecurity=False), hashlib.sha512(b"")
            checksum, os_hash_value = (one.hexdigest() for one in found)
            return {"size": 1 << 20, "checksum": checksum, "os_hash_value": os_hash_value}

        return self._on(name, "INSTANCE_SAVE_DISK", reason, save)

    def submit_migrate(self, name: str, live: bool, node: str | None, reason: str) -> int:
        """To the other node."""
        return self._on(name, "INSTANCE_MIGRATE", reason, lambda: self._go(name, node))

    def submit_failover(self, name: str, node: str | None, reason: str) -> int:
        """To the other node."""
        return self._on(name, "INSTANCE_FAILOVER", reason, lambda: self._go(name, node))

    def submit_move(self, name: str, node: str, reason: str) -> int:
        """To this node."""
        return self._on(name, "INSTANCE_MOVE", reason, lambda: self._go(name, node))

    def _go(self, name: str, node: str | None) -> None:
        self.set_instance(name, pnode=node or OTHER_NODE)
