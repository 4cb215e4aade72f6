"""One disk's content on its way from one cluster to another, over a connection of its own.

Both ends show a certificate that the other was told of and trust no other. A sender begins with
the word it was told. To Ganeti's receivers it then sends the bare content. Ours add `ACKNOWLEDGES`
to the word: they take it in pieces with their lengths in front, so a cut connection is no end, and
say at last that they have it for good; before that the sender's cluster deletes nothing.
"""

from __future__ import annotations

import functools
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ganeti_backend.errors import StorageError
from ganeti_backend.node.transfer_keys import TransferKey

ACKNOWLEDGES = "ack-"
BARE, IN_PIECES = b"M=", b"A="
RECEIVED = b"ok"
LENGTH = 4
LARGEST_PIECE = 1 << 20
LEVELS = {"gzip-fast": 1, "gzip": 6, "gzip-slow": 9}
GZIP = 31  # What zlib calls a gzip frame.
GZIP_BEGINS = b"\x1f\x8b"

TICK = 0.5  # Seconds between looks at whether anybody still wants this.
HANDSHAKE_SECONDS = 10.0
STILL_SECONDS = 300.0  # A connection on which nothing moves for so long is dead.
CONFIRMATION_SECONDS = 3600.0

Look = Callable[[], None]


@dataclass(frozen=True)
class Ends:
    """What both ends were told: our key, whom to trust, the word, and how it is compressed."""

    key: TransferKey
    trusted: str
    magic: str
    compress: str = "none"

    @property
    def in_pieces(self) -> bool:
        return self.magic.startswith(ACKNOWLEDGES)

    def context(self, protocol: int) -> ssl.SSLContext:
        made = ssl.SSLContext(protocol)
        made.check_hostname = False  # It is one certificate that is trusted, whatever its name.
        made.verify_mode = ssl.CERT_REQUIRED
        made.minimum_version = ssl.TLSVersion.TLSv1_2
        # Some versions of Python take a connection that broke for one that was ended, unasked.
        made.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
        made.load_cert_chain(self.key.certificate, self.key.key)
        made.load_verify_locations(cadata=self.trusted)
        return made


class Connection:
    """Reads and writes that `look` can end, and that do not wait for a dead peer for ever."""

    def __init__(self, stream: ssl.SSLSocket, look: Look) -> None:
        self._stream = stream
        self._stream.settimeout(TICK)
        self._look = look

    def write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            send = functools.partial(self._stream.send, view)
            view = view[self._patiently(send, STILL_SECONDS) :]

    def read(self, most: int, patience: float = STILL_SECONDS) -> bytes:
        """What is there; nothing when the other end has said that this was all."""
        found: bytes = self._patiently(lambda: self._stream.recv(most), patience)
        return found

    def exactly(self, length: int, patience: float = STILL_SECONDS) -> bytes:
        parts, left = [], length
        while left:
            part = self.read(left, patience)
            if not part:
                raise StorageError("the other cluster ended the connection too early")
            parts.append(part)
            left -= len(part)
        return b"".join(parts)

    def _patiently(self, step: Callable[[], Any], patience: float) -> Any:
        deadline = time.monotonic() + patience
        while True:
            self._look()
            try:
                return step()
            except TimeoutError:
                if time.monotonic() > deadline:
                    text = f"nothing came through to the other cluster for {patience:.0f} s"
                    raise StorageError(text) from None
            except OSError as error:
                text = f"the connection with the other cluster broke: {error}"
                raise StorageError(text) from error

    def close(self) -> None:
        """Say that this was all."""
        try:
            self._stream.settimeout(HANDSHAKE_SECONDS)
            self._stream.unwrap()
        except (OSError, ValueError):
            # Some peers hang up at once; what counts was said before.
            self._stream.close()
            return
        self._stream.close()

    def drop(self) -> None:
        """End it so that the other end sees that it is not complete."""
        self._stream.close()


class Sender:
    """Takes a disk's dump part by part and brings it to another cluster."""

    def __init__(self, ends: Ends, host: str, port: int, look: Look) -> None:
        self._ends = ends
        level = LEVELS.get(ends.compress)
        self._packer = zlib.compressobj(level, wbits=GZIP) if level is not None else None
        self.sent = 0
        try:
            plain = socket.create_connection((host, port), timeout=HANDSHAKE_SECONDS)
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            wrapped = ends.context(ssl.PROTOCOL_TLS_CLIENT).wrap_socket(plain)
        except OSError as error:
            raise StorageError(f"cannot reach {host}:{port}: {error}") from error
        self._connection = Connection(wrapped, look)
        try:
            if ends.in_pieces:
                self._connection.write(IN_PIECES + ends.magic.encode())
            else:
                # For Ganeti the word is a part of what is compressed.
                self._write(self._packed(BARE + ends.magic.encode()))
        except BaseException:
            self.close()
            raise

    def __call__(self, part: bytes) -> None:
        self.sent += len(part)
        self._write(self._packed(part))

    def finish(self) -> None:
        """Return when the other cluster has it for good, or cannot say so."""
        if self._packer is not None:
            self._write(self._packer.flush())
        if self._ends.in_pieces:
            self._connection.write(bytes(LENGTH))
            if self._connection.read(len(RECEIVED), CONFIRMATION_SECONDS) != RECEIVED:
                raise StorageError("the other cluster did not keep what it was sent")
        self._connection.close()

    def close(self) -> None:
        self._connection.drop()

    def _packed(self, part: bytes) -> bytes:
        return part if self._packer is None else self._packer.compress(part)

    def _write(self, data: bytes) -> None:
        if not self._ends.in_pieces:
            self._connection.write(data)
            return
        for at in range(0, len(data), LARGEST_PIECE):
            piece = data[at : at + LARGEST_PIECE]
            self._connection.write(len(piece).to_bytes(LENGTH, "big") + piece)


class Receiver:
    """Listens for one sender and gives what it sends."""

    def __init__(self, ends: Ends, address: str, look: Look) -> None:
        self._ends = ends
        self._look = look
        self._context = ends.context(ssl.PROTOCOL_TLS_SERVER)
        self._kept = threading.Event()
        self._connection: Connection | None = None
        self._in_pieces = False
        self._unpacker = zlib.decompressobj(wbits=GZIP) if ends.compress in LEVELS else None
        self._begun = b""  # What came after a compressed word in the same breath.
        try:
            self._listener = socket.create_server((address, 0))
        except OSError as error:
            raise StorageError(f"cannot listen on {address}: {error}") from error
        self._listener.settimeout(TICK)
        self.port: int = self._listener.getsockname()[1]

    def accept(self, patience: float) -> None:
        """Wait for the sender; whoever has not its certificate and its word is sent away."""
        deadline = time.monotonic() + patience
        while self._connection is None:
            self._look()
            if time.monotonic() > deadline:
                raise StorageError(f"the other cluster did not connect within {patience:.0f} s")
            try:
                plain, _ = self._listener.accept()
            except TimeoutError:
                continue
            self._connection = self._greeted(plain)
        self._listener.close()

    def _greeted(self, plain: socket.socket) -> Connection | None:
        plain.settimeout(HANDSHAKE_SECONDS)
        try:
            wrapped = self._context.wrap_socket(plain, server_side=True, suppress_ragged_eofs=False)
        except OSError:
            plain.close()
            return None
        found = Connection(wrapped, self._look)
        try:
            if self._says_the_word(found):
                return found
        except (StorageError, zlib.error):
            self._look()  # If that was it, the waiting is over.
        found.drop()
        return None

    def _says_the_word(self, found: Connection) -> bool:
        wanted = self._ends.magic.encode()
        kind = found.exactly(len(BARE), HANDSHAKE_SECONDS)
        if self._unpacker is not None and kind == GZIP_BEGINS:
            self._unpacker = zlib.decompressobj(wbits=GZIP)
            said = self._unpacker.decompress(kind)
            while len(said) < len(BARE) + len(wanted):
                said += self._unpacker.decompress(found.exactly(1, HANDSHAKE_SECONDS))
            self._begun = said[len(BARE) + len(wanted) :]
            return said.startswith(BARE + wanted)
        self._in_pieces = kind == IN_PIECES
        return kind in (BARE, IN_PIECES) and found.exactly(len(wanted), HANDSHAKE_SECONDS) == wanted

    def content(self) -> Iterator[bytes]:
        """The disk's dump as it comes."""
        parts = self._pieces() if self._in_pieces else self._bare()
        unpacker = self._unpacker
        if unpacker is None:
            yield from parts
            return
        if self._begun:
            yield self._begun
        try:
            for part in parts:
                packed = part
                while packed:
                    if found := unpacker.decompress(packed, LARGEST_PIECE):
                        yield found
                    packed = unpacker.unconsumed_tail
            yield unpacker.flush()
        except zlib.error as error:
            raise StorageError(f"what came is not compressed as it should be: {error}") from error
        if not unpacker.eof:
            raise StorageError("what came compressed is not complete")

    def _bare(self) -> Iterator[bytes]:
        while part := self._peer.read(LARGEST_PIECE):
            yield part

    def _pieces(self) -> Iterator[bytes]:
        while length := int.from_bytes(self._peer.exactly(LENGTH), "big"):
            if length > LARGEST_PIECE:
                raise StorageError(f"the other cluster sends a piece of {length} bytes")
            yield self._peer.exactly(length)

    @property
    def _peer(self) -> Connection:
        assert self._connection is not None
        return self._connection

    def keep(self) -> None:
        """It is kept for good: the sender may be told."""
        self._kept.set()

    def confirm(self) -> None:
        """Wait until it is kept, and say so."""
        deadline = time.monotonic() + CONFIRMATION_SECONDS
        while not self._kept.wait(TICK):
            self._look()
            if time.monotonic() > deadline:
                raise StorageError("nobody said that what was received is kept")
        if self._in_pieces:
            self._peer.write(RECEIVED)
        self._peer.close()

    def close(self) -> None:
        self._listener.close()
        if self._connection is not None:
            self._connection.drop()
