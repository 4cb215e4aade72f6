"""Answers GET /metrics on a port of the loopback address, from a thread of its own.

No web server: that would cost the smaller processes more memory than all else they load. A scraper
on another machine comes through whatever guards this one's ports.
"""

from __future__ import annotations

import logging
import socket
import threading
from contextlib import suppress

from telemetry import process
from telemetry.metrics import CONTENT_TYPE, Registry

log = logging.getLogger(__name__)

ADDRESS = "127.0.0.1"
LONGEST_QUESTION = 8192
PATIENCE = 5.0


class Door:
    """One listening port; `port` is where."""

    def __init__(self, registry: Registry, port: int) -> None:
        self._registry = registry
        self._listener = socket.create_server((ADDRESS, port))
        self.port = int(self._listener.getsockname()[1])
        self._thread = threading.Thread(target=self._run, name="metrics", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Answer no more."""
        # Closing alone does not wake a thread that waits in accept.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(PATIENCE)
        self._listener.close()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return  # It was closed.
            with connection:
                connection.settimeout(PATIENCE)
                try:
                    connection.sendall(self._answer(_question(connection)))
                except OSError as error:
                    log.debug("a scraper went away: %s", error)

    def _answer(self, words: list[str]) -> bytes:
        if words[:1] not in (["GET"], ["HEAD"]) or len(words) < 2:
            return _response("405 Method Not Allowed", "GET only\n")
        if words[1].partition("?")[0] != "/metrics":
            return _response("404 Not Found", "/metrics is what there is\n")
        whole = _response("200 OK", self._registry.text())
        return whole if words[0] == "GET" else whole.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"


def _question(connection: socket.socket) -> list[str]:
    """The words of the first line, once the empty line was seen."""
    data = b""
    while b"\r\n\r\n" not in data and len(data) < LONGEST_QUESTION:
        piece = connection.recv(4096)
        if not piece:
            break
        data += piece
    return data.partition(b"\r\n")[0].decode("latin-1").split()


def _response(status: str, text: str) -> bytes:
    body = text.encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: {CONTENT_TYPE}\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Connection: close\r\n\r\n".encode() + body


def open_door(registry: Registry, port: str | None) -> Door | None:
    """Answer at this port, if one is named, until the process ends.

    A process that does its work without is better than one that does not start because another has
    the port.
    """
    process.register(registry)
    if not port:
        return None
    try:
        return Door(registry, int(port))
    except (OSError, ValueError) as error:
        log.error("no metrics at port %s: %s", port, error)
        return None
