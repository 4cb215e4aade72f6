"""Our cluster with each node in a network of its own, so that a cable can be pulled.

The first node's network also holds the master; the others hang on its bridge. Processes stay in
the machine's pid namespace: tests kill and freeze them by their pids.
"""

import subprocess
from dataclasses import replace
from pathlib import Path

from tests.conformance.namespaces import CLEAN, Doorway, Room
from tests.conformance.own_cluster import PASSWORD, USER, OwnCluster
from tests.conformance.rapi import Rapi

NETWORK = "10.98.0"
PORT = 1811
INIT = "mount -t proc proc /proc && ip link set lo up && echo ready && exec sleep infinity"


class RoomedCluster(OwnCluster):
    """Three nodes on addresses that only they can see."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, 3)
        folder.mkdir(parents=True, exist_ok=True)
        self._rooms = {name: Room(["sh", "-c", INIT], folder / "rooms.log") for name in self.nodes}
        placed = []
        for number, node in enumerate(self.settings.nodes, 1):
            self._plug(node.name, f"{NETWORK}.{number}")
            placed.append(replace(node, address=f"{NETWORK}.{number}", port=PORT))
        self.settings = replace(self.settings, nodes=tuple(placed))
        self._doorway = Doorway(self._rooms[self.nodes[0]])

    def rapi(self) -> Rapi:
        return Rapi(("127.0.0.1", self.port), USER, PASSWORD, self._doorway.connect)

    def cut(self, name: str, *, off: bool) -> None:
        """Pull the node's cable, or plug it in again."""
        self._rooms[self.nodes[0]].run(
            "ip", "link", "set", self._cable(name), "down" if off else "up"
        )

    def stop(self) -> None:
        super().stop()
        self._doorway.close()
        for room in self._rooms.values():
            room.end()

    def words(self, name: str, module: str) -> list[str]:
        """The daemon starts in its node's network, and in nothing else of it."""
        node = self.nodes[0] if module == "master" else name
        enter = ["nsenter", "-t", str(self._rooms[node].pid), "-n", "--"]
        return [*enter, *super().words(name, module)]

    def _plug(self, name: str, address: str) -> None:
        room, first = self._rooms[name], self._rooms[self.nodes[0]]
        if room is first:
            room.run("ip", "link", "add", "eth0", "type", "bridge")
        else:
            cable = self._cable(name)
            words = ["nsenter", "-t", str(first.pid), "-n", "ip", "link", "add", cable]
            words += ["type", "veth", "peer", "name", "eth0", "netns", str(room.pid)]
            subprocess.run(words, env=CLEAN, check=True)
            first.run("ip", "link", "set", cable, "master", "eth0", "up")
        room.run("ip", "addr", "add", f"{address}/24", "dev", "eth0")
        room.run("ip", "link", "set", "eth0", "up")

    @staticmethod
    def _cable(name: str) -> str:
        return f"p-{name.split('.', maxsplit=1)[0]}"


class FullDisk:
    """A small file system of its own over a folder, which can be filled and emptied."""

    def __init__(self, folder: Path, size: str = "2m") -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        words = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=750", "tmpfs", str(folder)]
        subprocess.run(words, env=CLEAN, check=True)

    def fill(self) -> None:
        """Write until there is no room for another block."""
        with (self._folder / "filler").open("ab", buffering=0) as stream:
            try:
                while True:
                    stream.write(bytes(4096))
            except OSError:
                return

    def empty(self) -> None:
        (self._folder / "filler").unlink()

    def unmount(self) -> None:
        subprocess.run(["umount", "--lazy", str(self._folder)], env=CLEAN, check=True)


def frozen(pid: int) -> bool:
    """The process stands still."""
    state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return state == "T"
