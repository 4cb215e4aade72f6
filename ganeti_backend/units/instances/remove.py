"""INSTANCE_REMOVE: stop it, remove its disks, forget it on its node, then in the configuration.

The configuration comes last, so that a removal cut short can be run again to its end.
"""

from __future__ import annotations

from collections.abc import Sequence

from ganeti_backend import errors, opcodes
from ganeti_backend.node_rpc import calls
from ganeti_backend.node_rpc.calls import Call
from ganeti_backend.units import base
from ganeti_backend.units.instances import copies, disks, volume_disks
from ganeti_backend.units.instances.base import InstanceUnit


class InstanceRemove(InstanceUnit[opcodes.OpInstanceRemove]):
    HOOKS_PATH = "instance-remove"

    def check_prerequisites(self) -> None:
        super().check_prerequisites()
        if not self.op.ignore_failures:
            for node in self.instance.nodes:
                base.online_node(self.config, node)

    def hook_environment(self) -> dict[str, str]:
        timeout = str(self.op.shutdown_timeout)
        return {**super().hook_environment(), "SHUTDOWN_TIMEOUT": timeout}

    def hook_nodes(self) -> tuple[Sequence[str], Sequence[str]]:
        # The master before, the instance's nodes as well after it is gone.
        before = [self.config.cluster().master]
        return before, list(dict.fromkeys([*before, *self.instance.nodes]))

    def execute(self) -> None:
        self._on_node(
            calls.INSTANCE_SHUTDOWN,
            name=self.instance.name,
            timeout=self.op.shutdown_timeout,
            force=self.op.shutdown_timeout == 0,
        )
        self._save_volumes()
        self._drop_copies()
        for disk in self.instance.disks:
            for node in disks.holders(self.instance, disk):
                self._on_node(calls.DISK_REMOVE, node, disk=disk.to_dict())
        self._on_node(calls.INSTANCE_FORGET, name=self.instance.name)
        self.config.commit(delete=[self.instance], receipt=self.job.receipt(None))

    def _save_volumes(self) -> None:
        for disk in volume_disks.kept(self.instance.disks):
            try:
                volume_disks.save(self, self.instance, disk)
            except (errors.NodeError, errors.OpExecError) as error:
                if not self.op.ignore_failures:
                    raise
                self.warn(f"{error.message}; what was on the disk is lost")

    def _drop_copies(self) -> None:
        """What a move left on a node that did not answer then would be nobody's from now on."""
        try:
            self.instance = copies.drop_old(self.config, self.reach.nodes, self.instance)
        except errors.NodeError as error:
            if not self.op.ignore_failures:
                raise
            self.warn(f"{error.message}; a copy of the instance may be left there")

    def _on_node(self, call: Call, node: str | None = None, **arguments: object) -> None:
        try:
            self.call(node or self.node, call, **arguments)
        except errors.NodeError as error:
            if not self.op.ignore_failures:
                raise
            self.warn(f"{error.message}; the removal goes on because failures are ignored")
