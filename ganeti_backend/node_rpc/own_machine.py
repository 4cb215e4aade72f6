"""Spares the nodes of the master's own machine calls for hooks that they do not have.

Most occasions have no scripts, and two or three nodes are asked at each. What lies in a folder of
this machine is seen without asking; nothing is remembered, so a script counts from the moment that
it is there. Only nodes of the master's own settings file are looked at: they read the same file.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

from ganeti_backend.node_rpc.calls import HOOKS_RUN, Call, Nodes
from ganeti_backend.programs import hook_folders
from ganeti_backend.settings import Settings


class OwnMachine:
    """The same interface as the client it wraps."""

    def __init__(self, nodes: Nodes, settings: Settings) -> None:
        self._nodes = nodes
        self._hooks = {
            node.name: settings.hooks_of(node) for node in settings.nodes if is_here(node.address)
        }

    def call(self, node: str, call: Call, /, timeout: float | None = None, **arguments: Any) -> Any:
        """What the node answers, or what it would have."""
        if call is HOOKS_RUN and node in self._hooks:
            occasion = arguments["hooks_path"], arguments["phase"]
            if is_empty(hook_folders.place(self._hooks[node], *occasion)):
                return []
        return self._nodes.call(node, call, timeout=timeout, **arguments)

    def close(self) -> None:
        """Of what it wraps."""
        self._nodes.close()


def is_empty(folder: Path) -> bool:
    """Whether nothing is in it or it is not there; one that cannot be looked into may hold some."""
    try:
        with os.scandir(folder) as entries:
            return next(entries, None) is None
    except FileNotFoundError:
        return True
    except OSError:
        return False


def is_here(address: str) -> bool:
    """Whether it is one of this machine's addresses: nobody can listen on another's."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True
