"""/console/websockify: carries a console's bytes between a browser and a hypervisor's VNC server.

The token is the only credential; where it is not good the connection is refused before it is made,
because clients wait for ever on one that stays open in silence.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

from synnefo.api.events import Receive, Scope, Send
from synnefo.intents.compute import consoles

CONNECT_SECONDS = 5.0
PIECE = 1 << 16
REFUSED, UNREACHABLE = 1008, 1011
SUBPROTOCOL = "binary"
LONGEST_TOKEN = 512


def token_of(scope: Scope) -> str:
    """The token in the query, or in a cookie."""
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    if "token" in query:
        return str(query["token"][-1])
    header: bytes = next((value for name, value in scope["headers"] if name == b"cookie"), b"")
    try:
        cookie = SimpleCookie(header.decode("latin-1"))
    except CookieError:
        return ""
    return str(cookie["token"].value) if "token" in cookie else ""


def _target(token: str) -> tuple[str, int] | None:
    return consoles.redeem(token) if 0 < len(token) <= LONGEST_TOKEN else None


async def bridge(scope: Scope, receive: Receive, send: Send, threads: ThreadPoolExecutor) -> None:
    """One browser's connection."""
    await receive()  # websocket.connect
    loop = asyncio.get_running_loop()
    target = await loop.run_in_executor(threads, _target, token_of(scope))
    if target is None:
        await send({"type": "websocket.close", "code": REFUSED})
        return
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            reader, writer = await asyncio.open_connection(*target)
    except (OSError, TimeoutError):
        await send({"type": "websocket.close", "code": UNREACHABLE})
        return
    chosen = SUBPROTOCOL if SUBPROTOCOL in scope.get("subprotocols", ()) else None
    await send({"type": "websocket.accept", "subprotocol": chosen})
    try:
        await _carry(reader, writer, receive, send)
    finally:
        writer.close()


async def _carry(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, receive: Receive, send: Send
) -> None:
    """Both directions, until either side ends."""
    up = asyncio.ensure_future(_to_console(receive, writer))
    down = asyncio.ensure_future(_to_browser(reader, send))
    done, pending = await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    if down in done and not up.done():
        await send({"type": "websocket.close", "code": 1000})


async def _to_console(receive: Receive, writer: asyncio.StreamWriter) -> None:
    try:
        while (message := await receive())["type"] == "websocket.receive":
            writer.write(message.get("bytes") or (message.get("text") or "").encode())
            await writer.drain()
    except OSError:
        return  # The console ended; the other direction tells the browser.


async def _to_browser(reader: asyncio.StreamReader, send: Send) -> None:
    try:
        while piece := await reader.read(PIECE):
            message: dict[str, Any] = {"type": "websocket.send", "bytes": piece}
            await send(message)
    except OSError:
        return  # As above, or the browser went away.
