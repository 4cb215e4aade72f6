"""RESTRICTED_COMMAND: run a program that the administrator of a node has put there for this."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ganeti_backend import errors, opcodes
from ganeti_backend.locks import Level, Mode
from ganeti_backend.node_rpc import calls
from ganeti_backend.units import base


class RestrictedCommand(base.Unit[opcodes.OpRestrictedCommand]):
    """[success, output] for each node. Not run again after a crash: it may do anything."""

    OBJECT_TYPE = "NODE"
    RERUN = False

    def locks(self, level: Level) -> Mapping[str, Mode]:
        if level != Level.NODE or not self.op.use_locking:
            return {}
        known = (self.config.node(name) for name in self._names())
        return {node.name: base.EXCLUSIVE for node in known if node is not None}

    def _names(self) -> list[str]:
        return list(self.op.node_uuids or self.op.nodes)

    def check_prerequisites(self) -> None:
        self.nodes = [base.online_node(self.config, name).name for name in self._names()]

    def execute(self) -> list[list[Any]]:
        return [self._on(node) for node in self.nodes]

    def _on(self, node: str) -> list[Any]:
        try:
            answer = self.call(node, calls.RESTRICTED_COMMAND, command=self.op.command)
        except errors.NodeError as error:
            text = f"Command '{self.op.command}' failed on node {node}: {error.message}"
            self.warn(text)
            return [False, text]
        return [True, str(answer["output"])]
