"""Feeds a program and takes what it writes until it ends: bounded in time, whatever it leaves.

A program may start others that keep its pipes open for ever. They are not waited for: soon after
the program itself has ended and nothing of it is left in the pipes, the conversation has as well.
"""

from __future__ import annotations

import os
import selectors
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from subprocess import Popen

Sink = Callable[[bytes], None]

LINGER = 0.5
READ_SIZE = 65536
# No pipe holds more (fs.pipe-max-size), so what comes later is not the program's own.
LARGEST_PIPE = 1 << 20
LOOK_EVERY = 0.2
# Where the system cannot tell of a program's end, it is looked for.
UNWATCHED_LOOK = 0.02


class Tail:
    """Keeps the end of what it is given."""

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._parts: deque[bytes] = deque()
        self._size = 0

    def __call__(self, part: bytes) -> None:
        self._parts.append(part)
        self._size += len(part)
        while self._size - len(self._parts[0]) >= self._keep:
            self._size -= len(self._parts.popleft())

    @property
    def content(self) -> bytes:
        return b"".join(self._parts)[-self._keep :]


class Conversation:
    """One program's pipes: `sinks` by descriptor take what it writes, `feed` is its input.

    `look` is called several times a second; what it raises, and what a sink or the feed raises,
    ends the conversation but not the program.
    """

    def __init__(
        self,
        process: Popen[bytes],
        sinks: Mapping[int, Sink],
        feed: Iterator[bytes] | None = None,
        look: Callable[[], None] | None = None,
    ) -> None:
        self._process = process
        self._sinks = dict(sinks)
        self._feed = feed
        self._look = look
        self._unsent = b""
        self._ended = False
        self._quiet_since = 0.0
        self._read_since_end = 0
        self._watched: int | None = None
        self._selector = selectors.DefaultSelector()

    def hold(self, timeout: float) -> bool:
        """Until the program has ended; False if that takes too long."""
        deadline = time.monotonic() + timeout
        with ExitStack() as leaving:
            leaving.callback(self._selector.close)
            self._watch(leaving)
            for descriptor in self._sinks:
                os.set_blocking(descriptor, False)
                self._selector.register(descriptor, selectors.EVENT_READ)
            self._open_input()
            while not self._over():
                if self._look is not None:
                    self._look()
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                self._step(left)
        return True

    def _watch(self, leaving: ExitStack) -> None:
        """Be told of the program's end without collecting it: its process group stays its own."""
        try:
            self._watched = os.pidfd_open(self._process.pid)
        except OSError:
            return
        leaving.callback(os.close, self._watched)
        self._selector.register(self._watched, selectors.EVENT_READ)

    def _open_input(self) -> None:
        if self._process.stdin is None:
            return
        if self._feed is None:
            self._close_input()
            return
        os.set_blocking(self._process.stdin.fileno(), False)
        self._selector.register(self._process.stdin.fileno(), selectors.EVENT_WRITE)

    def _over(self) -> bool:
        if not self._ended:
            return False
        quiet = time.monotonic() - self._quiet_since > LINGER
        return not self._sinks or quiet or self._read_since_end > LARGEST_PIPE * len(self._sinks)

    def _program_ended(self) -> None:
        self._ended = True
        self._quiet_since = time.monotonic()

    def _step(self, left: float) -> None:
        if self._ended:
            left = min(left, self._quiet_since + LINGER - time.monotonic() + 0.001)
        if self._watched is None:
            left = min(left, UNWATCHED_LOOK)
        elif self._look is not None:
            left = min(left, LOOK_EVERY)
        for key, _ in self._selector.select(max(left, 0)):
            if key.fd == self._watched:
                self._selector.unregister(key.fd)
                self._program_ended()
            elif key.fd in self._sinks:
                self._take(key.fd)
            else:
                self._send()
        if self._watched is None and not self._ended and self._process.poll() is not None:
            self._program_ended()

    def _take(self, descriptor: int) -> None:
        part = os.read(descriptor, READ_SIZE)
        if part:
            self._sinks[descriptor](part)
            self._quiet_since = time.monotonic()
            self._read_since_end += len(part) if self._ended else 0
        else:
            self._selector.unregister(descriptor)
            del self._sinks[descriptor]

    def _send(self) -> None:
        if not self._unsent and self._feed is not None:
            self._unsent = next(self._feed, b"")
        if not self._unsent:
            self._close_input()
            return
        stdin = self._process.stdin
        try:
            sent = os.write(stdin.fileno(), self._unsent) if stdin is not None else 0
        except BrokenPipeError:
            # It has read all it wanted; its exit code says whether that was enough.
            self._close_input()
            return
        except BlockingIOError:
            return
        self._unsent = self._unsent[sent:]

    def _close_input(self) -> None:
        stdin = self._process.stdin
        if stdin is None or stdin.closed:
            return
        if stdin.fileno() in self._selector.get_map():
            self._selector.unregister(stdin.fileno())
        stdin.close()
