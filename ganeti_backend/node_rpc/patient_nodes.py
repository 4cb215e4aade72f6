"""Node calls that outlast a node daemon's restart: an unreachable node is asked again for a while.

Sound only because every node call may run twice. What the node itself refuses is never repeated.
"""

from __future__ import annotations

import threading
import time
from typing import Any

from ganeti_backend import errors
from ganeti_backend.node_rpc.calls import Call, Nodes

PATIENCE = 20.0
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 2.0


class PatientNodes:
    """The same interface as the client it wraps; `stop` ends the waiting when the master stops."""

    def __init__(self, nodes: Nodes, stop: threading.Event, patience: float = PATIENCE) -> None:
        self._nodes = nodes
        self._stop = stop
        self.patience = patience

    def call(self, node: str, call: Call, /, timeout: float | None = None, **arguments: Any) -> Any:
        deadline = time.monotonic() + self.patience
        pause = FIRST_PAUSE
        while True:
            try:
                return self._nodes.call(node, call, timeout=timeout, **arguments)
            except errors.NodeUnreachable:
                if time.monotonic() + pause > deadline or self._stop.wait(pause):
                    raise
                pause = min(2 * pause, LONGEST_PAUSE)

    def close(self) -> None:
        self._nodes.close()
