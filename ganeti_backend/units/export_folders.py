"""The export folders of all nodes, as units need them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ganeti_backend import errors
from ganeti_backend.configuration.config import Config
from ganeti_backend.node_rpc import calls
from ganeti_backend.units import base


def online(config: Config) -> list[str]:
    """The nodes that can be asked."""
    return [node.name for node in config.nodes() if not node.offline]


def remove(unit: base.Unit[Any], name: str, nodes: Iterable[str]) -> bool:
    """Remove the exports of this name; whether there was one. A silent node is only warned of."""
    found = False
    for node in nodes:
        try:
            found |= bool(unit.call(node, calls.EXPORT_REMOVE, name=name))
        except errors.NodeError as error:
            unit.warn(
                f"Could not remove export for instance {name} on node {node}: {error.message}"
            )
    return found


def find(unit: base.Unit[Any], name: str) -> str:
    """The node that has an export of this name; OpPrereqError if none has."""
    for node in online(unit.config):
        try:
            if name in unit.call(node, calls.EXPORT_LIST):
                return node
        except errors.NodeError as error:
            unit.warn(f"Node {node} was not asked for exports: {error.message}")
    text = f"No export found for relative path {name}"
    raise errors.OpPrereqError(text, errors.ECODE_INVAL)
