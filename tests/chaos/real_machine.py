"""A machine whose cluster is a real Ganeti of Debian's packages, each node in its own namespaces.

The frontend and eventd are ours and supervised; Ganeti's daemons are started again by their own
`daemon-util`, as its watcher does. Their clocks are the machine's: only eventd's is stepped.
"""

import subprocess
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from synnefo.cloud import attached, credentials
from synnefo.cloud.layout import Layout
from tests.chaos.machine import Machine
from tests.conformance.attachable import Attachable, attachable
from tests.conformance.namespaces import CLEAN

# By the names of their pid files; what is not named here is asked by no frontend.
DAEMONS = {"luxid": "ganeti-luxid", "wconfd": "ganeti-wconfd", "rapi": "ganeti-rapi"}
NODED = "ganeti-noded"
NODEDS = ("noded1", "noded2")


class RealMachine(Machine):
    """The frontend on a Ganeti that exists already."""

    pace = 6.0  # Its jobs take seconds each.

    def __init__(self, folder: Path, port: int, profile: str, *, rooms: bool) -> None:
        super().__init__(folder, port, profile, rooms=rooms)
        self._open = ExitStack()
        self._real: Attachable

    @property
    def clocks(self) -> Sequence[str]:
        """See above."""
        return ("node1",)

    @property
    def doors(self) -> Sequence[str]:
        """Processes by which the cluster takes jobs."""
        return ("rapi", "luxid")

    @property
    def cables(self) -> Sequence[str]:
        """The first node's bridge is where the others are plugged in."""
        return [name.partition(".")[0] for name in self._real.cluster.nodes[1:]]

    def _make_cluster(self) -> None:
        self._real = self._open.enter_context(attachable())
        wish = attached.Wish(
            self._real.address, self._real.password_file, None, self._real.fingerprint,
            self._real.queue,
        )  # fmt: skip
        self._wish = wish
        self.layout = Layout(self.state, wish.kept(self.layout.choices))
        self.layout.save()
        credentials.write(self.layout)
        self._real.set_up_nodes(self.state / "images")

    def _attach(self) -> dict[str, Any] | None:
        return attached.attach(self.layout, self.python, self._wish)

    def _tell_frontend(self) -> None:
        """It was told the address already."""

    def names(self) -> list[str]:
        """All processes that can be hit."""
        return [*super().names(), *DAEMONS, *NODEDS]

    @property
    def mortal(self) -> Sequence[str]:
        """Whose death it survives: a job whose luxid, wconfd or noded is killed may hang for ever.

        That is Ganeti's own, and the frontend has nothing better to say of such a job.
        """
        return [name for name in self.names() if name not in ("luxid", "wconfd", *NODEDS)]

    def pids(self) -> dict[str, int]:
        """Who of them runs at this moment."""
        found = self.supervised()
        for pid in self._real.cluster.pids():
            name = self._name(pid)
            if name == NODED:
                name = f"noded{sum(known.startswith('noded') for known in found) + 1}"
            if name:
                found[name] = pid
        return found

    @staticmethod
    def _name(pid: int) -> str:
        """The daemon that this is, by its command line; what is over by now has none."""
        try:
            line = Path(f"/proc/{pid}/cmdline").read_bytes().decode()
        except (FileNotFoundError, ProcessLookupError):
            return ""
        programs = {**DAEMONS, NODED: NODED}
        return next((name for name, program in programs.items() if program in line), "")

    @staticmethod
    def _daemons(number: int) -> dict[str, str]:
        return {**(DAEMONS if number == 0 else {}), f"noded{number + 1}": NODED}

    def secrets(self) -> dict[str, str]:
        """Its user is called as its password is, so only ours are looked for."""
        return self.layout.passwords()

    def terminal(self, line: Sequence[str], seconds: float) -> "subprocess.CompletedProcess[str]":
        """Run an administrator's command on the master."""
        return subprocess.run(
            self._real.cluster.inside(*line), env=CLEAN, capture_output=True, text=True,
            timeout=seconds, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def revive(self, name: str) -> Callable[[], None] | None:
        """Ganeti's daemons are nobody's children."""
        for number in range(len(self._real.cluster.nodes)):
            program = self._daemons(number).get(name)
            if program:
                return partial(self._start_again, program, number)
        return None

    def _start_again(self, program: str, number: int) -> None:
        """Debian's start-stop-daemon takes no notice of a pid file that root does not own."""
        start = f"rm -f /run/ganeti/{program}.pid; /usr/lib/ganeti/daemon-util start {program}"
        self._real.cluster.run("sh", "-c", start, node=number, check=False)

    def cut(self, node: str, *, off: bool) -> None:
        """Pull a node's cable, or plug it in again."""
        self._real.cluster.cut(f"{node}.", off=off)

    def down(self) -> None:
        """Its folder lies elsewhere."""
        self._open.close()
        super().down()
