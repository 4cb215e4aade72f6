"""INSTANCE_REINSTALL: install the system of a stopped instance again, or another one.

Parameters given here hold for this installation only, as in Ganeti, with one exception: what the
built-in definition `image` was given is kept, because the seed of its guests is made of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ganeti_backend import errors, opcodes
from ganeti_backend.units import base
from ganeti_backend.units.instances import disks, image, systems
from ganeti_backend.units.instances.base import InstanceUnit


class InstanceReinstall(InstanceUnit[opcodes.OpInstanceReinstall]):
    HOOKS_PATH = "instance-reinstall"

    system: systems.System

    def check_prerequisites(self) -> None:
        super().check_prerequisites()
        for node in self.instance.nodes:
            base.online_node(self.config, node)
        if not self.instance.disks:
            text = f"Instance '{self.instance.name}' has no disks"
            raise errors.OpPrereqError(text, errors.ECODE_INVAL)
        require_stopped(self, "cannot reinstall")
        self.kept, self.kept_private = self._kept()
        self.system = systems.System.of(
            self.op.os_type or self.instance.os,
            {**self.kept, **(self.op.osparams or {})},
            {**self.kept_private, **(self.op.osparams_private or {})},
            self.op.osparams_secret,
        )
        if not self.system.os:
            raise errors.OpPrereqError("No guest OS specified", errors.ECODE_INVAL)
        systems.check(self, self.system, [self.node], force_variant=self.op.force_variant)

    def _kept(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The instance's own parameters from now on, without those that are to go."""
        op, instance = self.op, self.instance
        public = without(instance.osparams, op.remove_osparams, everything=op.clear_osparams)
        private = without(
            instance.osparams_private,
            op.remove_osparams_private,
            everything=op.clear_osparams_private,
        )
        return public, private

    def execute(self) -> None:
        before = self.instance
        if self.system.os != before.os:
            self.job.log(f"Changing OS to '{self.system.os}'...")
        disks.activate(self, before)
        try:
            self._install()
        finally:
            disks.deactivate(self, before)
        own = (self.kept, self.kept_private)
        if self.system.os == image.OS_NAME:
            own = (dict(self.system.public), dict(self.system.private))
        self.instance = self.change(os=self.system.os, osparams=own[0], osparams_private=own[1])
        self.config.commit([self.instance], receipt=self.job.receipt(None))

    def _install(self) -> None:
        self.job.log("Running the instance OS create scripts...")
        if self.system.os == image.OS_NAME:
            filled = self.system.filled(self.config.cluster())
            image.ImageCopy(self.reach, self.job, self.instance, filled).run()
        else:
            systems.Scripts(self, self.instance, self.system).create(again=True)


def without(
    values: dict[str, Any], names: Iterable[str] | None, *, everything: bool
) -> dict[str, Any]:
    """The parameters that stay."""
    gone = set(values) if everything else set(names or ())
    return {name: value for name, value in values.items() if name not in gone}


def require_stopped(unit: InstanceUnit[Any], what: str) -> None:
    """OpPrereqError unless the instance is to be down and is."""
    instance = unit.instance
    disks.require_down(instance, what)
    if disks.running(unit, instance):
        text = f"Instance {instance.name} is running, {what}"
        raise errors.OpPrereqError(text, errors.ECODE_STATE)
