"""The port Doorbell by datagrams: each listener has a socket per topic in a shared folder."""

from __future__ import annotations

import itertools
import json
import logging
import os
import select
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from synnefo.ports import Ring
from synnefo.wakeup import Ear, ring

log = logging.getLogger(__name__)

_numbers = itertools.count(1)


class LocalDoorbell:
    """A folder that ringers and listeners share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def ring(self, topic: str, payload: dict[str, Any]) -> None:
        """One datagram to each listener of the topic."""
        try:
            ring(self._folder, json.dumps(payload).encode(), only=f"{topic}.")
        except OSError as error:
            log.warning("could not ring %s: %s", topic, error)

    def listen(self, topics: Sequence[str]) -> LocalListening:
        """Open a socket per topic."""
        return LocalListening(self._folder, topics)


class LocalListening:
    """The sockets of one listener."""

    def __init__(self, folder: Path, topics: Sequence[str]) -> None:
        self._in_use = threading.Lock()
        self._closed = False
        self._reader, self._writer = os.pipe()
        self._ears = {
            topic: Ear(folder, f"{topic}.{os.getpid()}.{next(_numbers)}.sock") for topic in topics
        }

    def get(self, timeout: float) -> Ring | None:
        """The next ring."""
        with self._in_use:
            if self._closed:
                return None
            waited: list[int | Ear] = [self._reader, *self._ears.values()]
            ready, _, _ = select.select(waited, [], [], timeout)
            for topic, ear in self._ears.items():
                if ear in ready and (content := ear.hear()) is not None:
                    return Ring(topic, json.loads(content))
            return None

    def close(self) -> None:
        """Wake a `get` under way, wait until it is out, take the sockets away."""
        if not self._closed:
            self._closed = True
            os.write(self._writer, b"!")
            with self._in_use:
                for ear in self._ears.values():
                    ear.close()
                os.close(self._reader)
                os.close(self._writer)
