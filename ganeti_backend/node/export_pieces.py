"""Dumps on their way between a script here and an export folder, on this node or on another one.

They travel in pieces as ordinary node calls. Each piece says where it belongs, so one that is sent
twice does no harm.
"""

import base64
import threading
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, Protocol

from ganeti_backend.backups.folder import LARGEST_PIECE
from ganeti_backend.errors import StorageError
from ganeti_backend.node_rpc import calls
from ganeti_backend.settings import Settings

Peer = Mapping[str, Any]


class Exports(Protocol):
    """The part of an export folder that dumps need."""

    def write(self, name: str, file: str, offset: int, data: bytes) -> None: ...
    def size(self, name: str, file: str) -> int: ...
    def read(self, name: str, file: str, offset: int, length: int) -> bytes: ...


class RemoteExports:
    """The export folder of another node; `peer` says its name, address and port."""

    def __init__(self, settings: Settings, peer: Peer) -> None:
        self._settings = settings
        self._peer = peer

    @cached_property
    def _nodes(self) -> calls.Nodes:
        # Loaded here because most node daemons never speak with another one.
        from ganeti_backend.node_rpc.node_pool import NodePool
        from ganeti_backend.node_rpc.patient_nodes import PatientNodes
        from ganeti_backend.node_rpc.places import Places

        places = Places(self._settings)
        places.introduce(self._peer["name"], str(self._peer["address"]), int(self._peer["port"]))
        # A daemon that restarts in between is no reason to begin a long dump anew.
        return PatientNodes(NodePool(self._settings, places), threading.Event())

    def write(self, name: str, file: str, offset: int, data: bytes) -> None:
        encoded = base64.b64encode(data).decode()
        self._call(calls.EXPORT_WRITE, name=name, file=file, offset=offset, data=encoded)

    def size(self, name: str, file: str) -> int:
        return int(self._call(calls.EXPORT_READ, name=name, file=file, offset=0, length=0)["size"])

    def read(self, name: str, file: str, offset: int, length: int) -> bytes:
        answer = self._call(calls.EXPORT_READ, name=name, file=file, offset=offset, length=length)
        return base64.b64decode(answer["data"])

    def _call(self, call: calls.Call, **arguments: Any) -> Any:
        return self._nodes.call(self._peer["name"], call, **arguments)

    def close(self) -> None:
        if "_nodes" in self.__dict__:
            self._nodes.close()


class Outgoing:
    """Takes a dump part by part and writes it in larger pieces."""

    def __init__(
        self, exports: Exports, name: str, file: str, moved: Callable[[int], None]
    ) -> None:
        self._exports = exports
        self._name = name
        self._file = file
        self._moved = moved
        self._parts: list[bytes] = []
        self._waiting = 0
        self._offset = 0

    def __call__(self, part: bytes) -> None:
        self._parts.append(part)
        self._waiting += len(part)
        if self._waiting >= LARGEST_PIECE:
            self._flush()

    def finish(self) -> None:
        """Write what is left; an empty dump is a dump, too."""
        self._flush()

    def _flush(self) -> None:
        data = b"".join(self._parts)
        self._parts, self._waiting = [], 0
        for at in range(0, max(len(data), 1), LARGEST_PIECE):
            piece = data[at : at + LARGEST_PIECE]
            self._exports.write(self._name, self._file, self._offset, piece)
            self._offset += len(piece)
            self._moved(self._offset)


def incoming(
    exports: Exports, name: str, file: str, moved: Callable[[int, int], None]
) -> Iterator[bytes]:
    """A dump in pieces; `moved` is told how much of how much."""
    size, offset = exports.size(name, file), 0
    while offset < size:
        piece = exports.read(name, file, offset, LARGEST_PIECE)
        if not piece:
            raise StorageError(f"the dump {file} of {name} became shorter while it was read")
        yield piece
        offset += len(piece)
        moved(offset, size)
