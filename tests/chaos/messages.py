"""Meddles with the messages on their way: repeats, holds back, takes away, changes their order.

What is held is put back, by the broker itself if need be. What is taken away for good is told by
its jobs: what an administrator did in them can be in no log.
"""

import os
import random
import re
import signal
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import pika

from synnefo.bus.amqp_publisher import TROUBLE
from synnefo.bus.topology import EXCHANGE, Topology
from tests.chaos.machine import Machine

PILE = 6  # As many messages make a meddling worth while …
PATIENCE = 3.0  # … and so long they are waited for.
AT_MOST = 100
COMING_BACK = 10.0
Release = Callable[[], None]
JOB = re.compile(rb'jobId\\*": *"?(\d+)')


class Away(Exception):  # noqa: N818 - The name says what happened.
    """There are no messages to be had at this moment."""


class Meddler(Protocol):
    """Each answers how many messages it touched; `hold` also how to let them go."""

    def duplicate(self, chance: random.Random) -> int:
        """Every waiting message twice, the copies before and after others."""
        ...

    def reorder(self, chance: random.Random) -> int:
        """The waiting messages in another order."""
        ...

    def hold(self, chance: random.Random) -> tuple[int, Release]:
        """Some of the waiting messages later than the rest."""
        ...

    def lose(self, chance: random.Random) -> tuple[int, set[int]]:
        """Some of the waiting messages never; also whose jobs they told of."""
        ...


def meddler(machine: Machine) -> Meddler:
    """The one for this profile's bus."""
    if machine.layout.full:
        return OnBroker(machine)
    return OnSpool(machine)


class OnSpool:
    """Renames the spool's files while their consumer stands still."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._root = machine.state / "bus"

    def duplicate(self, chance: random.Random) -> int:
        """See Meddler."""
        return self._while_frozen(lambda files: sum(_copy(path, chance) for path in files))

    def reorder(self, chance: random.Random) -> int:
        """See Meddler."""
        return self._while_frozen(lambda files: _shuffle(files, chance))

    def hold(self, chance: random.Random) -> tuple[int, Release]:
        """See Meddler."""
        held: list[tuple[Path, Path]] = []
        shelf = self._root / "held"
        shelf.mkdir(exist_ok=True)

        def some(files: Sequence[Path]) -> int:
            for path in files:
                if chance.random() < 0.5:
                    aside = shelf / f"{path.parents[1].name}~{path.name}"
                    with suppress(FileNotFoundError):
                        path.rename(aside)
                        held.append((aside, path))
            return len(held)

        def release() -> None:
            for aside, path in held:
                aside.rename(path)

        return self._while_frozen(some), release

    def lose(self, chance: random.Random) -> tuple[int, set[int]]:
        """See Meddler."""
        jobs: set[int] = set()

        def some(files: Sequence[Path]) -> int:
            doomed = [path for path in files if chance.random() < 0.5]
            for path in doomed:
                with suppress(FileNotFoundError):
                    jobs.update(_jobs_in(path.read_bytes()))
                    path.unlink()
            return len(doomed)

        return self._while_frozen(some), jobs

    def _while_frozen(self, work: Callable[[Sequence[Path]], int]) -> int:
        pid = self._machine.pids().get("dispatcher")
        if pid is None:
            return 0
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
        try:
            return work(self._piled_up())
        finally:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def _piled_up(self) -> list[Path]:
        pause = threading.Event()
        for _ in range(int(PATIENCE / 0.1)):
            files = sorted(self._root.glob("*/new/*"), key=lambda path: path.name)
            if len(files) >= PILE:
                return files[:AT_MOST]
            pause.wait(0.1)
        return files


def _jobs_in(message: bytes) -> set[int]:
    return {int(number) for number in JOB.findall(message)}


def _copy(path: Path, chance: random.Random) -> int:
    """A file with the same content under a name that sorts some seconds away."""
    stamp, _, rest = path.name.partition("-")
    moved = int(stamp) + chance.randrange(-2_000_000_000, 2_000_000_000)
    written = path.parents[1] / "tmp" / f"copy-{path.name}"
    try:
        written.write_bytes(path.read_bytes())
        written.rename(path.with_name(f"{moved:020d}-{rest}"))
    except OSError:
        written.unlink(missing_ok=True)  # The disk is full, or it is being handled after all.
        return 0
    return 1


def _shuffle(files: Sequence[Path], chance: random.Random) -> int:
    """Exchange names among the files of each queue, so that their order is another."""
    moved = 0
    for folder in sorted({path.parent for path in files}):
        names = [path.name for path in files if path.parent == folder]
        aside = {name: folder.parent / "tmp" / f"moved-{name}" for name in names}
        there = []
        for name in names:
            with suppress(FileNotFoundError):
                (folder / name).rename(aside[name])
                there.append(name)
        others = chance.sample(there, len(there))
        for name, other in zip(there, others, strict=True):
            aside[name].rename(folder / other)
            moved += name != other
    return moved


class OnBroker:
    """Takes messages from the broker while the dispatcher is stopped, and publishes them again."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._topology = Topology("snf")
        self._url = machine.frontend()["SYNNEFO_BUS"]

    def duplicate(self, chance: random.Random) -> int:
        """See Meddler."""
        return self._while_stopped(lambda channel, got: self._again(channel, got, 2, chance))

    def reorder(self, chance: random.Random) -> int:
        """See Meddler."""
        return self._while_stopped(lambda channel, got: self._again(channel, got, 1, chance))

    def hold(self, chance: random.Random) -> tuple[int, Release]:
        """What is not acknowledged is the broker's: it gives it out again when we hang up."""
        kept: list[Any] = []

        def keep(connection: Any) -> None:
            kept.append(connection)

        count = self._while_stopped(lambda _channel, got: len(got), keep)

        def release() -> None:
            for connection in kept:
                with suppress(*TROUBLE):
                    connection.close()

        return count, release

    def lose(self, chance: random.Random) -> tuple[int, set[int]]:
        """What is acknowledged is gone; the rest is given out again when we hang up."""
        jobs: set[int] = set()

        def some(channel: Any, got: list[Any]) -> int:
            doomed = [one for one in got if chance.random() < 0.5]
            for method, _, body in doomed:
                jobs.update(_jobs_in(body))
                channel.basic_ack(method.delivery_tag)
            return len(doomed)

        return self._while_stopped(some), jobs

    def _again(self, channel: Any, got: list[Any], times: int, chance: random.Random) -> int:
        channel.confirm_delivery()
        for method, properties, body in chance.sample(got, len(got)):
            for _ in range(times):
                channel.basic_publish(EXCHANGE, method.routing_key, body, properties)
            channel.basic_ack(method.delivery_tag)
        return len(got)

    def _while_stopped(
        self, work: Callable[[Any, list[Any]], int], keep: Callable[[Any], None] | None = None
    ) -> int:
        connection = self._connected()
        self._machine.stop("dispatcher")
        try:
            channel = connection.channel()
            threading.Event().wait(PATIENCE)
            done = work(channel, list(self._taken(channel)))
            if keep:
                keep(connection)
            else:
                connection.close()
        except TROUBLE:
            return 0  # The broker is away: what was taken and not acknowledged is still there.
        finally:
            self._machine.start("dispatcher")
        return done

    def _connected(self) -> Any:
        """A broker that was broken by an earlier fault may just be coming back."""
        pause, deadline = threading.Event(), time.monotonic() + COMING_BACK
        while True:
            try:
                return pika.BlockingConnection(pika.URLParameters(self._url))
            except TROUBLE as error:
                if time.monotonic() > deadline:
                    raise Away(str(error)) from error
                pause.wait(0.5)

    def _taken(self, channel: Any) -> list[Any]:
        found: list[Any] = []
        for queue in self._topology.queues:
            while len(found) < AT_MOST:
                got = channel.basic_get(queue)
                if got[0] is None:
                    break
                found.append(got)
        return found
