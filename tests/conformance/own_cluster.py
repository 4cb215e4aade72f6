"""Our own cluster manager, with the names, users, hooks and OS definitions of the real one."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from ganeti_backend import installation, settings
from tests.conformance import node_files
from tests.conformance.namespaces import wait_for
from tests.conformance.rapi import Rapi

ROOT = Path(__file__).parents[2]
DOMAIN = "conf.test"
CLUSTER = f"cluster.{DOMAIN}"
USER, PASSWORD = "synnefo", "synnefo"
TEMPLATES = ("file", "sharedfile", "diskless", "ext")
STOP_SECONDS = 30


class OwnCluster:
    """Node daemons and a master in a folder; `start` after `kill` goes on where they were."""

    def __init__(self, folder: Path, nodes: int = 3, *, hooks: bool = True) -> None:
        self.folder = folder
        self._hooks = hooks
        self.nodes = [f"node{number}.{DOMAIN}" for number in range(1, nodes + 1)]
        self.hook_notes = folder / "hook-notes"
        self.log = folder / "log"
        self.config = folder / "cluster" / "cluster.json"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.port, *node_ports = free_ports(1 + nodes)
        drivers = settings.Drivers(disk_templates=TEMPLATES)
        usual = settings.for_state(folder, self.port, node_ports, drivers, CLUSTER)
        named = tuple(
            replace(node, name=name) for node, name in zip(usual.nodes, self.nodes, strict=True)
        )
        systems = (folder / "os", *usual.os_dirs)
        self.settings = replace(usual, master=self.nodes[0], nodes=named, os_dirs=systems)

    @property
    def queue(self) -> Path:
        return self.settings.queue_dir

    @property
    def hook_folders(self) -> list[Path]:
        return [self.settings.hooks_of(node) for node in self.settings.nodes]

    def rapi(self) -> Rapi:
        return Rapi(("127.0.0.1", self.port), USER, PASSWORD)

    def install(self) -> None:
        """Everything that is there before the first start."""
        self.hook_notes.mkdir(parents=True, exist_ok=True)
        users = self.settings.rapi.users_file
        users.parent.mkdir(parents=True, exist_ok=True)
        users.write_text(f"{USER} {PASSWORD} write\nreader reader read\n")
        installation.write(self.config, self.settings)
        node_files.write_operating_systems(self.folder / "os")
        if self._hooks:
            for folder in self.hook_folders:
                node_files.write_hooks(folder, self.hook_notes)

    def start(self) -> None:
        self.install()
        for name in self.nodes:
            self.start_node(name)
        self.start_master()

    def keep_one_candidate(self) -> None:
        """As the real cluster of these tests: the other nodes are regular ones."""
        rapi = self.rapi()
        rapi.do("PUT", "/2/modify", {"candidate_pool_size": 1})
        for name in self.nodes[1:]:
            rapi.do("PUT", f"/2/nodes/{name}/role?force=1", "regular")
        for note in self.hook_notes.iterdir():  # That was nobody's scenario.
            note.unlink()

    def start_node(self, name: str) -> None:
        self._start(name, "node", {"GANETI_NODE": name})

    def start_master(self) -> None:
        self._start("master", "master", {})
        wait_for(self._answers, "our master answers")

    def kill(self, name: str) -> None:
        """SIGKILL, as a crash or a power cut ends a process."""
        process = self.processes.pop(name)
        process.kill()
        process.wait(STOP_SECONDS)

    def stop(self) -> None:
        for process in self.processes.values():
            process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            process.wait(STOP_SECONDS)
        self.processes.clear()

    def pids(self) -> list[int]:
        return [process.pid for process in self.processes.values()]

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a gnt-* command against it."""
        program, *rest = words
        return subprocess.run(
            [Path(sys.executable).with_name(program), *rest],
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def words(self, _name: str, module: str) -> list[str]:
        """What starts a daemon."""
        return [sys.executable, "-m", f"ganeti_backend.daemons.{module}"]

    def _start(self, name: str, module: str, extra: dict[str, str]) -> None:
        with self.log.open("ab") as log:
            self.processes[name] = subprocess.Popen(
                self.words(name, module),
                env=self._environment() | extra,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def _environment(self) -> dict[str, str]:
        own = {"GANETI_CONFIG": str(self.config), "SYNNEFO_STATE": str(self.folder)}
        return {**os.environ, **own}

    def _answers(self) -> bool:
        for name, process in self.processes.items():
            if process.poll() is not None:
                raise RuntimeError(f"our {name} ended: {self.log.read_text()[-2000:]}")
        return self.rapi().reachable()


def free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports


@contextmanager
def own_cluster(nodes: int = 3, *, hooks: bool = True) -> Iterator[OwnCluster]:
    """A cluster in a folder of its own, which goes with it; `hooks` note what they are told."""
    folder = Path(tempfile.mkdtemp(prefix="own-", dir="/var/tmp"))
    cluster = OwnCluster(folder, nodes, hooks=hooks)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)
