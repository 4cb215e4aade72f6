"""How guests that exist on paper go to another node: the paper is put into the other's folder.

The stages are a real guest's, so that what the master does can be tried with every way to fail.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from ganeti_backend.errors import HypervisorError
from ganeti_backend.hypervisor.base import instance_name, memory_of, vcpus_of
from ganeti_backend.hypervisor.devices import Devices
from ganeti_backend.hypervisor.guest_stages import Stage
from ganeti_backend.hypervisor.migration import Migration, Progress

STAGE = "stage"
Guest = dict[str, Any]


class Books(Protocol):
    """What the driver keeps; every method takes effect on disk before it returns."""

    def guest(self, name: str) -> Guest | None: ...
    def put(self, name: str, guest: Guest) -> None: ...
    def drop(self, name: str) -> None: ...
    def say(self, name: str, text: str) -> None: ...


class FakeMigration(Migration):
    """`folder` holds a file for each guest that was sent to this node and is not settled yet."""

    def __init__(self, books: Books, folder: Path, free: Callable[[], int]) -> None:
        self._books = books
        self._folder = folder
        self._free = free

    def describe(self, name: str) -> dict[str, Any]:
        guest = self._running(name)
        return {"macs": guest["macs"], "memory": guest["memory"]}

    def prepare(
        self, instance: Mapping[str, Any], devices: Devices, description: Mapping[str, Any]
    ) -> str:
        name = instance_name(instance)
        # What the guest has now, which may be less than what it may have.
        needed = int(description.get("memory") or memory_of(instance))
        if stage_of(self._books.guest(name)) is Stage.HERE:
            raise HypervisorError(f"instance {name} is running here already")
        self.settle(name, keep=False)
        if needed > self._free():
            raise HypervisorError(f"{needed} MiB of memory needed, {self._free()} MiB free")
        waiting = {"state": "paused", "memory": needed, "vcpus": vcpus_of(instance)}
        self._books.put(name, {**waiting, STAGE: Stage.ARRIVING.value})
        return str(self._arrival(name))

    def start(self, name: str, address: str, *, live: bool) -> None:
        guest = self._running(name)
        target = Path(address)
        try:
            temporary = target.with_suffix(".new")
            temporary.write_text(json.dumps(guest))
            temporary.rename(target)
        except OSError as error:
            raise HypervisorError(f"cannot send {name}: {error.strerror}") from error
        self._books.put(name, {**guest, STAGE: Stage.SENT.value})

    def progress(self, name: str) -> Progress:
        stage = stage_of(self._books.guest(name))
        if stage is Stage.ARRIVING and self._arrival(name).exists():
            stage = Stage.ARRIVED
        return Progress(stage, 100 if stage in (Stage.SENT, Stage.ARRIVED) else 0)

    def settle(self, name: str, *, keep: bool) -> None:
        stage, arrival = self.progress(name).stage, self._arrival(name)
        if not keep:
            self._books.drop(name)
        elif stage is Stage.ARRIVED:
            self._books.put(name, json.loads(arrival.read_text()))
            self._books.say(name, f"{name} came here from another node.\n")
        elif stage is Stage.SENT:
            guest = self._books.guest(name) or {}
            self._books.put(name, {key: guest[key] for key in guest if key != STAGE})
        elif stage is not Stage.HERE:
            raise HypervisorError(f"there is no whole guest {name} here, it is {stage}")
        arrival.unlink(missing_ok=True)

    def _running(self, name: str) -> Guest:
        guest = self._books.guest(name)
        if guest is None or stage_of(guest) is not Stage.HERE:
            raise HypervisorError(f"instance {name} is not running")
        return guest

    def _arrival(self, name: str) -> Path:
        return self._folder / f"{instance_name({'name': name})}.arrival"


def stage_of(guest: Guest | None) -> Stage:
    """A guest that stopped by itself is nothing that could go on."""
    if guest is None or guest["state"] == "shutdown":
        return Stage.ABSENT
    return Stage(guest.get(STAGE, Stage.HERE.value))
