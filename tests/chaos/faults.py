"""Does to a machine what the plan says, and undoes what has to be undone."""

import heapq
import itertools
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from synnefo.cloud.supervised import start_ticks
from tests.chaos.journal import Journal, Window
from tests.chaos.machine import Machine
from tests.chaos.messages import Away, meddler
from tests.chaos.schedule import Fault, Targets

PARTS = ("postgres", "rabbitmq")
SUPERVISOR = "supervisor"
UNWATCHED = 2.0  # So long nobody notices that the supervisor is gone.
BLOCK = bytes(4096)
GATHERING = 1.0  # In this time users wish for something.
Undo = Callable[[], None]
Deed = Callable[["Injector", Fault], Undo | None]


class NothingThere(Exception):  # noqa: N818 - The name says what happened.
    """What the fault was meant for does not run at this moment."""


def targets(machine: Machine) -> Targets:
    """What can be done to which parts of this machine."""
    names = machine.names()
    found: dict[str, Sequence[str]] = {
        "kill": [*machine.mortal, SUPERVISOR],
        "freeze": [*names, SUPERVISOR],
        "stall": machine.doors,
        "strand": machine.doors,
        "outage": ["everything"],
        "duplicate": ["messages"],
        "reorder": ["messages"],
        "delay": ["messages"],
        "lose": ["messages"],
        "clock": machine.clocks,
        "stop": [name for name in PARTS if name in names],
        "cut": machine.cables,
        "fill": machine.disks,
    }
    return {kind: some for kind, some in found.items() if some}


class Injector:
    """Goes through a plan in real time."""

    def __init__(self, machine: Machine, journal: Journal, seed: int) -> None:
        self.machine = machine
        self.journal = journal
        self.chance = random.Random(f"messages {seed}")
        self.meddler = meddler(machine)
        self._order = itertools.count()
        self._undoing: list[tuple[float, int, Fault, float, Undo]] = []

    def run(self, plan: Sequence[Fault], seconds: float, stop: threading.Event) -> None:
        """Until the time is over; everything is undone afterwards, whatever happened."""
        begun = time.monotonic()
        try:
            for fault in plan:
                if self._undo_until(begun + fault.at, stop):
                    return
                self._begin(fault)
            self._undo_until(begun + seconds, stop)
        finally:
            self._undo_until(float("inf"), stop)

    def _begin(self, fault: Fault) -> None:
        began = time.monotonic()
        try:
            undo = DEEDS[fault.kind](self, fault)
        except (Away, NothingThere, ProcessLookupError):
            self.journal.skipped[fault.kind] += 1
            return
        if undo is None:
            self._note(fault, began)
        else:
            due = began + fault.seconds
            heapq.heappush(self._undoing, (due, next(self._order), fault, began, undo))

    def _undo_until(self, moment: float, stop: threading.Event) -> bool:
        """Undo what is due before a moment, then wait for the moment; true when told to stop."""
        while self._undoing and self._undoing[0][0] < moment:
            due, _, fault, began, undo = heapq.heappop(self._undoing)
            stop.wait(max(0.0, due - time.monotonic()))
            undo()
            self._note(fault, began)
        if moment == float("inf"):
            return stop.is_set()
        return stop.wait(max(0.0, moment - time.monotonic()))

    def _note(self, fault: Fault, began: float) -> None:
        self.journal.windows.append(Window(fault.kind, fault.target, began, time.monotonic()))

    def pid(self, name: str) -> int:
        """Of a process that runs."""
        found = self.machine.pids().get(name)
        if found is None:
            raise NothingThere(name)
        return found


def _kill(injector: Injector, fault: Fault) -> Undo | None:
    if fault.target == SUPERVISOR:
        _unwatched(injector)
        return None
    os.kill(injector.pid(fault.target), signal.SIGKILL)
    return injector.machine.revive(fault.target)


def _unwatched(injector: Injector) -> None:
    """Its processes go on; an operator sees it and says `up` again.

    Nothing else is broken before that: who has no supervisor cannot be found by name.
    """
    os.kill(injector.machine.supervisor(), signal.SIGKILL)
    threading.Event().wait(UNWATCHED)
    injector.machine.take_up()


def _outage(injector: Injector, _fault: Fault) -> None:
    """All processes at once, as when the power goes."""
    for pid in injector.machine.supervised().values():
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _family(pid: int) -> Iterator[int]:
    """A process and all its descendants, as far as they live while they are looked for."""
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(FileNotFoundError, ProcessLookupError):
            for child in children.read_text().split():
                yield from _family(int(child))


def _freeze(injector: Injector, fault: Fault) -> Undo | None:
    """A process with all that it started stands still."""
    if fault.target == SUPERVISOR:
        _unheard(injector, fault)
        return None
    frozen = [(pid, start_ticks(pid)) for pid in _family(injector.pid(fault.target))]
    for pid, _ in frozen:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)

    def thaw() -> None:
        for pid, born in frozen:
            if start_ticks(pid) == born:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    return thaw


def _unheard(injector: Injector, fault: Fault) -> None:
    """The supervisor alone stands still, and with it whoever asks it for something, as we do."""
    pid = injector.machine.supervisor()
    os.kill(pid, signal.SIGSTOP)
    try:
        threading.Event().wait(fault.seconds)
    finally:
        os.kill(pid, signal.SIGCONT)


def _strand(injector: Injector, fault: Fault) -> Undo | None:
    """A dispatcher dies whose wishes are on their way: the cluster hears of them afterwards."""
    thaw = _freeze(injector, fault)
    threading.Event().wait(GATHERING)
    with suppress(NothingThere, ProcessLookupError):
        os.kill(injector.pid("dispatcher"), signal.SIGKILL)
    return thaw


def _stop(injector: Injector, fault: Fault) -> Undo:
    """As an administrator stops a service for maintenance; that may take longer than the fault."""
    injector.pid(fault.target)
    stopping = threading.Thread(target=injector.machine.stop, args=[fault.target])
    stopping.start()

    def again() -> None:
        stopping.join()
        injector.machine.start(fault.target)

    return again


def _cut(injector: Injector, fault: Fault) -> Undo:
    injector.machine.cut(fault.target, off=True)
    return lambda: injector.machine.cut(fault.target, off=False)


def _fill(injector: Injector, fault: Fault) -> Undo:
    """Write until the disk takes no more."""
    filler = injector.machine.state / fault.target / "filler"
    with filler.open("ab", buffering=0) as stream, suppress(OSError):
        while True:
            stream.write(BLOCK)
    return lambda: filler.unlink(missing_ok=True)


def _clock(injector: Injector, fault: Fault) -> None:
    injector.machine.step_clock(fault.target, fault.size)


def _duplicate(injector: Injector, _fault: Fault) -> None:
    injector.journal.messages["duplicated"] += injector.meddler.duplicate(injector.chance)


def _reorder(injector: Injector, _fault: Fault) -> None:
    injector.journal.messages["reordered"] += injector.meddler.reorder(injector.chance)


def _lose(injector: Injector, _fault: Fault) -> None:
    """What no broker may do, and one that loses its disk does."""
    lost, jobs = injector.meddler.lose(injector.chance)
    injector.journal.messages["lost"] += lost
    injector.journal.lost |= jobs


def _delay(injector: Injector, _fault: Fault) -> Undo:
    held, release = injector.meddler.hold(injector.chance)
    injector.journal.messages["delayed"] += held
    return release


DEEDS: dict[str, Deed] = {
    "kill": _kill,
    "outage": _outage,
    "freeze": _freeze,
    "stall": _freeze,
    "strand": _strand,
    "stop": _stop,
    "cut": _cut,
    "fill": _fill,
    "clock": _clock,
    "duplicate": _duplicate,
    "reorder": _reorder,
    "delay": _delay,
    "lose": _lose,
}
