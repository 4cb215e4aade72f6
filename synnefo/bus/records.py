"""The file format of the spool: a JSON line that describes, then the messages' bytes."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from typing import Self


class Damaged(ValueError):  # noqa: N818  # The name says what happened.
    """The file is not as it was written."""


@dataclass(frozen=True, slots=True)
class Record:
    """Messages that were published together; a dead letter has one message and a reason."""

    routing_key: str
    bodies: tuple[bytes, ...]
    reason: str = ""

    def encode(self) -> bytes:
        """The file's bytes."""
        content = b"".join(self.bodies)
        head = {
            "key": self.routing_key,
            "sizes": [len(body) for body in self.bodies],
            "crc": zlib.crc32(content),
            "reason": self.reason,
        }
        return json.dumps(head).encode() + b"\n" + content

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read a file; Damaged says what is wrong."""
        line, _, content = data.partition(b"\n")
        try:
            head = json.loads(line)
            key, sizes, crc = head["key"], head["sizes"], head["crc"]
        except (ValueError, KeyError, TypeError) as error:
            raise Damaged(f"no readable first line: {error}") from error
        if zlib.crc32(content) != crc or sum(sizes) != len(content):
            raise Damaged("incomplete or altered")
        bodies, start = [], 0
        for size in sizes:
            bodies.append(content[start : start + size])
            start += size
        return cls(key, tuple(bodies), head.get("reason", ""))
