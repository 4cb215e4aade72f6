"""A picture to look at behind the stand-in's console: the least of RFB 3.8 that noVNC accepts."""

import struct
from collections.abc import Awaitable, Callable
from typing import Any

WIDTH, HEIGHT = 320, 200
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


def _picture() -> bytes:
    """Rows of colour, in the pixel format announced below."""
    return b"".join(
        struct.pack("<I", (x * 255 // WIDTH) << 16 | (y * 255 // HEIGHT) << 8 | 96)
        for y in range(HEIGHT)
        for x in range(WIDTH)
    )


PIXEL_FORMAT = struct.pack(">BBBBHHHBBBxxx", 32, 24, 0, 1, 255, 255, 255, 16, 8, 0)
NAME = b"stand-in"
INIT = struct.pack(">HH", WIDTH, HEIGHT) + PIXEL_FORMAT + struct.pack(">I", len(NAME)) + NAME
UPDATE = struct.pack(">BxHHHHHi", 0, 1, 0, 0, WIDTH, HEIGHT, 0) + _picture()
#: What the server says after each thing the client says: version, security, result, init.
GREETINGS = (b"\x01\x01", b"\x00\x00\x00\x00", INIT)


async def screen(receive: Receive, send: Send) -> None:
    """Greet, send one picture, then listen until the client leaves."""
    await receive()
    await send({"type": "websocket.accept", "subprotocol": "binary"})
    await send({"type": "websocket.send", "bytes": b"RFB 003.008\n"})
    answers = [*GREETINGS, UPDATE]
    while (await receive())["type"] != "websocket.disconnect":
        if answers:
            await send({"type": "websocket.send", "bytes": answers.pop(0)})
