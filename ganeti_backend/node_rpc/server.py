"""Serves the table of calls over HTTPS: one thread for each connection, one call at a time on it.

Only a client with a certificate of the cluster's authority gets as far as HTTP. These clients are a
few masters that keep their connections, so nothing is gained by an event loop, and handing each
call to a thread would cost more than most calls do. What a call does is not known here: the
handlers are passed in by the node daemon.
"""

import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from http import HTTPStatus
from typing import Any

import httptools
import orjson

from ganeti_backend.errors import GenericError
from ganeti_backend.node_rpc import metrics
from ganeti_backend.node_rpc.calls import CALLS
from ganeti_backend.settings import NodeSettings, TlsSettings

log = logging.getLogger(__name__)

Handler = Callable[..., Any]

# A guest's shutdown holds its connection while it waits, so there are more of them than cores.
MOST_CONNECTIONS = 256
BACKLOG = 256
CHUNK = 65536
MAX_HEAD = 65536
MAX_BODY = 4 << 20
HANDSHAKE_SECONDS = 10.0
REQUEST_SECONDS = 30.0  # From the first byte of a request to its last.
KEEP_ALIVE = 300.0
GRACE_SECONDS = 2.0
ACCEPT_AGAIN_AFTER = 0.1


class TooLongError(Exception):
    """Nobody asks a node for so much at once."""


class Request:
    """One request, put together from what comes; `last` if its client wants no other."""

    def __init__(self) -> None:
        self.method, self.path, self.body = b"", b"", bytearray()
        self.whole = self.last = False
        self._parser = httptools.HttpRequestParser(self)

    def feed(self, data: bytes) -> None:
        """What came; HttpParserError if it is no HTTP."""
        self._parser.feed_data(data)

    def on_url(self, piece: bytes) -> None:
        """Called by the parser."""
        self.path += piece

    def on_headers_complete(self) -> None:
        """Called by the parser."""
        self.method = self._parser.get_method()
        self.last = not self._parser.should_keep_alive()

    def on_body(self, piece: bytes) -> None:
        """Called by the parser."""
        self.body += piece

    def on_message_complete(self) -> None:
        """Called by the parser."""
        self.whole = True


class Connection:
    """One client; `busy` while a call of it runs."""

    def __init__(self, plain: socket.socket) -> None:
        self._socket = plain
        self.busy = False

    def secure(self, context: ssl.SSLContext) -> None:
        """The handshake, which shows who it is."""
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.settimeout(HANDSHAKE_SECONDS)
        self._socket = context.wrap_socket(self._socket, server_side=True)

    def receive(self) -> Request | None:
        """The next request, or None: there is none."""
        request, received, deadline = Request(), 0, 0.0
        self._socket.settimeout(KEEP_ALIVE)
        while not request.whole:
            data = self._socket.recv(CHUNK)
            if not data:
                return None
            request.feed(data)
            received += len(data)
            if received > MAX_HEAD + MAX_BODY:
                raise TooLongError
            deadline = deadline or time.monotonic() + REQUEST_SECONDS
            self._socket.settimeout(max(0.001, deadline - time.monotonic()))
        return request

    def answer(self, status: HTTPStatus, content: bytes) -> None:
        """Send it."""
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(content)}\r\n\r\n"
        )
        self._socket.settimeout(REQUEST_SECONDS)
        self._socket.sendall(head.encode() + content)

    def cut(self) -> None:
        """Wake the thread that waits for it; without TLS's farewell, which would be waited for."""
        with suppress(OSError):
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def close(self) -> None:
        """The end."""
        self._socket.close()


class NodeServer:
    """Listens from the beginning; `serve` answers POST /CALL with a JSON body of arguments."""

    def __init__(
        self, handlers: Mapping[str, Handler], node: NodeSettings, tls: TlsSettings
    ) -> None:
        missing = sorted(set(CALLS) - set(handlers))
        if missing:
            raise TypeError(f"no handler for {', '.join(missing)}")
        self._handlers = dict(handlers)
        self.context = server_context(tls)
        self._listener = _listen(node)
        self.port = int(self._listener.getsockname()[1])
        self._room = threading.Semaphore(MOST_CONNECTIONS)
        self._lock = threading.Lock()
        self._connections: dict[Connection, threading.Thread] = {}
        self._stopping = threading.Event()

    def serve(self) -> None:
        """Answer until `stop` or until the thread is told to leave; then end what there is."""
        try:
            while not self._stopping.is_set():
                self._room.acquire()
                accepted = self._accepted()
                if accepted is None:
                    self._room.release()
                else:
                    self._begin(accepted)
        finally:
            self._end()

    def stop(self) -> None:
        """Have `serve` return; to be called by another thread."""
        self._stopping.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._room.release()

    def _accepted(self) -> socket.socket | None:
        """The next connection; None if it broke off, or if there is no file for it just now."""
        try:
            return self._listener.accept()[0]
        except OSError as error:
            if not self._stopping.is_set():
                log.warning("a connection could not be taken: %s", error)
                self._stopping.wait(ACCEPT_AGAIN_AFTER)
            return None

    def _begin(self, plain: socket.socket) -> None:
        connection = Connection(plain)
        thread = threading.Thread(target=self._guarded, args=(connection,), daemon=True)
        with self._lock:
            self._connections[connection] = thread
        thread.start()

    def _end(self) -> None:
        """Calls that run may end within a grace period; all others are idle and closed at once."""
        self._stopping.set()
        self._listener.close()
        with self._lock:
            open_ones = dict(self._connections)
        for connection in open_ones:
            if not connection.busy:
                connection.cut()
        deadline = time.monotonic() + GRACE_SECONDS
        for thread in open_ones.values():
            if thread.is_alive():
                thread.join(max(0.0, deadline - time.monotonic()))

    def _guarded(self, connection: Connection) -> None:
        try:
            with closing(connection):
                connection.secure(self.context)
                self._talk(connection)
        except (OSError, httptools.HttpParserError) as error:
            if not self._stopping.is_set():
                log.info("a connection is given up: %s", error)
        finally:
            with self._lock:
                del self._connections[connection]
            self._room.release()

    def _talk(self, connection: Connection) -> None:
        last = False
        while not last and not self._stopping.is_set():
            try:
                request = connection.receive()
            except TooLongError:
                connection.answer(
                    HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _fault("ValueError", "too long")
                )
                return
            if request is None:
                return
            connection.busy = True
            connection.answer(*self._answer(request))
            connection.busy, last = False, request.last

    def _answer(self, request: Request) -> tuple[HTTPStatus, bytes]:
        name = request.path.decode("latin-1").removeprefix("/")
        if request.method != b"POST" or name not in CALLS:
            return HTTPStatus.NOT_FOUND, _fault("LookupError", "no such call")
        return HTTPStatus.OK, self._run(name, bytes(request.body))

    def _run(self, name: str, body: bytes) -> bytes:
        begun, outcome = time.monotonic(), "failed"
        try:
            arguments = CALLS[name].bind(orjson.loads(body or b"{}"))
            answer = orjson.dumps({"result": self._handlers[name](**arguments)})
            outcome = "done"
            return answer
        except Exception as error:  # Whatever fails belongs to the caller.
            log.warning("%s failed: %s", name, error, exc_info=not isinstance(error, GenericError))
            text = error.message if isinstance(error, GenericError) else str(error)
            return _fault(type(error).__name__, text or repr(error))
        finally:
            metrics.called(name, outcome, time.monotonic() - begun)


def server_context(tls: TlsSettings) -> ssl.SSLContext:
    """Show the node's certificate, and speak only with who has one of the same authority."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(tls.ca))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(str(tls.certificate), str(tls.key))
    return context


def _listen(node: NodeSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in node.address else socket.AF_INET
    try:
        return socket.create_server((node.address, node.port), family=family, backlog=BACKLOG)
    except OSError as error:
        place = f"{node.address}:{node.port}"
        raise GenericError(f"Node {node.name} cannot listen on {place}: {error}") from error


def _fault(kind: str, message: str) -> bytes:
    return orjson.dumps({"error": {"class": kind, "message": message}})
