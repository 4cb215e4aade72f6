"""Base of units about one existing node: finding it, its lock, where its hooks run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from ganeti_backend import errors, objects, opcodes
from ganeti_backend.configuration.config import Config
from ganeti_backend.locks import Level, Mode
from ganeti_backend.units import base

AnyOp = TypeVar("AnyOp", bound=opcodes.OpCode)
# Held by whoever changes which nodes are master candidates, so that two demotions cannot each
# count on the other's node.
CANDIDATES = "candidates"


class NodeUnit(base.Unit[AnyOp]):
    OBJECT_TYPE = "NODE"
    MODE = base.EXCLUSIVE  # How its node is locked.

    node: objects.Node

    @property
    def name(self) -> str:
        """The node's name also where the opcode gives its uuid."""
        wanted = getattr(self.op, "node_uuid", None) or self.op.target or ""
        found = self.config.node(wanted)
        return found.name if found is not None else wanted

    def locks(self, level: Level) -> Mapping[str, Mode]:
        return {self.name: self.MODE} if level == Level.NODE else {}

    def check_prerequisites(self) -> None:
        self.node = base.find_node(self.config, self.name)

    def hook_nodes(self) -> tuple[Sequence[str], Sequence[str]]:
        nodes = online([self.config.cluster().master, self.name], self.config)
        return nodes, nodes

    def hook_environment(self) -> dict[str, str]:
        return {"OP_TARGET": self.name}

    def resumed(self) -> bool:
        found = self.config.node(self.name)
        if found is not None:
            self.node = found
        return found is not None

    @property
    def is_master(self) -> bool:
        return self.node.name == self.config.cluster().master


def online(names: Sequence[str], config: Config) -> list[str]:
    """Those that can be asked: hooks on an offline node would only be waited for in vain."""
    known = (config.node(name) for name in dict.fromkeys(names))
    return [node.name for node in known if node is not None and not node.offline]


def all_online(config: Config) -> list[str]:
    return sorted(node.name for node in config.nodes() if not node.offline)


def instances_of(config: Config, node: str) -> list[objects.Instance]:
    """Those that live on the node, be it as primary or as secondary."""
    found = [instance for instance in config.instances() if node in instance.nodes]
    return sorted(found, key=lambda instance: instance.name)


def find_nodes(config: Config, names: Sequence[str]) -> list[objects.Node]:
    """The named nodes, or all of them where none is named."""
    if not names:
        return sorted(config.nodes(), key=lambda node: node.name)
    return [base.find_node(config, name) for name in names]


def refused(text: str) -> errors.OpPrereqError:
    return errors.OpPrereqError(text, errors.ECODE_STATE)
