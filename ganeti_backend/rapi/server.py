"""The remote API's server: HTTPS on its own thread inside the master.

The event loop only parses and answers; what a row does runs on a pool of threads, and waiting for
jobs on another one, so that a hundred waiting clients hold up nobody.
"""

import asyncio
import logging
import socket
import threading
import time
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any
from urllib.parse import unquote

import orjson
import uvicorn

from ganeti_backend import errors, opcodes
from ganeti_backend.doors import client_log, short_names
from ganeti_backend.queries.reader import Reader
from ganeti_backend.rapi import authentication, metrics, requests
from ganeti_backend.rapi.faults import HttpFault, bad_request
from ganeti_backend.rapi.reads import Doors, Master
from ganeti_backend.rapi.resources import ROWS
from ganeti_backend.rapi.table import Router, Row, Write
from ganeti_backend.settings import RapiSettings, Settings

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

WORKERS = 8
WAITERS = 256
START_SECONDS = 20.0
STOP_SECONDS = 5.0
BACKLOG = 1024
KEEP_ALIVE_SECONDS = 75
SERVER_NAME = b"Ganeti 3.0.2 (synnefo)"


class Application:
    """The ASGI application; `answer` is all of it that is not HTTP."""

    def __init__(
        self, doors: Doors, users: authentication.Users, workers: Executor, waiters: Executor
    ) -> None:
        self._doors = doors
        self._users = users
        self._workers = workers
        self._waiters = waiters
        self._router = Router(ROWS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        begun = time.monotonic()
        try:
            status, content, headers = 200, await self._answer(scope, receive), []
        except HttpFault as fault:
            status, headers = fault.status.value, fault.headers
            content = orjson.dumps(fault.body, option=orjson.OPT_APPEND_NEWLINE)
        metrics.answered(scope["method"], status, time.monotonic() - begun)
        await _send(send, status, content, headers)

    async def _answer(self, scope: Scope, receive: Receive) -> bytes:
        """The body of the answer; whatever is wrong is an HttpFault."""
        headers: dict[bytes, bytes] = dict(scope["headers"])
        user = self._users.authenticate(headers.get(b"authorization", b"").decode("latin-1"))
        method, parts = scope["method"], _parts(scope)
        row, names = self._router.find(method, parts)
        authentication.authorize(user, row.allowed)
        content = await _body(receive, headers)
        content_type = headers.get(b"content-type", b"").decode("latin-1")
        request = requests.Request(
            method=method,
            path="/".join(parts),
            names=names,
            arguments=requests.parse_arguments(scope.get("query_string", b"")),
            body=requests.parse_body(content, content_type),
            user=user.name,
        )
        pool = self._waiters if row.waits else self._workers
        return await asyncio.get_running_loop().run_in_executor(pool, self.answer, row, request)

    def answer(self, row: Row, request: requests.Request) -> bytes:
        """Do what the row says and put the answer into bytes; runs on a thread of a pool."""
        try:
            result = (
                self._submit(row, row.act, request)
                if isinstance(row.act, Write)
                else (row.act(request, self._doors))
            )
        except errors.QueueDrained as error:
            raise HttpFault(500, "Queue drained") from error
        except errors.QueueFull as error:
            raise HttpFault(503, "Job queue is full, needs archiving") from error
        except HttpFault:
            raise
        except Exception as error:  # A mistake ends one request, and is told to the log alone.
            log.exception("rapi: %s %s failed", request.method, request.path)
            raise HttpFault(500) from error
        return orjson.dumps(result, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS)

    def _submit(self, row: Row, write: Write, request: requests.Request) -> int:
        ops = []
        for given in write.opcodes(request):
            reason = [*_said(request), *given.get("reason", ()), _entry(row.source)]
            try:
                op = opcodes.from_dict({**given, "reason": reason})
                ops.append(short_names.completed(op, self._doors.master.config))
            except (errors.OpPrereqError, TypeError) as error:
                raise bad_request(f"Invalid body parameters: {error}") from error
        try:
            job_id = self._doors.master.submit(ops)
        except errors.OpPrereqError as error:
            # Of a job that depends on nothing it could: refused before it has a number.
            raise bad_request(f"Invalid body parameters: {error.message}") from error
        client_log.submitted(job_id, ops, request.user)
        return job_id


def _said(request: requests.Request) -> list[list[Any]]:
    """What the caller gave as the reason, as the first entry of the trail."""
    reason = request.text("reason")
    return [[client_log.USER_SOURCE, reason, time.time_ns()]] if reason else []


def _entry(source: str) -> list[Any]:
    return [source, "", time.time_ns()]


def _parts(scope: Scope) -> list[str]:
    """The parts of the path. They are split before they are decoded: a name may hold a slash."""
    raw = scope.get("raw_path") or scope["path"].encode()
    path = raw.decode("latin-1").partition("?")[0]
    if len(path) > 1:
        path = path.rstrip("/")
    return [unquote(part) for part in path.split("/")]


async def _body(receive: Receive, headers: dict[bytes, bytes]) -> bytes:
    declared = headers.get(b"content-length", b"0")
    if declared.isdigit() and int(declared) > requests.LARGEST_BODY:
        raise HttpFault(413)
    content = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise bad_request("The client went away")
        content += message.get("body", b"")
        if len(content) > requests.LARGEST_BODY:
            raise HttpFault(413)
        if not message.get("more_body"):
            return bytes(content)


async def _send(send: Send, status: int, content: bytes, headers: Headers) -> None:
    fixed = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(content)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": [*fixed, *headers]})
    await send({"type": "http.response.body", "body": content})


class Server:
    """The running server; `port` is where it listens."""

    def __init__(self, master: Master, settings: Settings) -> None:
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="rapi")
        self._waiters = ThreadPoolExecutor(WAITERS, thread_name_prefix="rapi-wait")
        doors = Doors(master, Reader(master))
        users = authentication.Users(settings.rapi.users_file)
        application = Application(doors, users, self._workers, self._waiters)
        self._socket = _listen(settings.rapi.host, settings.rapi.port)
        self.port = int(self._socket.getsockname()[1])
        self._certificate = settings.rapi
        self._server = _Uvicorn(_configuration(application, settings.rapi))
        self._thread = threading.Thread(target=self._run, name="rapi-server", daemon=True)
        self._thread.start()
        if not self._server.listening.wait(START_SECONDS) or not self._thread.is_alive():
            raise errors.GenericError(f"The remote API did not start on port {self.port}")

    def _run(self) -> None:
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._server.listening.set()

    def renewed(self) -> None:
        """The certificate's files are new ones: connections from now on see them."""
        context = self._server.config.ssl
        if context is not None:
            context.load_cert_chain(self._certificate.certificate, self._certificate.key)

    def stop(self) -> None:
        """Answer what is under way, then close."""
        self._server.should_exit = True
        self._waiters.shutdown(wait=False, cancel_futures=True)
        self._thread.join(STOP_SECONDS * 2)
        self._workers.shutdown(wait=False, cancel_futures=True)
        self._socket.close()


class _Uvicorn(uvicorn.Server):
    """Says when it listens. It takes no signals: uvicorn does so in a main thread only."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.listening.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Without the TLS farewell to idle connections, for which a silent client is waited."""
        for connection in list(self.server_state.connections):
            # Typed as a protocol without these two by uvicorn; both of its HTTP/1.1 ones have them.
            cycle = getattr(connection, "cycle", None)
            if cycle is None or cycle.response_complete:
                connection.transport.abort()
        await super().shutdown(sockets)


def _configuration(application: Application, rapi: RapiSettings) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        ssl_certfile=str(rapi.certificate),
        ssl_keyfile=str(rapi.key),
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        interface="asgi3",
        access_log=False,
        log_config=None,
        server_header=False,
        headers=[("Server", SERVER_NAME.decode())],
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=int(STOP_SECONDS),
    )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise errors.GenericError(f"Cannot listen on {host}:{port}: {error.strerror}") from error
    listener.set_inheritable(False)
    return listener


def serve(master: Master, settings: Settings) -> Server:
    """Start the remote API on a thread of this process."""
    return Server(master, settings)
