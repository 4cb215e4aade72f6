"""Sends a running guest from its node to another one and settles where it goes on.

The order is what keeps it from running twice or not at all: the target is written down, the state
is sent, the target goes on, the configuration says so, the source drops what it has. Whatever fails
is decided by what both nodes have of the guest, see `guest_stages.decide`.
"""

from __future__ import annotations

from typing import Any

from ganeti_backend import errors, objects
from ganeti_backend.configuration.config import Receipt
from ganeti_backend.hypervisor.guest_stages import Stage, Verdict
from ganeti_backend.node_rpc import calls
from ganeti_backend.units import base
from ganeti_backend.units.instances import copies, moving_disks

PAUSE = 0.1
FIRST_PAUSE = 0.01
PERCENT_STEP = 10


class GuestTransfer:
    """One guest's way; `instance` says at any time what the configuration does."""

    def __init__(self, unit: base.Unit[Any], instance: objects.Instance, target: str) -> None:
        self._unit = unit
        self._config = unit.config
        self.instance = instance
        self._source = instance.primary_node
        self._target = target

    def run(self, *, live: bool, receipt: Receipt) -> None:
        """The guest runs on the target, or OpExecError says where it is."""
        self.instance = self.instance.touched(self._config.now(), arriving_at=self._target)
        self._config.commit([self.instance])
        try:
            self._send(live)
            self._call(self._target, calls.MIGRATION_SETTLE, keep=True)
        except errors.GenericError as error:
            if self._unit.reach.stop.is_set():
                raise  # The next master runs this opcode again, which begins by settling.
            self._recover(error)
        self.instance = copies.arrive(self._config, self.instance, receipt)
        self._let_go()
        moving_disks.close_on(self._unit, self.instance, self._source)

    def _send(self, live: bool) -> None:
        name = self.instance.name
        moving_disks.check_mirrors(self._unit, self.instance, self._target, "migration")
        self._unit.job.log(f"* {self._target} makes ready to take {name} in")
        moving_disks.open_on_both(self._unit, self.instance, self._target)
        description = self._call(self._source, calls.MIGRATION_DESCRIBE)
        payload = self.instance.node_payload(self._config.cluster())
        address = self._unit.call(
            self._target, calls.MIGRATION_PREPARE, instance=payload, description=description
        )
        self._unit.job.log(f"* sending the {'running' if live else 'paused'} guest")
        self._call(self._source, calls.MIGRATION_START, address=address, live=live)
        self._watch()

    def _watch(self) -> None:
        shown, pause = 0, FIRST_PAUSE
        while True:
            found = self._call(self._source, calls.MIGRATION_PROGRESS)
            stage = Stage(found["stage"])
            if stage is Stage.SENT:
                return
            if stage is not Stage.SENDING:
                reason = found["message"] or f"its node says that the guest is {stage}"
                raise errors.OpExecError(f"The guest did not get through: {reason}")
            if found["percent"] >= shown + PERCENT_STEP:
                shown = int(found["percent"])
                self._unit.job.log(f"* memory transfer progress: {shown}%")
            if self._unit.reach.stop.wait(pause):
                raise errors.OpExecError("The master stops")
            pause = min(2 * pause, PAUSE)

    def _recover(self, error: errors.GenericError) -> None:
        """Return if the guest is on the target all the same; else bring it back and raise."""
        name = self.instance.name
        hint = f"'gnt-instance migrate --cleanup {name}' finds out where it is"
        nodes = self._unit.reach.nodes
        try:
            verdict = copies.whereabouts(nodes, self.instance, self._target)
            if verdict is Verdict.TWICE:
                raise copies.twice(self.instance, self._target)
            if verdict is Verdict.TARGET:
                self._call(self._target, calls.MIGRATION_SETTLE, keep=True)
                return
            self.instance = copies.bring_back(
                self._config, nodes, self.instance, self._target, verdict
            )
        except errors.NodeError as second:
            text = f"Could not migrate instance {name}: {error.message}; {second.message}; {hint}"
            raise errors.OpExecError(text) from error
        if verdict is Verdict.SOURCE:
            moving_disks.close_on(self._unit, self.instance, self._target)
        there = "goes on" if verdict is Verdict.SOURCE else "is no longer running"
        text = f"Could not migrate instance {name}: {error.message}; it {there} on {self._source}"
        raise errors.OpExecError(text) from error

    def _let_go(self) -> None:
        """The source's copy stands still; if it cannot be dropped now, the master does so later."""
        self._unit.job.log(f"* {self._source} lets go of the guest")
        try:
            nodes = self._unit.reach.nodes
            self.instance = copies.drop_old(self._config, nodes, self.instance)
        except errors.NodeError as error:
            self._unit.warn(f"{error.message}; its copy is dropped when it answers")

    def _call(self, node: str, call: calls.Call, **arguments: Any) -> Any:
        return self._unit.call(node, call, name=self.instance.name, **arguments)
