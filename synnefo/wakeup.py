"""Waking processes of this machine: a datagram to each socket in a folder.

The spool and the local doorbell stand on it. Nothing depends on a datagram's arrival: who misses
one looks by himself a little later.
"""

from __future__ import annotations

import os
import select
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self


@contextmanager
def _short(folder: Path) -> Iterator[str]:
    """A name for the folder that fits into a socket's address (108 bytes) however deep it lies."""
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


def ring(folder: Path, content: bytes = b"!", only: str = "") -> None:
    """Send to all sockets in the folder whose names begin with `only`; remove those left behind."""
    with suppress(FileNotFoundError), _short(folder) as short, _datagram() as sender:
        for name in os.listdir(short):
            if not name.startswith(only):
                continue
            try:
                sender.sendto(content, f"{short}/{name}")
            except ConnectionRefusedError:
                with suppress(FileNotFoundError):
                    os.unlink(f"{short}/{name}")
            except (BlockingIOError, FileNotFoundError):
                # A full socket will wake its owner anyway; a missing one has just gone.
                continue


def _datagram() -> socket.socket:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    made.setblocking(False)
    return made


class Ear:
    """A socket in the folder that hears what is rung."""

    def __init__(self, folder: Path, name: str = "") -> None:
        self._path = folder / (name or f"{os.getpid()}-{uuid.uuid4().hex[:8]}")
        self._socket = _datagram()
        with _short(folder) as short:
            self._socket.bind(f"{short}/{self._path.name}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def fileno(self) -> int:
        """For select."""
        return self._socket.fileno()

    def wait(self, timeout: float) -> None:
        """Until somebody rings; all rings that came meanwhile count as one."""
        select.select([self], [], [], timeout)
        while self.hear() is not None:
            pass

    def hear(self) -> bytes | None:
        """The next datagram that has come, if any."""
        try:
            return self._socket.recv(65536)
        except BlockingIOError:
            return None

    def poke(self) -> None:
        """Ring this ear."""
        ring(self._path.parent, b"", only=self._path.name)

    def close(self) -> None:
        """Stop hearing."""
        self._socket.close()
        self._path.unlink(missing_ok=True)
