"""BACKUP_EXPORT: dump an instance's disks into a node's export folder, or to another cluster.

The new export is made beside an earlier one and takes its place when it is complete, so whatever
ends it in between leaves the earlier one, and the instance as it was. An instance that is stopped
for its export is started again as soon as its disks were copied; with `long_sleep`, which needs no
room for copies, when they were dumped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import TypeVar

from ganeti_backend import errors, objects, opcodes
from ganeti_backend.backups import description
from ganeti_backend.errors import wrong
from ganeti_backend.locks import ALL, Level, Mode
from ganeti_backend.node_rpc import calls
from ganeti_backend.units import base, export_folders, hook_environment
from ganeti_backend.units.backups.departure import Departure
from ganeti_backend.units.instances import disks, systems
from ganeti_backend.units.instances.base import InstanceUnit
from ganeti_backend.units.node_tasks import NodeTask, reporting
from ganeti_backend.units.transfers import COMPRESSIONS

Result = list[bool | list[bool]]  # Whether it is complete, and each disk.
Dumped = TypeVar("Dumped")
LOCAL = "local"


class BackupExport(InstanceUnit[opcodes.OpBackupExport]):
    HOOKS_PATH = "instance-export"

    target: str  # The node that keeps the export; of none when it goes to another cluster.
    departure: Departure | None = None
    goes = False  # It was dumped and is about to be removed.

    def locks(self, level: Level) -> Mapping[str, Mode]:
        if level == Level.NODE and self.op.mode == LOCAL:
            # Exports of this instance on other nodes are removed at the end.
            return {ALL: base.SHARED}
        return super().locks(level)

    # Prerequisites.

    def check_prerequisites(self) -> None:
        if self.op.compress not in COMPRESSIONS:
            raise wrong(f"Compression tool '{self.op.compress}' is not allowed")
        super().check_prerequisites()
        base.online_node(self.config, self.node)
        if self.op.mode == LOCAL:
            self.target = self._local_target()
        else:
            self.departure = Departure(self, self.instance)
        up = self.instance.admin_state == objects.ADMIN_UP
        if self.op.remove_instance and up and not self.op.shutdown:
            text = "Can not remove instance without shutting it down before"
            raise errors.OpPrereqError(text, errors.ECODE_STATE)
        if self.instance.disks and not self.instance.os:
            raise wrong(f"Instance '{self.instance.name}' has no OS whose script exports its disks")
        self.system = systems.System.of(
            self.instance.os, self.instance.osparams, self.instance.osparams_private
        )
        systems.check(self, self.system, [self.node], force_variant=True, installs=False)

    def _local_target(self) -> str:
        wanted = self.op.target_node
        if not isinstance(wanted, str):
            raise wrong("A local export needs the name of one node as its target")
        target = base.online_node(self.config, self.op.target_node_uuid or wanted)
        if target.drained:
            text = f"Can't use drained node {target.name}"
            raise errors.OpPrereqError(text, errors.ECODE_STATE)
        return target.name

    # Hooks.

    def hook_nodes(self) -> tuple[Sequence[str], Sequence[str]]:
        nodes = [self.config.cluster().master, self.instance.primary_node]
        if self.op.mode == LOCAL:
            nodes.append(self.target)
        found = list(dict.fromkeys(nodes))
        return found, found

    def hook_environment(self) -> dict[str, str]:
        return {
            **super().hook_environment(),
            "EXPORT_MODE": self.op.mode,
            "EXPORT_NODE": self.target if self.op.mode == LOCAL else str(self.op.target_node),
            "EXPORT_DO_SHUTDOWN": str(self.op.shutdown),
            "SHUTDOWN_TIMEOUT": str(self.op.shutdown_timeout),
            "REMOVE_INSTANCE": str(bool(self.op.remove_instance)),
        }

    def resumed(self) -> bool:
        if self.op.mode != LOCAL:
            return super().resumed()
        target = self.config.node(self.op.target_node_uuid or str(self.op.target_node))
        if target is None or not super().resumed():
            return False
        self.target = target.name
        return True

    # Execution.

    def execute(self) -> Result:
        if self.op.zero_free_space:
            self.warn("Free space is not zeroed: dumps keep holes where disks have them")
        if self.departure is not None:
            self._send(self.departure)
        else:
            self._write()
        result: Result = [True, [True for _ in self.instance.disks]]
        if self.op.remove_instance:
            self._remove_instance(result)
        else:
            self.config.commit(receipt=self.job.receipt(result))
        return result

    def _send(self, departure: Departure) -> None:
        """To another cluster, which has said where."""
        try:
            self._hold_still(lambda frozen: departure.send(self.system, frozen=frozen))
        except errors.OpExecError as error:
            raise errors.OpExecError(f"Export failed: {error.message}") from error
        finally:
            departure.forget_key(self.node)

    def _write(self) -> None:
        """Into the folder of a node."""
        name = self.instance.name
        self.call(self.target, calls.EXPORT_BEGIN, name=name)
        with ExitStack() as undo:
            undo.callback(self._abort)
            dumps = self._hold_still(self._dump_all)
            self.job.log(f"Finalizing export on {self.target}")
            self.call(
                self.target,
                calls.EXPORT_FINISH,
                name=name,
                sections=description.describe(
                    self.instance,
                    self.config.cluster(),
                    hook_environment.networks_by_uuid(self.config.networks()),
                    dumps,
                    self.config.now(),
                ),
            )
            undo.pop_all()
        self._remove_older()

    def _abort(self) -> None:
        try:
            self.call(self.target, calls.EXPORT_ABORT, name=self.instance.name)
        except errors.NodeError as error:
            self.warn(f"{error.message}; the next export of this instance will clean up")

    def _hold_still(self, dump: Callable[[bool], Dumped]) -> Dumped:
        """Dump while nothing changes; the instance runs again at the end if it ran before."""
        running = disks.running(self, self.instance)
        # A master that was cut off while the instance was stopped for this export had it running.
        meant = self.job.again and self.instance.admin_state == objects.ADMIN_UP
        restart = self.op.shutdown and (running or meant)
        stays = restart and not self.op.remove_instance
        with ExitStack() as after:
            if restart:
                after.callback(self._start)
            if running and self.op.shutdown:
                self._stop()
            if not running or self.op.shutdown:
                after.callback(disks.deactivate, self, self.instance)
                disks.activate(self, self.instance)
            frozen = bool(self.instance.disks) and (
                (running and not self.op.shutdown) or (stays and not self.op.long_sleep)
            )
            if frozen:
                with ExitStack() as failed:
                    failed.callback(self._thaw)
                    self._freeze()
                    failed.pop_all()
                after.close()  # It can run on while its copy is dumped.
                after.callback(self._thaw)
            after.callback(setattr, self, "interruptible", False)
            self.interruptible = True
            dumped = dump(frozen)
            self.goes = self.op.remove_instance
            return dumped

    def _dump_all(self, frozen: bool) -> list[str]:
        return [self._dump(index, frozen=frozen) for index in range(len(self.instance.disks))]

    def _stop(self) -> None:
        self.job.log(f"Shutting down instance {self.instance.name}")
        timeout = self.op.shutdown_timeout
        self.call(
            self.node,
            calls.INSTANCE_SHUTDOWN,
            name=self.instance.name,
            timeout=timeout,
            force=timeout == 0,
        )

    def _start(self) -> None:
        if self.goes:
            return
        self.job.log(f"Starting instance {self.instance.name}")
        try:
            disks.activate(self, self.instance)
            self.call(self.node, calls.INSTANCE_START, instance=self.payload())
        except errors.GenericError as error:
            self.warn(f"Could not start instance {self.instance.name}: {error.message}")

    def _freeze(self) -> None:
        self.job.log(f"Creating a snapshot of the disks of {self.instance.name}")
        payload = [disk.to_dict() for disk in self.instance.disks]
        task = f"freeze-{self.job.job_id}-{self.job.op_index}-{self.instance.uuid}"
        what = f"the copy of the disks of {self.instance.name}"
        NodeTask(
            self.reach,
            self.node,
            what,
            lambda: self.call(self.node, calls.DISKS_FREEZE, task_id=task, disks=payload),
        ).run()

    def _thaw(self) -> None:
        payload = [disk.to_dict() for disk in self.instance.disks]
        try:
            self.call(self.node, calls.DISKS_THAW, disks=payload)
        except errors.NodeError as error:
            self.warn(f"{error.message}; the copies of the disks go when the disks are removed")

    def _dump(self, index: int, *, frozen: bool) -> str:
        self.job.log(f"Exporting disk/{index} of {self.instance.name} to {self.target}")
        file = f"{self.instance.disks[index].uuid}.disk{index}.dump"
        dump = systems.Dump(index, self.target, self.instance.name, file)
        scripts = systems.Scripts(self, self.instance, self.system)
        scripts.dump(dump, frozen=frozen, percent=reporting(self.job.log, f"disk/{index}"))
        return file

    def _remove_older(self) -> None:
        """An instance has one export in the cluster, the newest."""
        others = [node for node in export_folders.online(self.config) if node != self.target]
        export_folders.remove(self, self.instance.name, others)

    def _remove_instance(self, result: Result) -> None:
        instance = self.instance
        self.job.log(f"Removing instance {instance.name}")
        steps = [
            (
                self.node,
                calls.INSTANCE_SHUTDOWN,
                {"name": instance.name, "timeout": 0, "force": True},
            )
        ]
        for disk in instance.disks:
            for node in reversed(disks.holders(instance, disk)):
                steps.append((node, calls.DISK_REMOVE, {"disk": disk.to_dict()}))
        steps += [(node, calls.INSTANCE_FORGET, {"name": instance.name}) for node in instance.nodes]
        for node, call, arguments in steps:
            try:
                self.call(node, call, **arguments)
            except errors.NodeError as error:
                if not self.op.ignore_remove_failures:
                    raise
                self.warn(f"{error.message}; the removal goes on because failures are ignored")
        self.config.commit(delete=[instance], receipt=self.job.receipt(result))
