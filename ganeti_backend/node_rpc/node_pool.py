"""The master's line to its nodes for many calls at once: HTTPS with mutual TLS on kept connections.

The same wire as `node_rpc.client.NodeClient` at about half of the master's processor time for a
job, which is what bounds its jobs per second. It speaks only with our own node daemons, so it
understands just what they answer: a status line, a content length, a body. Nothing is repeated here
but a call on a connection that the node had closed before the call reached it.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections import defaultdict, deque
from typing import Any

import orjson

from ganeti_backend import errors
from ganeti_backend.node_rpc.calls import Call
from ganeti_backend.node_rpc.client import CONNECT_TIMEOUT, KEEP_ALIVE, bind, client_context
from ganeti_backend.node_rpc.places import Place, Places
from ganeti_backend.settings import Settings

LARGEST_HEAD = 65536
CHUNK = 65536
OK = 200


class StaleError(Exception):
    """A kept connection turned out to be closed before any answer came."""


class ProtocolError(Exception):
    """What came back is not an answer of a node daemon."""


class Connection:
    """One TLS connection with one call at a time on it."""

    def __init__(self, context: ssl.SSLContext, address: str, port: int) -> None:
        plain = socket.create_connection((address, port), CONNECT_TIMEOUT)
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket = context.wrap_socket(plain, server_hostname=address)
        except BaseException:
            plain.close()
            raise
        self._host = f"{address}:{port}".encode()
        self.used = False
        self.idle_since = 0.0

    def exchange(self, name: str, body: bytes, seconds: float) -> tuple[int, bytes]:
        """Status and body of the answer. StaleError if the node closed it while it was idle."""
        deadline = time.monotonic() + seconds
        request = b"POST /%b HTTP/1.1\r\nhost: %b\r\ncontent-type: application/json\r\n" % (
            name.encode(),
            self._host,
        )
        try:
            self._socket.settimeout(seconds)
            self._socket.sendall(request + b"content-length: %d\r\n\r\n" % len(body) + body)
            received = self._receive(deadline)
        except TimeoutError:
            raise
        except (OSError, EOFError) as error:
            if self.used:
                raise StaleError from error
            raise
        return self._answer(received, deadline)

    def _answer(self, received: bytes, deadline: float) -> tuple[int, bytes]:
        while b"\r\n\r\n" not in received:
            if len(received) > LARGEST_HEAD:
                raise ProtocolError("the head of the answer does not end")
            received += self._receive(deadline)
        head, _, rest = received.partition(b"\r\n\r\n")
        status, length = parse_head(head)
        parts, missing = [rest], length - len(rest)
        while missing > 0:
            parts.append(self._receive(deadline))
            missing -= len(parts[-1])
        if missing < 0:
            raise ProtocolError("the answer is longer than it said")
        self.used = True
        return status, b"".join(parts)

    def _receive(self, deadline: float) -> bytes:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self._socket.settimeout(left)
        data = self._socket.recv(CHUNK)
        if not data:
            raise EOFError("the node closed the connection")
        return data

    def close(self) -> None:
        self._socket.close()


class NodePool:
    """Implements `calls.Nodes`; safe to share between threads, the last used connection first."""

    def __init__(self, settings: Settings, places: Places | None = None) -> None:
        self._tls = settings.tls
        self._context = client_context(settings.tls)
        self._places = places or Places(settings)
        self._idle: dict[Place, deque[Connection]] = defaultdict(deque)

    def renewed(self) -> None:
        """The certificates in the files are new ones: connections from now on show them."""
        self._context = client_context(self._tls)

    def call(self, node: str, call: Call, /, timeout: float | None = None, **arguments: Any) -> Any:
        bound, seconds = bind(call, timeout, arguments)
        place = self._places.find(node)
        if place is None:
            raise errors.NodeUnreachable(node, "no such node is known")
        body = orjson.dumps(bound)
        try:
            status, content = self._exchange(place, call.name, body, seconds)
        except (OSError, EOFError, ProtocolError) as error:
            reason = str(error) or type(error).__name__
            raise errors.NodeUnreachable(node, f"{call.name}: {reason}") from error
        return result_of(node, call, status, content)

    def close(self) -> None:
        for place in list(self._idle):
            self._drop_idle(place)

    def _exchange(self, place: Place, name: str, body: bytes, seconds: float) -> tuple[int, bytes]:
        connection = self._kept(place) or Connection(self._context, *place)
        try:
            answer = connection.exchange(name, body, seconds)
        except StaleError:
            # The node restarted: its other kept connections are dead as well. Calls may run twice.
            connection.close()
            self._drop_idle(place)
            connection = Connection(self._context, *place)
            try:
                answer = connection.exchange(name, body, seconds)
            except BaseException:
                connection.close()
                raise
        except BaseException:
            connection.close()
            raise
        connection.idle_since = time.monotonic()
        self._idle[place].append(connection)
        return answer

    def _kept(self, place: Place) -> Connection | None:
        try:
            connection = self._idle[place].pop()
        except IndexError:
            return None
        if time.monotonic() - connection.idle_since < KEEP_ALIVE:
            return connection
        # Older than the rest is none: the last used one is the first to be taken.
        connection.close()
        self._drop_idle(place)
        return None

    def _drop_idle(self, place: Place) -> None:
        while True:
            try:
                self._idle[place].popleft().close()
            except IndexError:
                return


def parse_head(head: bytes) -> tuple[int, int]:
    """Status and content length."""
    lines = head.split(b"\r\n")
    words = lines[0].split(b" ", 2)
    length = None
    for line in lines[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = value.strip()
    if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not words[1].isdigit():
        raise ProtocolError("not an HTTP answer")
    if length is None or not length.isdigit():
        raise ProtocolError("an answer without a length")
    return int(words[1]), int(length)


def result_of(node: str, call: Call, status: int, content: bytes) -> Any:
    if status != OK:
        text = f"HTTP {status}: {content[:200].decode(errors='replace')}"
        raise errors.NodeCallError(node, call.name, text)
    try:
        answer = orjson.loads(content)
        if "error" in answer:
            raise errors.NodeCallError(node, call.name, str(answer["error"]["message"]))
        return answer["result"]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise errors.NodeUnreachable(node, f"{call.name}: not a node's answer") from error
