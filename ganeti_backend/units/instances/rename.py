"""INSTANCE_RENAME: another name for a stopped instance, here, on its nodes and inside of it.

What lies on the nodes under the instance's name moves first, then the system inside is told, and
the configuration comes last, so that a renaming cut short is run again to its end. Disks are named
by what does not change. Names are not resolved by DNS: `name_check` and `ip_check` look at nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from ganeti_backend import errors, opcodes
from ganeti_backend.locks import Level, Mode
from ganeti_backend.node_rpc import calls
from ganeti_backend.units import base
from ganeti_backend.units.instances import disks, systems
from ganeti_backend.units.instances.base import InstanceUnit
from ganeti_backend.units.instances.naming import check_name
from ganeti_backend.units.instances.reinstall import require_stopped


class InstanceRename(InstanceUnit[opcodes.OpInstanceRename]):
    HOOKS_PATH = "instance-rename"
    UPDATES_CONFIG = True

    def locks(self, level: Level) -> Mapping[str, Mode]:
        if level == Level.INSTANCE:
            return dict.fromkeys((self.name, self.op.new_name), base.EXCLUSIVE)
        return super().locks(level)

    def check_prerequisites(self) -> None:
        if self.op.ip_check and not self.op.name_check:
            text = "IP address check requires a name check"
            raise errors.OpPrereqError(text, errors.ECODE_INVAL)
        check_name(self.op.new_name)
        super().check_prerequisites()
        for node in self.instance.nodes:
            base.online_node(self.config, node)
        require_stopped(self, "cannot rename")
        # The same name again lets the OS rename script run once more.
        other = self.config.instance(self.op.new_name)
        pending = self.config.pending_of(self.op.new_name)
        if pending is not None or (other is not None and other.uuid != self.instance.uuid):
            text = f"Instance '{self.op.new_name}' is already in the cluster"
            raise errors.OpPrereqError(text, errors.ECODE_EXISTS)

    def hook_environment(self) -> dict[str, str]:
        found = super().hook_environment()
        return {**found, "OP_TARGET": self.op.instance_name, "INSTANCE_NEW_NAME": self.op.new_name}

    def resumed(self) -> bool:
        found = self.config.instance(self.op.new_name)
        if found is not None:
            self.instance = found
        return found is not None

    def execute(self) -> str:
        old = self.instance
        renamed = self.change(name=self.op.new_name)
        for node in old.nodes:
            self.call(node, calls.INSTANCE_RENAME, name=old.name, new_name=renamed.name)
        self.instance = renamed
        if renamed.disks and renamed.os:
            self._tell_system(old.name)
        self.config.commit([renamed], receipt=self.job.receipt(renamed.name))
        return renamed.name

    def _tell_system(self, old_name: str) -> None:
        """Run the OS rename script. That it failed is no reason to keep the old name."""
        disks.activate(self, self.instance)
        try:
            own = self.instance
            system = systems.System.of(own.os, own.osparams, own.osparams_private)
            systems.Scripts(self, own, system).rename(old_name)
        except errors.GenericError as error:
            self.warn(f"{error.message} (but the instance has been renamed)")
        finally:
            disks.deactivate(self, self.instance)
