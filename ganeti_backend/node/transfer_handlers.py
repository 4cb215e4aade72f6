"""What a node does to bring disks to another cluster and to take them; a part of `OsHandlers`.

A dump goes straight from the export script of one cluster into the import script of the other.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from typing import Any

from ganeti_backend.errors import StorageError
from ganeti_backend.node.disk_streams import Ends, Receiver, Sender
from ganeti_backend.node.script_tasks import ScriptTask
from ganeti_backend.node.transfer_keys import TransferKeys
from ganeti_backend.os_definitions import script_log, scripts
from ganeti_backend.settings import NodeSettings
from ganeti_backend.storage.base import MIB

Order = Mapping[str, Any]


class TransferHandlers:
    """Scripts and disks are the node's."""

    _node: NodeSettings

    def __init__(self, keys: TransferKeys) -> None:
        self._keys = keys
        self._receivers: dict[str, Receiver] = {}

    @abstractmethod
    def _script(self, action: str, order: Order) -> scripts.Script: ...

    @abstractmethod
    def _log_of(self, action: str, order: Order) -> script_log.ScriptLog: ...

    def transfer_key(self, name: str) -> dict[str, str]:
        return {"certificate": self._keys.make(name)}

    def transfer_key_remove(self, name: str) -> None:
        self._keys.remove(name)

    def transfer_keep(self, task_id: str) -> None:
        """What this task received is kept for good: its sender may delete it."""
        receiver = self._receivers.get(task_id)
        if receiver is None:
            raise StorageError(f"nothing was received by task {task_id}")
        receiver.keep()

    def _send(self, task: ScriptTask, action: str, order: Order) -> None:
        """An export script's dump, sent as it is written."""
        size = [_size_of(order)]
        log = self._log_of(action, order)

        def foretold(length: int) -> None:
            size[0] = length

        try:
            wanted = order["transfer"]
            sender = Sender(self._ends(wanted), wanted["host"], int(wanted["port"]), task.look)
            with closing(sender):

                def output(part: bytes) -> None:
                    sender(part)
                    task.progress(min(98, 98 * sender.sent // max(size[0], 1)))

                script = self._script(action, order)
                scripts.export(script, log, output, foretold, task.hearing)
                sender.finish()
        finally:
            log.close()

    def _receive(self, task: ScriptTask, action: str, order: Order) -> None:
        """A dump of another cluster, fed into the import script as it comes."""
        wanted, log = order["transfer"], self._log_of(action, order)
        try:
            receiver = Receiver(self._ends(wanted), self._node.address, task.look)
            self._receivers[task.id] = receiver
            with closing(receiver):
                task.tell(1, port=receiver.port)
                receiver.accept(float(wanted["patience"]))
                feed = _counted(receiver.content(), _size_of(order), task.progress)
                scripts.run(self._script(action, order), log, feed, task.hearing)
                for _ in feed:
                    """What the script did not want is read all the same: it may be cut short."""
                task.tell(99, received=True)
                receiver.confirm()
        finally:
            self._receivers.pop(task.id, None)
            log.close()

    def _ends(self, wanted: Mapping[str, Any]) -> Ends:
        key = self._keys.find(wanted["key"])
        return Ends(key, wanted["trusted"], wanted["magic"], wanted["compress"])


def _size_of(order: Order) -> int:
    return int(order["instance"]["disks"][order["index"]]["size"]) * MIB


def _counted(parts: Iterator[bytes], size: int, progress: Callable[[int], None]) -> Iterator[bytes]:
    done = 0
    for part in parts:
        done += len(part)
        progress(max(1, min(98, 98 * done // max(size, 1))))
        yield part
