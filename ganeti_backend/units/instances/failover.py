"""INSTANCE_FAILOVER: stop an instance on its node and start it on another that has its disks.

The target is written down before anything happens, so that a master that comes back knows where it
was to go. A node that does not answer is only passed over if it is marked offline or the caller
says so; its copy is dropped when it comes back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ganeti_backend import errors, objects, opcodes
from ganeti_backend.configuration.config import Receipt
from ganeti_backend.disk_templates import TEMPLATES
from ganeti_backend.node_rpc import calls
from ganeti_backend.units import base
from ganeti_backend.units.instances import copies, disks, moving_disks, seeds
from ganeti_backend.units.instances.going import GoingUnit


class Failover:
    """Carries one instance over; used by a migration that may fail over too."""

    def __init__(self, unit: base.Unit[Any], instance: objects.Instance, target: str) -> None:
        self._unit = unit
        self._config = unit.config
        self._instance = instance
        self._source = instance.primary_node
        self._target = target

    def run(
        self, receipt: Receipt, *, timeout: int = 120, ignore_consistency: bool = False
    ) -> objects.Instance:
        """The instance on its new node; after an error it is back on the old one if possible."""
        self._unit.job.log(f"Failover of instance {self._instance.name} to {self._target}")
        self._instance = self._instance.touched(self._config.now(), arriving_at=self._target)
        self._config.commit([self._instance])
        if not ignore_consistency and self._instance.admin_state == objects.ADMIN_UP:
            self._check_disks()
        stopped = self._stop(timeout, ignore_consistency)
        self._start(stopped)
        self._instance = copies.arrive(self._config, self._instance, receipt)
        try:
            nodes = self._unit.reach.nodes
            self._instance = copies.drop_old(self._config, nodes, self._instance)
        except errors.NodeError as error:
            self._unit.warn(f"{error.message}; its copy is dropped when it answers")
        return self._instance

    def _stop(self, timeout: int, ignore_consistency: bool) -> bool:
        """Whether the source is known to run it no more."""
        if base.find_node(self._config, self._source).offline:
            self._unit.warn(f"Node {self._source} is offline, not stopping the instance there")
            return False
        self._unit.job.log(f"* shutting down instance on source node {self._source}")
        name = self._instance.name
        try:
            self._unit.call(
                self._source,
                calls.INSTANCE_SHUTDOWN,
                name=name,
                timeout=timeout,
                force=timeout == 0,
            )
        except errors.NodeError as error:
            if not ignore_consistency or self._unit.reach.stop.is_set():
                self._stay()
                text = f"Could not shut down instance {name}: {error.message}"
                raise errors.OpExecError(text) from error
            self._unit.warn(f"{error.message}; going on because consistency is ignored")
            return False
        return True

    def _check_disks(self) -> None:
        try:
            moving_disks.check_mirrors(self._unit, self._instance, self._target, "failover")
        except errors.GenericError:
            self._stay()
            raise

    def _start(self, stopped: bool) -> None:
        if self._instance.admin_state != objects.ADMIN_UP:
            return
        self._unit.job.log(f"* starting instance on target node {self._target}")
        payload = self._instance.node_payload(self._config.cluster())
        try:
            self._use_disks(stopped)
            seeds.restore(self._unit, self._instance, self._target)
            self._unit.call(self._target, calls.INSTANCE_START, instance=payload)
        except errors.NodeError as error:
            if not self._unit.reach.stop.is_set():
                self._bring_back(payload, stopped)
            text = f"Could not start instance {self._instance.name}: {error.message}"
            raise errors.OpExecError(text) from error

    def _use_disks(self, stopped: bool) -> None:
        """The source lets go of the disks and the target takes them."""
        if stopped:
            disks.deactivate(self._unit, self._instance)
        mirrored = self._instance.secondary_node is not None
        there = self._instance.replace(
            primary_node=self._target, secondary_node=self._source if mirrored else None
        )
        disks.activate(self._unit, there, ignore_secondaries=not stopped)

    def _bring_back(self, payload: dict[str, Any], stopped: bool) -> None:
        """Start it where it was. If the target is silent it may run there, so it stays in doubt."""
        try:
            settled = {"name": self._instance.name, "keep": False}
            self._unit.call(self._target, calls.MIGRATION_SETTLE, **settled)
            if stopped:
                self._unit.info(f"Starting the instance on {self._source} again")
                disks.activate(self._unit, self._instance, ignore_secondaries=True)
                self._unit.call(self._source, calls.INSTANCE_START, instance=payload)
        except errors.NodeError as error:
            self._unit.warn(error.message)
        else:
            self._stay()

    def _stay(self) -> None:
        if not self._unit.reach.stop.is_set():
            self._instance = copies.stay(self._config, self._instance)


class InstanceFailover(GoingUnit[opcodes.OpInstanceFailover]):
    HOOKS_PATH = "instance-failover"
    DOING = "fail over"
    SETTLES = True

    def check_prerequisites(self) -> None:
        super().check_prerequisites()
        template = self.instance.disk_template
        if not TEMPLATES[template].can_migrate:
            text = f"Instance's disk layout '{template}' does not allow failovers"
            raise errors.OpPrereqError(text, errors.ECODE_STATE)
        # A silent source keeps nobody from failing over who ignores consistency.
        ignored = {self.instance.primary_node} if self.op.ignore_consistency else ()
        self.arrived = self.arrived_before(frozenset(ignored))
        if self.op.cleanup and not self.arrived:
            self.source = self.target = self.instance.primary_node
        elif not self.arrived:
            self.choose_target(self.op.iallocator)

    def hook_nodes(self) -> tuple[Sequence[str], Sequence[str]]:
        before = list(dict.fromkeys([self.config.cluster().master, self.target]))
        return before, list(dict.fromkeys([*before, self.source]))

    def hook_environment(self) -> dict[str, str]:
        return {
            **super().hook_environment(),
            "IGNORE_CONSISTENCY": str(self.op.ignore_consistency),
            "SHUTDOWN_TIMEOUT": str(self.op.shutdown_timeout),
            "FAILOVER_CLEANUP": str(self.op.cleanup),
        }

    def execute(self) -> None:
        if self.arrived or self.op.cleanup:
            self.finish_arrival()
            return
        self.instance = Failover(self, self.instance, self.target).run(
            self.job.receipt(None),
            timeout=self.op.shutdown_timeout,
            ignore_consistency=self.op.ignore_consistency,
        )
