"""The machines of a run: a cloud whose nodes stand in network namespaces of their own.

Everything lives in namespaces of the run itself (`enclosed` starts it there): processes, mounts and
the network end with it, and the machine's own are not touched. node1 also holds the master and
eventd; the frontend with its broker and database is the machine in the middle, where all cables
meet. Without root there are no namespaces: then nothing can be cut and no disk filled.
"""

import os
import struct
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ganeti_backend import installation
from ganeti_backend import settings as cluster_settings
from synnefo.cloud import commands, credentials, down, processes, setup, supervisor_client
from synnefo.cloud.layout import CHECKOUT, Choices, Layout, write_private
from synnefo.cloud.python_environment import PythonEnvironment
from synnefo.cloud.supervised import Specification
from synnefo.cloud.waiting import until
from tests.conformance.namespaces import CLEAN, Room
from tests.system.backend_rooms import INIT
from tests.system.cloud import Cloud

NETWORK = "10.97.0"
MIDDLE = f"{NETWORK}.254"
BRIDGE = "middle"
NODES = ("node1", "node2", "node3")
PLACED = {"master": "node1", "eventd": "node1", **{name: name for name in NODES}}
DISKS = ("bus", "eventd", "hooks")
DISK_SIZE = "8m"
CLOCKS = Path(__file__).parent / "clock"
NUMBER = struct.Struct("<d")
READY = 120.0


def enclosed(words: Sequence[str]) -> list[str]:
    """The words that run a program in namespaces which end with us.

    The shell takes leave of orphans that died: as one that nobody buried a killed database looks
    alive to the next one.
    """
    words = ["/bin/sh", "-c", '"$@"; exit $?', "init", *words]
    kinds = ("--net", "--mount", "--ipc", "--pid", "--mount-proc", "--fork", "--kill-child")
    return ["setpriv", "--pdeathsig", "KILL", "unshare", *kinds, "--", *words]


class Machine:
    """A cloud in its rooms, and the hands that break it."""

    pace = 1.0  # How much longer people pause than they were told to.

    def __init__(self, folder: Path, port: int, profile: str, *, rooms: bool) -> None:
        self.state = folder / "state"
        self.profile = profile
        self.rooms = rooms
        self.cloud = Cloud(self.state, port, profile)
        choices = Choices(port, profile, "fake", first_server="none")
        self.layout = Layout(self.state, choices)
        self.python = PythonEnvironment(CHECKOUT)
        self._folder = folder
        self._rooms: dict[str, Room] = {}
        self.specifications: list[Specification] = []

    # --- what can be broken of it

    @property
    def mortal(self) -> Sequence[str]:
        """Processes that can be killed."""
        return self.names()

    @property
    def clocks(self) -> Sequence[str]:
        """Nodes whose time of day can be set."""
        return NODES

    @property
    def doors(self) -> Sequence[str]:
        """Processes by which the cluster takes jobs."""
        return ("master",)

    @property
    def cables(self) -> Sequence[str]:
        """Nodes that can be cut off."""
        return NODES if self.rooms else ()

    @property
    def disks(self) -> Sequence[str]:
        """Folders that can be filled: of the spool, or of those who spool for a broker."""
        return [name for name in DISKS if self.rooms and self.layout.full == (name != "bus")]

    # --- bringing it up

    def up(self) -> None:
        """What `./cloud up` does, with the nodes in their rooms from the first start on."""
        self.layout.make_folders()
        self.layout.save()
        self.layout.passwords()
        for node in NODES:
            self.step_clock(node, 0.0)
        if self.rooms:
            _ip("link", "set", "lo", "up")
            self._mount_disks()
        self._make_cluster()
        self.specifications = [
            self._placed(one) for one in processes.specifications(self.layout, self.python)
        ]
        if self.rooms and self.layout.full:
            _replace_in(self.state / "rabbitmq" / "rabbitmq.conf", "127.0.0.1:", "0.0.0.0:")
        self._start()

    def _make_cluster(self) -> None:
        if self.rooms:
            self._build_rooms()
        setup.cluster(self.layout, self.python)
        setup.hooks(self.layout, self.python)
        credentials.write(self.layout)
        if self.rooms:
            self._place_cluster()

    def _start(self) -> None:
        names = [one.name for one in self.specifications]
        early = [name for name in names if name not in processes.ON_TABLES]
        supervisor_client.start(self.state, self.specifications, only=early)
        if self.layout.full:
            self.wait_running(["postgres"])
        setup.tables(self.layout, self.python)
        image = setup.image_file(self.layout, None)
        setup.database(self.layout, self.python, image, self._attach())
        if self.rooms:
            self._tell_frontend()
        supervisor_client.ask(self.state, "start")
        self.wait_running(names)

    def _attach(self) -> dict[str, Any] | None:
        """What is known of a cluster that was there before; ours is made from settings."""
        return None

    def _mount_disks(self) -> None:
        for name in DISKS:
            words = ["mount", "-t", "tmpfs", "-o", f"size={DISK_SIZE},mode=700", "tmpfs"]
            subprocess.run([*words, str(self.state / name)], env=CLEAN, check=True)

    def _build_rooms(self) -> None:
        _ip("link", "add", BRIDGE, "type", "bridge")
        _ip("addr", "add", f"{MIDDLE}/24", "dev", BRIDGE)
        _ip("link", "set", BRIDGE, "up")
        for number, node in enumerate(NODES, 1):
            room = Room(["sh", "-c", INIT], self._folder / "rooms.log")
            self._rooms[node] = room
            peer = ["peer", "name", "eth0", "netns", str(room.pid)]
            _ip("link", "add", f"p-{node}", "type", "veth", *peer)
            _ip("link", "set", f"p-{node}", "master", BRIDGE, "up")
            room.run("ip", "addr", "add", f"{NETWORK}.{number}/24", "dev", "eth0")
            room.run("ip", "link", "set", "eth0", "up")

    def _place_cluster(self) -> None:
        """The nodes' and the master's addresses, their certificates, and where hooks publish."""
        path = self.layout.cluster_settings
        usual = cluster_settings.load(path)
        nodes = [
            replace(node, address=f"{NETWORK}.{number}")
            for number, node in enumerate(usual.nodes, 1)
        ]
        rapi = replace(usual.rapi, host=f"{NETWORK}.1")
        installation.write(path, replace(usual, nodes=tuple(nodes), rapi=rapi))
        _replace_in(path.parent / "hooks.json", "@127.0.0.1:", f"@{MIDDLE}:")

    def _placed(self, one: Specification) -> Specification:
        """The same process with its node's clock and in its node's room."""
        node = PLACED.get(one.name)
        if node is None:
            return one
        environment = {
            **one.env, "PYTHONPATH": str(CLOCKS), "CHAOS_CLOCK": str(self._clock(node))
        }  # fmt: skip
        room = self._rooms.get(node)
        if room is None:
            return replace(one, env=environment)
        bus = environment.get("SYNNEFO_BUS")
        if bus:
            environment["SYNNEFO_BUS"] = bus.replace("@127.0.0.1:", f"@{MIDDLE}:")
        enter = ("nsenter", "-t", str(room.pid), "-n", "--")
        return replace(one, argv=(*enter, *one.argv), env=environment, port=None)

    def _tell_frontend(self) -> None:
        """Where the master is; a second set-up writes what changed and no more."""
        description = self.state / "setup.json"
        _replace_in(description, "https://127.0.0.1:", f"https://{NETWORK}.1:")
        self.manage("cloud_setup", "--json", str(description))

    # --- looking at it

    def names(self) -> list[str]:
        """All processes that can be hit."""
        return [one.name for one in self.specifications]

    def pids(self) -> dict[str, int]:
        """Who of them runs at this moment."""
        return self.supervised()

    def supervised(self) -> dict[str, int]:
        """Who runs of those that a supervisor starts again."""
        rows = supervisor_client.processes(self.state) or []
        return {row["name"]: row["pid"] for row in rows if row["pid"]}

    def wait_running(self, names: Sequence[str] = ()) -> None:
        """Until all of them, or simply all, are ready."""
        wanted = names or [one.name for one in self.specifications]

        def ready() -> bool:
            rows = supervisor_client.processes(self.state) or []
            states = {row["name"]: row["state"] for row in rows}
            return all(states.get(name) == "running" for name in wanted)

        until(ready, timeout=READY, what=f"{', '.join(wanted)} to run")

    def frontend(self) -> dict[str, str]:
        """The environment of what loads Django."""
        return processes.frontend_environment(self.layout, self.python)

    def manage(self, *words: str) -> str:
        """Run an operator's command."""
        line: list[str | Path] = [self.python.python, CHECKOUT / "manage.py", *words]
        return commands.run(line, env=self.frontend(), cwd=CHECKOUT)

    def secrets(self) -> dict[str, str]:
        """What must be in no log and in no job."""
        return {**self.layout.passwords(), "RAPI password": self.layout.rapi_account()[1]}

    def terminal(self, line: Sequence[str], seconds: float) -> "subprocess.CompletedProcess[str]":
        """Run an administrator's command, as on the master."""
        own = {"PATH": f"{self.python.bin}:{os.environ['PATH']}", "SYNNEFO_STATE": str(self.state)}
        return subprocess.run(
            line, env=os.environ | own, capture_output=True, text=True, timeout=seconds,
            check=False,
        )  # fmt: skip

    def supervisor(self) -> int:
        """The pid of who starts the others."""
        answer = supervisor_client.ask(self.state, "status")
        return int(answer["pid"])

    # --- hands

    def take_up(self) -> None:
        """What a second `./cloud up` does after its supervisor died: end all, and start all."""
        down.end_leftovers(self.state)
        supervisor_client.start(self.state, self.specifications)

    def revive(self, _name: str) -> Callable[[], None] | None:
        """What starts a killed process again, if no supervisor does."""
        return None

    def stop(self, name: str) -> None:
        """As its administrator ends it; returns when it has ended."""
        supervisor_client.ask(self.state, "stop", [name], timeout=120)

    def start(self, name: str) -> None:
        """The supervisor starts it when it can."""
        supervisor_client.ask(self.state, "start", [name])

    def cut(self, node: str, *, off: bool) -> None:
        """Pull a node's cable, or plug it in again."""
        _ip("link", "set", f"p-{node}", "down" if off else "up")

    def step_clock(self, node: str, seconds: float) -> None:
        """Set how far a node's time of day is off, for its running daemons too."""
        descriptor = os.open(self._clock(node), os.O_WRONLY | os.O_CREAT, 0o644)
        try:
            os.pwrite(descriptor, NUMBER.pack(seconds), 0)
        finally:
            os.close(descriptor)

    def _clock(self, node: str) -> Path:
        return self._folder / f"clock-{node}"

    def down(self) -> None:
        """What namespaces do not end by themselves."""
        if not self.rooms:
            self.cloud.down()


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], env=CLEAN, check=True)


def _replace_in(path: Path, old: str, new: str) -> None:
    status = path.stat()
    write_private(path, path.read_text().replace(old, new))
    os.chown(path, status.st_uid, status.st_gid)


def own_words(*more: str) -> list[str]:
    """The words that start this tool again."""
    return [sys.executable, "-m", "tests.chaos", *more]
