"""The state of the stand-in cloud: servers that build, start and stop by themselves after a moment.

It copies what the web console can see of the real API, and nothing behind it.
"""

import asyncio
import itertools
import uuid
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Record = dict[str, Any]

IMAGES = [
    {"id": "img-tiny", "name": "tiny", "size": 26_214_400, "min_ram": 0, "min_disk": 0},
    {"id": "img-debian", "name": "Debian 12", "size": 419_430_400, "min_ram": 256, "min_disk": 2},
]
FLAVORS = [
    {"id": "1", "name": "m1.tiny", "vcpus": 1, "ram": 128, "disk": 1},
    {"id": "2", "name": "m1.small", "vcpus": 1, "ram": 512, "disk": 4},
    {"id": "3", "name": "m1.medium", "vcpus": 2, "ram": 2048, "disk": 20},
]
NETWORKS = [{"id": "net-public", "name": "public"}, {"id": "net-private", "name": "private"}]
TASK = "OS-EXT-STS:task_state"
QUOTA = 20
#: action: (status it needs, task while it runs, status at the end)
ACTIONS = {
    "os-start": ("SHUTOFF", "powering-on", "ACTIVE"),
    "os-stop": ("ACTIVE", "powering-off", "SHUTOFF"),
    "reboot": ("ACTIVE", "rebooting", "ACTIVE"),
}


class RefusedError(Exception):
    """A fault: status and message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass
class Cloud:
    """Servers and keys of one project, and the listeners of its events."""

    step: float = 0.15
    servers: dict[str, Record] = field(default_factory=dict)
    keys: dict[str, Record] = field(default_factory=dict)
    listeners: set[asyncio.Queue[bytes]] = field(default_factory=set)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    repeated: dict[str, str] = field(default_factory=dict)
    addresses: Iterator[int] = field(default_factory=lambda: itertools.count(10))

    def changed(self, server: str) -> None:
        for queue in self.listeners:
            queue.put_nowait(b'event: server\ndata: {"id": "%s"}\n\n' % server.encode())

    def found(self, identity: str) -> Record:
        if identity not in self.servers:
            raise RefusedError(404, f"Instance {identity} could not be found.")
        return self.servers[identity]

    def create(self, wish: Record, key: str) -> str:
        if key in self.repeated:
            return self.repeated[key]
        self._check(wish)
        server = self._record(wish)
        self.servers[server["id"]] = self.repeated[key] = server
        self.repeated[key] = server["id"]
        self._later(self._build(server, wish))
        return str(server["id"])

    def _check(self, wish: Record) -> None:
        if not wish.get("name", "").strip():
            raise RefusedError(400, "Invalid input for field/attribute server.name: it is empty.")
        if wish["name"].startswith("-"):
            raise RefusedError(
                400, "Invalid input for field/attribute server.name: it begins with -."
            )
        if wish.get("imageRef") not in {image["id"] for image in IMAGES}:
            raise RefusedError(400, "Image not found: imageRef.")
        if len(self.servers) >= QUOTA:
            raise RefusedError(403, f"Quota exceeded for instances: {QUOTA} of {QUOTA} are used.")

    def _record(self, wish: Record) -> Record:
        now = datetime.now(tz=UTC).isoformat()  # noqa: TID251 -- there is no clock to take here.
        return {
            "id": str(uuid.uuid4()),
            "name": wish["name"],
            "status": "BUILD",
            TASK: "spawning",
            "progress": 0,
            "created": now,
            "updated": now,
            "addresses": {},
            "image": {"id": wish["imageRef"]},
            "flavor": {"id": wish["flavorRef"]},
            "key_name": wish.get("key_name"),
        }

    async def _build(self, server: Record, wish: Record) -> None:
        networks = {network["id"]: network["name"] for network in NETWORKS}
        if isinstance(wish["networks"], list):
            for entry in wish["networks"]:
                address = f"198.18.0.{next(self.addresses)}"
                server["addresses"][networks[entry["uuid"]]] = [{"version": 4, "addr": address}]
        for percent in (0, 20, 45, 70, 90, 100):
            await asyncio.sleep(self.step)
            server["progress"] = percent
            self.changed(server["id"])
        await asyncio.sleep(self.step)
        if "full" in wish["name"]:
            message = "No node has enough memory free."
            server.update(
                {"status": "ERROR", TASK: None, "fault": {"code": 500, "message": message}}
            )
        else:
            server.update({"status": "ACTIVE", TASK: None})
        self.changed(server["id"])

    def act(self, identity: str, action: str) -> None:
        server = self.found(identity)
        if action not in ACTIONS:
            raise RefusedError(400, f"There is no such action: {action}")
        needed, task, end = ACTIONS[action]
        if server["status"] != needed or server[TASK]:
            state = server["status"].lower()
            raise RefusedError(409, f"Cannot '{action}' instance {identity} while it is in {state}")
        server[TASK] = task
        self.changed(identity)
        self._later(self._finish(server, end))

    async def _finish(self, server: Record, status: str) -> None:
        await asyncio.sleep(self.step * 4)
        server.update({"status": status, TASK: None})
        self.changed(server["id"])

    def delete(self, identity: str) -> None:
        self.found(identity)[TASK] = "deleting"
        self.changed(identity)
        self._later(self._remove(identity))

    async def _remove(self, identity: str) -> None:
        await asyncio.sleep(self.step * 4)
        self.servers.pop(identity, None)
        self.changed(identity)

    def _later(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
