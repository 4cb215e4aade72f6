"""INSTANCE_MIGRATE: a running instance goes to another node without being shut down.

With `cleanup` nothing is moved: it is found out where an instance is that was on its way when
something broke, the rest is taken away and the configuration says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ganeti_backend import errors, objects, opcodes
from ganeti_backend.allocator import Demand, NoRoomError
from ganeti_backend.disk_templates import TEMPLATES
from ganeti_backend.errors import wrong
from ganeti_backend.hypervisor.guest_stages import Stage
from ganeti_backend.node_rpc import calls
from ganeti_backend.opcodes.moves import NON_LIVE
from ganeti_backend.units.instances import copies, failover
from ganeti_backend.units.instances.going import GoingUnit, both
from ganeti_backend.units.instances.guest_transfer import GuestTransfer


class InstanceMigrate(GoingUnit[opcodes.OpInstanceMigrate]):
    HOOKS_PATH = "instance-migrate"
    DOING = "migrate"
    SETTLES = True

    arrived = False
    fails_over = False
    squeezed: int | None = None  # The memory in MiB with which it fits on the target.

    def check_prerequisites(self) -> None:
        super().check_prerequisites()
        if self.op.mode is not None and self.op.live is not None:
            raise wrong("Only one of the 'live' and 'mode' parameters is accepted")
        template = self.instance.disk_template
        if not TEMPLATES[template].can_migrate:
            text = f"Instance's disk layout '{template}' does not allow migrations"
            raise errors.OpPrereqError(text, errors.ECODE_STATE)
        if self.op.cleanup:
            self.source, self.target = self._ends()
            return
        self.arrived = self.arrived_before()
        if not self.arrived:
            self.fails_over = self._must_fail_over()
            self.choose_target(self.op.iallocator)

    def _ends(self) -> tuple[str, str]:
        """Where a broken migration went, as far as that is known."""
        instance = self.instance
        known = instance.arriving_at or self.wished() or instance.secondary_node
        return instance.primary_node, known or instance.primary_node

    def reserve(self, demand: Demand, node: objects.Node) -> None:
        """A guest that may make do with less memory does, where the target has no more."""
        try:
            super().reserve(demand, node)
        except NoRoomError:
            fits = self._largest_fit(demand, node)
            if fits is None:
                raise
            self.squeezed = fits
            super().reserve(replace(demand, memory=fits), node)

    def _largest_fit(self, demand: Demand, node: objects.Node) -> int | None:
        """Between what it may have and what it must have; None if that does not fit either."""
        filled = self.config.cluster().fill_beparams(self.instance.beparams)
        least, most = int(filled["minmem"]), demand.memory
        if self.fails_over or not self.op.allow_runtime_changes:
            return None
        if not self._fits(replace(demand, memory=least), node):
            return None
        while most - least > 1:
            middle = (least + most) // 2
            if self._fits(replace(demand, memory=middle), node):
                least = middle
            else:
                most = middle
        return least

    def _fits(self, demand: Demand, node: objects.Node) -> bool:
        try:
            self.reach.allocator.choose(demand, [node])
        except NoRoomError:
            return False
        return True

    def _must_fail_over(self) -> bool:
        """Whether it cannot migrate but may fail over; OpPrereqError if it may not even that."""
        filled = self.config.cluster().fill_beparams(self.instance.beparams)
        if self.op.allow_failover and filled["always_failover"]:
            self.info("Instance is set to always fail over")
            return True
        if not self.source_offline():
            if self._stage(self.node) is not Stage.ABSENT:
                return False
            reason = "it is not running"
        else:
            reason = f"its node {self.node} is offline"
        if not self.op.allow_failover:
            text = f"Cannot migrate instance {self.name}: {reason}, use failover instead"
            raise errors.OpPrereqError(text, errors.ECODE_STATE)
        self.info(f"Cannot migrate: {reason}; failing over instead")
        return True

    def _stage(self, node: str) -> Stage:
        return copies.stage(self.reach.nodes, node, self.name)

    def hook_nodes(self) -> tuple[Sequence[str], Sequence[str]]:
        return both(self.everywhere)

    def hook_environment(self) -> dict[str, str]:
        return {
            **super().hook_environment(),
            "MIGRATE_LIVE": str(self._live),
            "MIGRATE_CLEANUP": str(self.op.cleanup),
            "ALLOW_RUNTIME_CHANGES": str(self.op.allow_runtime_changes),
        }

    @property
    def _live(self) -> bool:
        return self.op.live is not False and self.op.mode != NON_LIVE

    def execute(self) -> None:
        if self.op.cleanup:
            self._clean_up()
            return
        if self.arrived:
            self.finish_arrival()
            return
        if self.fails_over:
            receipt = self.job.receipt(None)
            self.instance = failover.Failover(self, self.instance, self.target).run(receipt)
            return
        self.job.log(f"Migrating instance {self.name}")
        before = self._squeeze()
        transfer = GuestTransfer(self, self.instance, self.target)
        try:
            transfer.run(live=self._live, receipt=self.job.receipt(None))
        except errors.GenericError:
            self._give_back(before)
            raise
        finally:
            self.instance = transfer.instance

    def _squeeze(self) -> int | None:
        """Make the guest as small as it has to be; what it had, if that was more."""
        if self.squeezed is None:
            return None
        before = int(self.call(self.source, calls.INSTANCES_INFO)[self.name]["memory"])
        if before <= self.squeezed:
            return None
        self.job.log(f"* {self.target} has no room for {before} MiB, going on with {self.squeezed}")
        self.call(self.source, calls.INSTANCE_BALLOON, name=self.name, memory=self.squeezed)
        return before

    def _give_back(self, memory: int | None) -> None:
        """It stays where it is, where it had more."""
        if memory is None:
            return
        try:
            self.call(self.source, calls.INSTANCE_BALLOON, name=self.name, memory=memory)
        except errors.NodeError as error:
            self.warn(f"{error.message}; the guest keeps {self.squeezed} MiB of memory")

    # Cleaning up.

    def _clean_up(self) -> None:
        self.job.log(f"* looking for instance {self.name} on the nodes")
        nodes = self.reach.nodes
        self.instance = copies.settle(self.config, nodes, self.instance)
        self.instance = copies.drop_old(self.config, nodes, self.instance)
        running = self._found_on()
        if len(running) > 1:
            raise copies.twice(self.instance, running[-1])
        if not running:
            if self.instance.admin_state == objects.ADMIN_UP:
                self.warn(f"Instance {self.name} runs nowhere; 'gnt-instance startup' starts it")
            return
        if running == [self.instance.primary_node]:
            self.job.log(f"* instance runs on its primary node {running[0]}")
            return
        self.job.log(f"* instance runs on {running[0]}, which is its primary node from now on")
        self.instance = self.change(arriving_at=running[0])
        self.instance = copies.arrive(self.config, self.instance, self.job.receipt(None))
        self.instance = copies.drop_old(self.config, nodes, self.instance)

    def _found_on(self) -> list[str]:
        """All nodes that run it, the primary one first. All must answer that could have it."""
        mirrored = self.instance.secondary_node is not None
        nodes = [node for node in self.config.nodes() if not node.offline and node.vm_capable]
        names = self.instance.nodes if mirrored else [node.name for node in nodes]
        online = {node.name for node in nodes}
        found = [
            name
            for name in names
            if name in online and self.name in self.call(name, calls.INSTANCES_INFO)
        ]
        return sorted(found, key=lambda name: name != self.instance.primary_node)
