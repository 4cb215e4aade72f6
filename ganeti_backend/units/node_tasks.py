"""Work that a node does in the background, followed to its end.

A node that forgot its task, because its daemon was killed, is asked for it again; what it does must
therefore be able to begin anew.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ganeti_backend import errors
from ganeti_backend.node_rpc import calls
from ganeti_backend.units.base import Reach

LONGEST_LOOK = 0.5
PAUSE = 0.02
TRIES = 3
PERCENT_STEP = 10

Status = Mapping[str, Any]
Percent = Callable[[int, bool], None]  # How far it is, and whether that was the last word.


def quiet(_percent: int, _last: bool) -> None:
    """Nobody wants to know how far it is."""


@dataclass(frozen=True)
class Attention:
    """Who is told how far it is; `look` is asked again and again and may raise to end the waiting.

    `patience` is how many seconds it may stand still.
    """

    percent: Percent = quiet
    look: Callable[[], None] = lambda: None
    patience: float = float("inf")


class NodeTask:
    """One task on one node. `order` asks the node for it and gives the node's answer."""

    def __init__(
        self,
        reach: Reach,
        node: str,
        what: str,
        order: Callable[[], Status],
        attention: Attention | None = None,
    ) -> None:
        self._reach = reach
        self._node = node
        self._what = what
        self._order = order
        self._attention = attention or Attention()

    def run(self) -> None:
        """Return when it is done; OpExecError says why it could not be."""
        for _ in range(TRIES):
            if self._watch(self._order()):
                return
        raise errors.OpExecError(f"Node {self._node} lost {self._what} {TRIES} times")

    def _watch(self, status: Status) -> bool:
        """Follow the task to its end; False if the node does not know it any more."""
        task, best, moved_at = str(status["task"]), -1, time.monotonic()
        while True:
            if status.get("state") == "failed":
                raise errors.OpExecError(str(status["message"]))
            percent = int(status.get("percent", 0))
            over = status.get("state") == "done"
            self._attention.percent(percent, over)
            if over:
                return True
            if percent > best:
                best, moved_at = percent, time.monotonic()
            elif time.monotonic() - moved_at > self._attention.patience:
                raise errors.OpExecError(f"{self._what} stands still at {percent} percent")
            # The node holds its answer until there is news; this keeps a fast task from a flood.
            if self._reach.stop.wait(PAUSE):
                raise errors.OpExecError(f"The master stops before {self._what} has ended")
            self._attention.look()
            try:
                status = self._look(task, best)
            except errors.NodeCallError:
                return False

    def _look(self, task: str, percent: int) -> Status:
        answer = self._reach.nodes.call(
            self._node, calls.TASK_STATUS, task_id=task, wait=LONGEST_LOOK, percent=percent
        )
        return {"task": task, **answer}


def reporting(log: Callable[[str], None], what: str) -> Percent:
    """Tell a job's log how far something is, in steps."""
    told = [0]

    def report(percent: int, last: bool) -> None:
        if not last and percent - told[0] >= PERCENT_STEP:
            told[0] = percent
            log(f" - INFO: {what}: {percent}% done")

    return report
