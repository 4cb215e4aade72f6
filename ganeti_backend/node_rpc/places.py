"""Where node daemons listen. The configuration says it, the settings file for the first nodes.

A node that is being added, or has just been removed, is in neither: it is *introduced* for as long
as an opcode has to speak with it.
"""

from __future__ import annotations

from ganeti_backend.configuration.config import Config
from ganeti_backend.settings import Settings

Place = tuple[str, int]  # address, port
DEFAULT_PORT = 1811


class Places:
    """From a node's name to its place; safe to share between threads."""

    def __init__(self, settings: Settings) -> None:
        self._first = {node.name: (node.address, node.port) for node in settings.nodes}
        self._introduced: dict[str, Place] = {}
        self._config: Config | None = None

    def follow(self, config: Config) -> None:
        """From now on the configuration counts."""
        self._config = config

    def in_settings(self, name: str) -> bool:
        """Whether the settings file has it, and the next master would take it in again."""
        return name in self._first

    def introduce(self, name: str, address: str, port: int) -> None:
        self._introduced[name] = (address, port)

    def withdraw(self, name: str) -> None:
        self._introduced.pop(name, None)

    def find(self, name: str) -> Place | None:
        """None for a node that nobody knows."""
        node = self._config.node(name) if self._config is not None else None
        if node is not None and node.port:
            return node.primary_ip, node.port
        return self._introduced.get(name) or self._first.get(name)
