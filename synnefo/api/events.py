"""GET /events: what changed, pushed to browsers as server-sent events.

One thread listens to the doorbell; each open stream gets what concerns its project. Events are
hints: a client reads the resource again by the API, and everything again after `reset`, which it
gets when it was too slow. The token is looked at again as often as the heart beats, so a revoked
one ends its stream. Streams never keep the process from stopping.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import orjson

from synnefo import wiring
from synnefo.api import authentication, faults
from synnefo.core.caller import Caller
from synnefo.core.faults import Fault, Unauthorized

HEARTBEAT = 15.0
WAITING = 256
LISTEN_SECONDS = 5.0
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


def event(name: str, data: Any) -> bytes:
    """One event's bytes."""
    return b"event: " + name.encode() + b"\ndata: " + orjson.dumps(data) + b"\n\n"


HELLO = event("hello", {})
RESET = event("reset", {})
BEAT = b": still here\n\n"


@dataclass(eq=False)
class Subscriber:
    """One open stream; a project of None hears of all."""

    project: str | None
    queue: asyncio.Queue[bytes] = field(default_factory=lambda: asyncio.Queue(WAITING))

    def offer(self, data: bytes) -> None:
        """Add an event; who does not keep up is told to read everything again."""
        if self.queue.full():
            while not self.queue.empty():
                self.queue.get_nowait()
            data = RESET
        self.queue.put_nowait(data)


class Broadcaster:
    """Hears the doorbell in one thread and hands events to the streams of this process."""

    def __init__(self) -> None:
        self.closing = asyncio.Event()
        self._subscribers: set[Subscriber] = set()
        self._loop = asyncio.get_running_loop()
        self._stop = threading.Event()
        self._ears = wiring.doorbell().listen(["changes"])
        self._thread = threading.Thread(target=self._listen, name="events", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def close(self) -> None:
        """End all streams; safe to call from a signal's handler."""
        self._stop.set()
        self._loop.call_soon_threadsafe(self.closing.set)

    def end(self) -> None:
        """Stop to listen, after `close`."""
        self._ears.close()
        self._thread.join(LISTEN_SECONDS)

    def _listen(self) -> None:
        while not self._stop.is_set():
            ring = self._ears.get(LISTEN_SECONDS)
            if ring is not None and not self._stop.is_set():
                self._loop.call_soon_threadsafe(self._spread, ring.payload)

    def _spread(self, payload: dict[str, Any]) -> None:
        project = payload.get("project")
        # What belongs to no project, for example a public network, concerns everybody.
        concerned = [
            one
            for one in self._subscribers
            if one.project is None or project in (None, one.project)
        ]
        if not concerned:
            return
        kind, named = str(payload.get("kind", "change")), payload.get("ids") or [payload.get("id")]
        data = b"".join(event(kind, {"id": identifier}) for identifier in named)
        for subscriber in concerned:
            subscriber.offer(data)

    def join(self, subscriber: Subscriber) -> None:
        """Begin to hear."""
        self._subscribers.add(subscriber)

    def leave(self, subscriber: Subscriber) -> None:
        """Hear no more."""
        self._subscribers.discard(subscriber)


def _token(scope: Scope) -> str:
    return next(
        (value.decode("latin-1") for name, value in scope["headers"] if name == b"x-auth-token"), ""
    )


def _identify(token: str) -> Caller:
    caller = authentication.caller(token, "")
    if not caller.project_id:
        raise Unauthorized(authentication.HINT)
    return caller


async def _refuse(scope: Scope, send: Send, fault: Fault) -> None:
    host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
    response = faults.response("", fault, f"{scope.get('scheme', 'http')}://{host}")
    headers = [(k.lower().encode(), v.encode("latin-1")) for k, v in response.items()]
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": response.content})


class Stream:
    """One client's stream."""

    def __init__(self, broadcaster: Broadcaster, threads: ThreadPoolExecutor) -> None:
        self._broadcaster, self._threads = broadcaster, threads

    async def _caller(self, token: str) -> Caller:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, _identify, token)

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """From the first byte until the client, the token or the process goes away."""
        token = _token(scope)
        try:
            caller = await self._caller(token)
        except Fault as fault:
            await _refuse(scope, send, fault)
            return
        subscriber = Subscriber(None if caller.is_admin else caller.project_id)
        self._broadcaster.join(subscriber)
        try:
            await self._begin(send)
            await self._pump(subscriber, token, receive, send)
            await send({"type": "http.response.body", "body": b""})
        finally:
            self._broadcaster.leave(subscriber)

    @staticmethod
    async def _begin(send: Send) -> None:
        headers = [
            (b"content-type", b"text/event-stream; charset=utf-8"),
            (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": HELLO, "more_body": True})

    async def _pump(self, subscriber: Subscriber, token: str, receive: Receive, send: Send) -> None:
        gone = asyncio.ensure_future(_gone(receive))
        closing = asyncio.ensure_future(self._broadcaster.closing.wait())
        waits: set[asyncio.Future[Any]] = {gone, closing}
        waiting: asyncio.Future[bytes] = asyncio.ensure_future(subscriber.queue.get())
        clock = asyncio.get_running_loop().time
        looked_at = clock()
        try:
            while True:
                done, _ = await asyncio.wait(
                    waits | {waiting}, timeout=HEARTBEAT, return_when=asyncio.FIRST_COMPLETED
                )
                if gone in done or closing in done:
                    return
                # By the clock, since a stream on which much happens has no pauses.
                if clock() - looked_at >= HEARTBEAT:
                    if not await self._still_valid(token):
                        return
                    looked_at = clock()
                data = BEAT
                if waiting in done:
                    data = waiting.result() + _ready(subscriber.queue)
                    waiting = asyncio.ensure_future(subscriber.queue.get())
                await send({"type": "http.response.body", "body": data, "more_body": True})
        finally:
            for task in (gone, closing, waiting):
                task.cancel()

    async def _still_valid(self, token: str) -> bool:
        try:
            await self._caller(token)
        except Fault:
            return False
        return True


def _ready(queue: asyncio.Queue[bytes]) -> bytes:
    """Whatever else waits already goes out in the same piece."""
    parts = []
    while not queue.empty():
        parts.append(queue.get_nowait())
    return b"".join(parts)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
