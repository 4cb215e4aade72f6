"""Reads requests for uvicorn, but waits neither for ever nor for everything until a head ends.

Uvicorn bounds neither. A connection that is kept while nothing is asked has uvicorn's own limit.
Answers leave with their heads, which uvicorn sends alone: half the calls, and half the packets.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

SECONDS = 30.0  # from the first byte, or from the connection, to the empty line
LARGEST = 64 * 1024
TOO_SLOW = b"408 Request Timeout"
TOO_LARGE = b"431 Request Header Fields Too Large"


class HeadKeeper:
    """A transport that keeps an answer's head until more is written or the loop turns once."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._begun = False
        self._head = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Of an answer its head, then parts of its body."""
        if not self._begun:
            self._begun, self._head = True, data
            self._loop.call_soon(self.flush)
        elif self._head:
            head, self._head = self._head, b""
            self._transport.writelines([head, data])
        else:
            self._transport.write(data)

    def flush(self) -> None:
        """Send what is kept."""
        if self._head:
            head, self._head = self._head, b""
            self._transport.write(head)

    def end(self) -> None:
        """The answer is complete; what comes now is another one."""
        self.flush()
        self._begun = False

    def close(self) -> None:
        """After what is kept."""
        self.flush()
        self._transport.close()


class BoundedHeads(HttpToolsProtocol):
    """One connection; to be named to uvicorn as `--http synnefo.api.request_heads:BoundedHeads`."""

    _limit: asyncio.TimerHandle | None = None  # Set while a head is awaited or on its way.
    _size = 0

    def connection_made(self, transport: Any) -> None:
        """The first request has to come."""
        super().connection_made(transport)
        self._answers = HeadKeeper(transport, self.loop)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is awaited any more."""
        self._head_is_there()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Some bytes, which are a part of a head where it has not ended by then."""
        super().data_received(data)
        if self._limit is not None:
            self._size += len(data)
            if self._size > LARGEST:
                self._refuse(TOO_LARGE)

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        super().on_message_begin()
        self._await_head()

    def on_headers_complete(self) -> None:
        """What comes now is a body, for which the application has its own limits."""
        self._head_is_there()
        super().on_headers_complete()
        if self.cycle is not None:
            self.cycle.transport = cast(asyncio.Transport, self._answers)

    def on_response_complete(self) -> None:
        """Nothing may be kept: whoever ends the connection now does not know of it."""
        self._answers.end()
        super().on_response_complete()

    def _await_head(self) -> None:
        self._head_is_there()
        self._limit = self.loop.call_later(SECONDS, self._too_slow)

    def _head_is_there(self) -> None:
        self._size = 0
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None

    def _too_slow(self) -> None:
        if self.cycle is None or self.cycle.response_complete:
            self._refuse(TOO_SLOW)
        else:  # It began to ask for more before it had its answer, which may be a long one.
            self._await_head()

    def _refuse(self, status: bytes) -> None:
        """Say why and go; no service is known yet in whose words it could be said."""
        self._head_is_there()
        lines = (b"HTTP/1.1 " + status, b"content-length: 0", b"connection: close", b"", b"")
        self.transport.write(b"\r\n".join(lines))
        self.transport.close()
