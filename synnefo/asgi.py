"""The API process: streams and console bridges natively, everything else by Django in threads.

Small bodies are read here, before a thread is taken, so that slow clients hold up nobody; the bytes
of images have threads of their own, and so has what asks clusters. Threads, and with them their
database connections, persist.
"""

import asyncio
import io
import os
import re
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import FrameType
from typing import Any, NamedTuple

from a2wsgi import WSGIMiddleware
from a2wsgi.wsgi import build_environ
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "synnefo.settings")
django_application = get_wsgi_application()

from synnefo.api import console, metrics  # noqa: E402  # Django must be set up before.
from synnefo.api.compute.asking import is_asking  # noqa: E402
from synnefo.api.events import Broadcaster, Receive, Scope, Send, Stream  # noqa: E402
from synnefo.api.request import BODY_LIMIT  # noqa: E402
from synnefo.api.worker_threads import WorkerThreads  # noqa: E402
from synnefo.intents.image import images  # noqa: E402
from synnefo.intents.volume import volume_images  # noqa: E402
from synnefo.telemetry import logs  # noqa: E402
from synnefo.telemetry.metrics import open_port  # noqa: E402

WORKERS = 8
TRANSFERS = 8  # images on their way at the same time
ASKERS = 8  # requests that ask clusters, which may not answer
BODY_SECONDS = 30.0
PIECE_SECONDS = 60.0  # for one piece of an image, in either direction
TRANSFER_PATH = re.compile(r"/image/v2/images/[^/]+/(file|stage)$")
CONSOLE_PATHS = frozenset({"/console/websockify", "/websockify"})


class ClientGone(ConnectionError):  # noqa: N818  # The name says what happened.
    """The client went away in the middle of its body."""


def _without_body(scope: Scope) -> bool:
    names = {name for name, _ in scope["headers"]}
    return b"content-length" not in names and b"transfer-encoding" not in names


def _announced(scope: Scope) -> int:
    text = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    return int(text) if text.isdigit() else 0


async def _read_small(receive: Receive) -> bytes:
    """A body, or as much of it as shows that it is too long."""
    parts, size, more = [], 0, True
    while more and size <= BODY_LIMIT:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        part = message.get("body", b"")
        parts.append(part)
        size += len(part)
        more = message.get("more_body", False)
    return b"".join(parts)


class _Answered(NamedTuple):
    """A whole answer of Django's."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


def _call(scope: Scope, body: bytes) -> _Answered:
    """Ask Django, in one of its threads, and wait for all of the answer.

    One hop to a thread and back, where a2wsgi makes five so that answers may be streamed.
    """
    answered: list[tuple[str, list[tuple[str, str]]]] = []
    # The types of a2wsgi want its own reader; any file will do.
    environ: Any = build_environ(scope, io.BytesIO(body))  # type: ignore[arg-type]

    def start(status: str, headers: list[tuple[str, str]], _error: Any = None) -> Any:
        answered.append((status, headers))

    response = django_application(environ, start)
    try:
        content = b"".join(response)
    finally:
        response.close()
    status, headers = answered[-1]
    raw = [(name.lower().encode("latin-1"), text.encode("latin-1")) for name, text in headers]
    return _Answered(int(status[:3]), raw, content)


def _guarded(receive: Receive) -> Receive:
    """A client that goes away must not look like the end of its body, nor a silent one stay."""

    async def guarded() -> dict[str, Any]:
        try:
            async with asyncio.timeout(PIECE_SECONDS):
                message = await receive()
        except TimeoutError as silent:
            raise ClientGone("the client fell silent in the middle of the body") from silent
        if message["type"] == "http.disconnect":
            raise ClientGone("the client went away in the middle of the body")
        return message

    return guarded


def _patient(send: Send) -> Send:
    """A client that takes nothing any more must not keep a thread: the rest is dropped."""
    gone = False

    async def patient(message: dict[str, Any]) -> None:
        nonlocal gone
        if gone:
            return
        try:
            async with asyncio.timeout(PIECE_SECONDS):
                await send(message)
        except TimeoutError:
            gone = True

    return patient


async def _too_slow(send: Send) -> None:
    body = b'{"error": {"code": 408, "title": "Request Timeout", "message": "Too slow a body."}}'
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 408, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Application:
    """The ASGI application; started and stopped by the server's lifespan messages."""

    def __init__(self) -> None:
        # Django and a2wsgi write the same protocols down in different types.
        application: Any = django_application
        self._workers = WorkerThreads(WORKERS)
        self._askers = ThreadPoolExecutor(ASKERS, thread_name_prefix="asking")
        self._transfers: Any = WSGIMiddleware(application, workers=TRANSFERS)
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="streams")
        self._broadcaster: Broadcaster | None = None
        self._streams = 0
        metrics.STREAMS.set(0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Route by type and path."""
        kind, path = scope["type"], scope.get("path", "")
        if kind == "lifespan":
            await self._live(receive, send)
        elif kind == "websocket" and path in CONSOLE_PATHS:
            await console.bridge(scope, receive, send, self._threads)
        elif kind == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": console.REFUSED})
        elif path == "/events" and scope["method"] == "GET":
            await self._stream(scope, receive, send)
        else:
            await self._http(scope, receive, send)

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._count_streams(1)
        try:
            await Stream(self._broadcasting(), self._threads).serve(scope, receive, send)
        finally:
            self._count_streams(-1)

    def _count_streams(self, more: int) -> None:
        self._streams += more
        metrics.STREAMS.set(self._streams)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        if TRANSFER_PATH.match(scope["path"]):
            await self._transfers(scope, _guarded(receive), _patient(send))
            return
        body = b""
        # What announces too much is not read at all; Django then answers 413.
        if not _without_body(scope) and _announced(scope) <= BODY_LIMIT:
            try:
                async with asyncio.timeout(BODY_SECONDS):
                    body = await _read_small(receive)
            except ClientGone:
                return
            except TimeoutError:
                await _too_slow(send)
                return
        begun = time.perf_counter()
        if is_asking(scope["path"], body):
            loop = asyncio.get_running_loop()
            found = await loop.run_in_executor(self._askers, _call, scope, body)
        else:
            found = await self._workers.run(partial(_call, scope, body))
        metrics.answered(scope["path"], scope["method"], found.status, time.perf_counter() - begun)
        await send(
            {"type": "http.response.start", "status": found.status, "headers": found.headers}
        )
        await send({"type": "http.response.body", "body": found.body})

    def _broadcasting(self) -> Broadcaster:
        if self._broadcaster is None:
            self._broadcaster = Broadcaster()
            self._broadcaster.start()
        return self._broadcaster

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        broadcaster = self._broadcasting()
        _on_termination(broadcaster)
        logs.catch_strays()
        open_port(os.environ.get("SYNNEFO_METRICS_PORT"))
        loop = asyncio.get_running_loop()
        for take_back in (images.take_back_abandoned, volume_images.take_back_abandoned):
            await loop.run_in_executor(self._threads, take_back)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        broadcaster.close()
        await loop.run_in_executor(self._threads, broadcaster.end)
        if threading.current_thread() is threading.main_thread():
            # Uvicorn sends itself the signal once more when all is done, which would turn an
            # orderly end into a death by signal.
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        await send({"type": "lifespan.shutdown.complete"})


def _on_termination(broadcaster: Broadcaster) -> None:
    """End the streams when the server is told to stop: it waits for them before it tells us."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (signal.SIGTERM, signal.SIGINT):
        previous = signal.getsignal(number)

        def stop(signum: int, frame: FrameType | None, before: Any = previous) -> None:
            broadcaster.close()
            if callable(before):
                before(signum, frame)

        signal.signal(number, stop)


application = Application()
