"""Guests that stand still, our own: paused in memory, or suspended with their memory on disk.

A paused one is still meant to run, a suspended one is not: nobody starts it again but who resumes
or starts it, and then it goes on where it was. All may run again: the end counts.
"""

from __future__ import annotations

from typing import Any, TypeVar

from ganeti_backend import errors, objects, opcodes
from ganeti_backend.node_rpc import calls
from ganeti_backend.units import base
from ganeti_backend.units.instances import disks
from ganeti_backend.units.instances.base import InstanceUnit

AnyOp = TypeVar("AnyOp", bound=opcodes.OpCode)


class HoldingUnit(InstanceUnit[AnyOp]):
    """Of a guest on a node that answers."""

    def check_prerequisites(self) -> None:
        super().check_prerequisites()
        base.online_node(self.config, self.node)
        if not self.fits(self._state()):
            name, doing = self.instance.name, type(self).__name__.removeprefix("Instance").lower()
            text = f"Instance {name} is in no state to {doing}"
            raise errors.OpPrereqError(text, errors.ECODE_STATE)

    def _state(self) -> str:
        """What its node says of its guest; "" if it has none."""
        known: dict[str, Any] = self.call(self.node, calls.INSTANCES_INFO)
        return str(known.get(self.instance.name, {}).get("state", ""))

    def fits(self, state: str) -> bool:
        """Whether a guest in this state can be asked."""
        return state in {"running", "paused"}


class InstancePause(HoldingUnit[opcodes.OpInstancePause]):
    HOOKS_PATH = "instance-pause"

    def execute(self) -> None:
        self.call(self.node, calls.INSTANCE_PAUSE, name=self.instance.name)


class InstanceUnpause(HoldingUnit[opcodes.OpInstanceUnpause]):
    HOOKS_PATH = "instance-unpause"

    def execute(self) -> None:
        self.call(self.node, calls.INSTANCE_UNPAUSE, name=self.instance.name)


class InstanceSuspend(HoldingUnit[opcodes.OpInstanceSuspend]):
    HOOKS_PATH = "instance-suspend"

    def fits(self, state: str) -> bool:
        return super().fits(state) or state == "suspended"

    def execute(self) -> None:
        self.remember_state(objects.ADMIN_DOWN)
        self.call(self.node, calls.INSTANCE_SUSPEND, name=self.instance.name)
        disks.deactivate(self, self.instance)


class InstanceResume(HoldingUnit[opcodes.OpInstanceResume]):
    HOOKS_PATH = "instance-resume"

    def fits(self, state: str) -> bool:
        return super().fits(state) or state == "suspended"

    def execute(self) -> None:
        self.remember_state(objects.ADMIN_UP)
        disks.activate(self, self.instance)
        self.call(self.node, calls.INSTANCE_START, instance=self.payload(), paused=False)
