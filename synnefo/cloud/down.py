"""`./cloud down`: ends guests and processes, keeps the data unless told to remove it."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Iterable
from pathlib import Path

from synnefo.cloud import busy, full_parts, guests, supervisor_client
from synnefo.cloud.errors import CloudError
from synnefo.cloud.layout import CHECKOUT, Choices, Layout, load
from synnefo.cloud.python_environment import PythonEnvironment
from synnefo.cloud.steps import Steps
from synnefo.cloud.supervised import start_ticks
from synnefo.cloud.waiting import until

SHORT_NAMES = Path("/tmp/synnefo-libvirt")
USERS_SIDE = ["api", "dispatcher", "reconciler", "eventd"]


class Down:
    """One run of `./cloud down`."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.steps = Steps()

    def run(self, *, purge: bool) -> None:
        """End everything; with purge also remove the folder."""
        choices = load(self.state)
        if choices is None:
            if not self.state.exists():
                print(f"There is no cloud in {self.state}.")
                return
            if any(self.state.iterdir()):
                raise CloudError(f"{self.state} holds no cloud, so nothing in it is touched")
        with busy.alone(self.state):
            self._end(Layout(self.state, choices or Choices()), purge=purge)

    def _end(self, layout: Layout, *, purge: bool) -> None:
        running = supervisor_client.processes(self.state) is not None
        if running and not purge:
            with self.steps.step("Guests"):
                # First the side of the users, so that a power-off is not taken for their wish.
                supervisor_client.stop(self.state, USERS_SIDE)
                guests.shut_down(layout, PythonEnvironment(CHECKOUT))
        with self.steps.step("Processes"):
            stop_everything(layout)
        if purge:
            with self.steps.step(f"Removing {self.state}"):
                remove_links(self.state)
                shutil.rmtree(self.state)
        print("The cloud is down." if running else "The cloud was not running.")


def stop_everything(layout: Layout) -> None:
    """No process of this cloud is left afterwards, guests included."""
    supervisor_client.stop(layout.state)
    end_leftovers(layout.state)
    if layout.full:
        full_parts.stop_port_mapper(layout)
    guests.kill(layout.state)


def remove_links(state: Path) -> None:
    """The node daemons name a folder whose path is too long for libvirt by a short link."""
    folder = SHORT_NAMES.with_name(f"{SHORT_NAMES.name}-{os.geteuid()}")
    for link in folder.glob("*"):
        if link.is_symlink() and link.readlink().is_relative_to(state):
            link.unlink(missing_ok=True)


def end_leftovers(state: Path) -> None:
    """End what an earlier supervisor started and did not live to end, as it would have ended it."""
    left = _left_processes(state / "run")
    for pid, number in left.items():
        _signal(pid, number)
    try:
        _wait_for_end(left)
    except CloudError:
        for pid in left:
            _signal(pid, signal.SIGKILL)
        _wait_for_end(left)
    for path in (state / "run").glob("*.pid"):
        path.unlink()


def _wait_for_end(processes: Iterable[int]) -> None:
    until(
        lambda: not any(start_ticks(pid) for pid in processes),
        timeout=10,
        what="processes of an earlier run to end",
        interval=0.02,
    )


def _left_processes(run: Path) -> dict[int, int]:
    """Their ids, and the signal that each wants to end by."""
    found = {}
    for path in run.glob("*.pid"):
        try:
            left = json.loads(path.read_text())
        except ValueError:
            continue  # Cut short by a power cut: that process is gone too.
        if left["ticks"] is not None and start_ticks(left["pid"]) == left["ticks"]:
            found[int(left["pid"])] = int(left.get("signal", signal.SIGTERM))
    return found


def _signal(pid: int, number: int) -> None:
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        return  # It ended in the meantime.
