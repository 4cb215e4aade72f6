"""One node client for each call that is under way, the last used first.

A client shared by all threads looks at every idle connection before each request; with dozens of
threads that costs more than the request. Here a client has at most one connection to each node.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from ganeti_backend.node_rpc.calls import Call, Nodes


class NodePool:
    """The same interface as the clients it lends; as many are made as are needed at once."""

    def __init__(self, make: Callable[[], Nodes]) -> None:
        self._make = make
        self._idle: deque[Nodes] = deque()

    def call(self, node: str, call: Call, /, timeout: float | None = None, **arguments: Any) -> Any:
        try:
            client = self._idle.pop()
        except IndexError:
            client = self._make()
        try:
            return client.call(node, call, timeout=timeout, **arguments)
        finally:
            self._idle.append(client)

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()
