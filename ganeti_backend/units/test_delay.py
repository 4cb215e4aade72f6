"""TEST_DELAY: does nothing for a while, holding locks; for tests of the queue and the locks."""

from __future__ import annotations

import time
from collections.abc import Mapping

from ganeti_backend import errors, opcodes
from ganeti_backend.locks import Level, Mode
from ganeti_backend.node_rpc import calls
from ganeti_backend.units import base

LOOK_EVERY = 0.1


class TestDelay(base.Unit[opcodes.OpTestDelay]):
    """With `interruptible` it may be canceled while it runs. It is not run again after a crash."""

    __test__ = False  # The name is the opcode's; pytest must not collect it.
    RERUN = False

    def locks(self, level: Level) -> Mapping[str, Mode]:
        if level == Level.NODE and not self.op.no_locks:
            return dict.fromkeys(self.op.on_nodes, base.EXCLUSIVE)
        return {}

    @property
    def interruptible(self) -> bool:  # type: ignore[override]
        return self.op.interruptible

    def check_prerequisites(self) -> None:
        self.nodes = [base.online_node(self.config, name).name for name in self.op.on_nodes]

    def execute(self) -> None:
        for _ in range(max(1, self.op.repeat)):
            if self.op.on_master:
                self._wait()
            for node in self.nodes:
                self.call(node, calls.TEST_DELAY, duration=self.op.duration)

    def _wait(self) -> None:
        end = time.monotonic() + self.op.duration
        while (left := end - time.monotonic()) > 0:
            if self.reach.stop.wait(min(left, LOOK_EVERY)):
                raise errors.OpExecError("The master stopped")
            if self.interruptible:
                self.job.check_canceled()
