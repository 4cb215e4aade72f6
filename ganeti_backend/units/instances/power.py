"""INSTANCE_STARTUP, INSTANCE_SHUTDOWN and INSTANCE_REBOOT. All may run again: the end counts.

The wished state is stored before the node is asked, as Ganeti does: if the node fails, the instance
shows as ERROR_down or ERROR_up instead of forgetting what was wanted.
"""

from __future__ import annotations

from ganeti_backend import errors, objects, opcodes
from ganeti_backend.node_rpc import calls
from ganeti_backend.units import base
from ganeti_backend.units.instances import disks
from ganeti_backend.units.instances.base import InstanceUnit

WATCHER = "gnt:watcher"  # Who asks, in a reason trail.


class InstanceStartup(InstanceUnit[opcodes.OpInstanceStartup]):
    """Starting a running instance is a success that changes nothing."""

    HOOKS_PATH = "instance-start"

    def check_prerequisites(self) -> None:
        super().check_prerequisites()
        base.online_node(self.config, self.node)
        if self.instance.admin_state == objects.ADMIN_OFFLINE:
            text = f"Instance {self.instance.name} is marked offline, cannot start"
            raise errors.OpPrereqError(text, errors.ECODE_STATE)
        if self.instance.admin_state != objects.ADMIN_UP and self._asked_by_watcher():
            # Somebody stopped it after the watcher had looked.
            text = f"Instance {self.instance.name} is no longer meant to run"
            raise errors.OpPrereqError(text, errors.ECODE_STATE)

    def _asked_by_watcher(self) -> bool:
        return any(entry[:1] == [WATCHER] for entry in self.op.reason)

    def hook_environment(self) -> dict[str, str]:
        return {**super().hook_environment(), "FORCE": str(self.op.force)}

    def execute(self) -> None:
        if not self.op.no_remember:
            self.remember_state(objects.ADMIN_UP)
        disks.activate(self, self.instance, ignore_secondaries=self.op.force)
        payload = self.payload()
        # Parameters given here hold for this start only and are not stored.
        payload["beparams"] = {**payload["beparams"], **self.op.beparams}
        payload["hvparams"] = {**payload["hvparams"], **self.op.hvparams}
        self.call(self.node, calls.INSTANCE_START, instance=payload, paused=self.op.startup_paused)


class InstanceShutdown(InstanceUnit[opcodes.OpInstanceShutdown]):
    """Stopping a stopped instance is a success. A time-out of zero pulls the plug."""

    HOOKS_PATH = "instance-stop"

    def check_prerequisites(self) -> None:
        super().check_prerequisites()
        node = base.find_node(self.config, self.node)
        self.node_offline = node.offline
        if node.offline and not self.op.ignore_offline_nodes:
            base.online_node(self.config, self.node)

    def hook_environment(self) -> dict[str, str]:
        return {**super().hook_environment(), "TIMEOUT": str(self.op.timeout)}

    def execute(self) -> None:
        if not self.op.no_remember:
            self.remember_state(objects.ADMIN_DOWN, self.op.admin_state_source or "admin")
        if self.node_offline:
            self.warn("Primary node offline, marked instance as stopped")
            return
        self.call(
            self.node,
            calls.INSTANCE_SHUTDOWN,
            name=self.instance.name,
            timeout=self.op.timeout,
            force=self.op.timeout == 0,
        )
        disks.deactivate(self, self.instance)


class InstanceReboot(InstanceUnit[opcodes.OpInstanceReboot]):
    """A stopped instance is started, whatever the kind, as in Ganeti."""

    HOOKS_PATH = "instance-reboot"

    def check_prerequisites(self) -> None:
        super().check_prerequisites()
        base.online_node(self.config, self.node)

    def hook_environment(self) -> dict[str, str]:
        return {
            **super().hook_environment(),
            "IGNORE_SECONDARIES": str(self.op.ignore_secondaries),
            "REBOOT_TYPE": self.op.reboot_type,
            "SHUTDOWN_TIMEOUT": str(self.op.shutdown_timeout),
        }

    def execute(self) -> None:
        if self._running() and self.op.reboot_type != "full":
            self.call(
                self.node,
                calls.INSTANCE_REBOOT,
                instance=self.payload(),
                kind=self.op.reboot_type,
                timeout=self.op.shutdown_timeout,
            )
        else:
            self.call(
                self.node,
                calls.INSTANCE_SHUTDOWN,
                name=self.instance.name,
                timeout=self.op.shutdown_timeout,
            )
            ignored = self.op.ignore_secondaries
            disks.activate(self, self.instance, ignore_secondaries=ignored)
            self.call(self.node, calls.INSTANCE_START, instance=self.payload())
        self.remember_state(objects.ADMIN_UP)

    def _running(self) -> bool:
        running = self.call(self.node, calls.INSTANCES_INFO)
        return running.get(self.instance.name, {}).get("state") in ("running", "paused")
