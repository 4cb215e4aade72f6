"""A real Ganeti 3.0 of Debian's packages on this machine, with the hypervisor `fake`.

Each node is a set of namespaces: its own /etc/ganeti, /var/lib/ganeti, /run, network and
processes. The first node's `eth0` is the bridge that the others are plugged into. Tests use
`RealGaneti` as a context; `python -m tests.conformance.real_ganeti [NODES]` keeps one until ^C.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from synnefo.cloud import debian
from synnefo.cloud.errors import CloudError
from tests.conformance import node_files
from tests.conformance.namespaces import CLEAN, Doorway, Room, wait_for, why_not
from tests.conformance.rapi import Rapi

PACKAGES = {
    "ganeti": "/usr/sbin/ganeti-luxid",
    "openssh-server": "/usr/sbin/sshd",
    "openssh-client": "/usr/bin/ssh-keygen",
    "iproute2": "/usr/sbin/ip",
    "iputils-arping": "/usr/bin/arping",
    "fping": "/usr/bin/fping",
    "socat": "/usr/bin/socat",
    "util-linux": "/usr/bin/nsenter",
    "procps": "/usr/bin/ps",
    "python3-pycurl": "/usr/lib/python3/dist-packages/pycurl",
}
INIT = Path(__file__).with_name("node_init.py")
NETWORK = "10.97.0"
DOMAIN = "conf.test"
CLUSTER = f"cluster.{DOMAIN}"
RAPI_PORT = 5080
USER, PASSWORD = "synnefo", "synnefo"
BOUNDS = (
    "min:cpu-count=1,disk-count=0,disk-size=1,memory-size=1,nic-count=0,spindle-use=1/"
    "max:cpu-count=64,disk-count=16,disk-size=1048576,memory-size=1048576,nic-count=8,"
    "spindle-use=64"
)
STANDARD = "cpu-count=1,disk-count=1,disk-size=16,memory-size=16,nic-count=1,spindle-use=1"
TEMPLATES = "file,sharedfile,diskless,ext"


def why_unavailable() -> str | None:
    """Install what is missing; the one line that says why no Ganeti can run here, or None."""
    release = Path("/etc/os-release")
    if not release.exists() or 'VERSION_ID="12"' not in release.read_text():
        return "no real Ganeti: its packages are those of Debian 12, which this machine is not"
    missing = missing_packages()
    if missing and not debian.can_install():
        return f"no real Ganeti: as root, run apt-get install {' '.join(missing)}"
    try:
        if missing:
            debian.install(missing, "a real Ganeti")
    except CloudError as error:
        return f"no real Ganeti: {error}"
    problem = why_not()
    return f"no real Ganeti: {problem}" if problem else None


def missing_packages() -> list[str]:
    return [name for name, path in PACKAGES.items() if not list(_beginning_with(path))]


def _beginning_with(path: str) -> Iterator[Path]:
    whole = Path(path)
    return whole.parent.glob(f"{whole.name}*")


class RealGaneti:
    """A running cluster of a few nodes. `node1` is the master, and the only master candidate.

    With one candidate no job file is copied between nodes, which on one small machine takes most
    of a real cluster's time and can be seen by no client.
    """

    def __init__(
        self, folder: Path, nodes: int = 3, candidates: int = 1, *, hooks: bool = True
    ) -> None:
        self.folder = folder
        self._hooks = hooks
        self.nodes = [f"node{number}.{DOMAIN}" for number in range(1, nodes + 1)]
        self._candidates = candidates
        self._rooms: dict[str, Room] = {}
        self.hook_notes = folder / "hook-notes"
        self._log = folder / "log"

    @property
    def queue(self) -> Path:
        """The master's job queue as seen from outside."""
        return self._place(self.nodes[0]) / "lib" / "queue"

    @property
    def hook_folders(self) -> list[Path]:
        return [self._place(name) / "etc" / "hooks" for name in self.nodes]

    def rapi(self) -> Rapi:
        """A client that connects from within the master's network."""
        return Rapi((f"{NETWORK}.10", RAPI_PORT), USER, PASSWORD, self.doorway.connect)

    def run(self, *words: str, node: int = 0, check: bool = True) -> str:
        """A command on a node."""
        return self._rooms[self.nodes[node]].run(*words, check=check)

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """The same, with exit code and complaints, for comparing."""
        return subprocess.run(
            self.inside(*words),
            env=CLEAN,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Or it would ask whoever has the terminal.
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def inside(self, *words: str | Path) -> list[str]:
        """The words that run a program on the master."""
        return self._rooms[self.nodes[0]].command("--", *words)

    def pids(self) -> list[int]:
        """The daemons of all nodes: what Ganeti itself keeps pid files of, and mond's kin."""
        found = []
        for room in self._rooms.values():
            text = room.run("sh", "-c", "cat /run/ganeti/*.pid", check=False)
            inside = {int(word) for word in text.split()}
            found += [pid for pid in _below(room.pid) if _inner_pid(pid) in inside]
        return found

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.hook_notes.mkdir(mode=0o777, exist_ok=True)
        shared = self.folder / "shared"
        (shared / "disks").mkdir(parents=True, exist_ok=True)
        addresses = {f"{NETWORK}.{10 + i}": name for i, name in enumerate(self.nodes, 1)}
        node_files.write_hosts(shared / "hosts", {f"{NETWORK}.10": CLUSTER, **addresses})
        for number, name in enumerate(self.nodes, 1):
            node_files.write(self._place(name))
            if self._hooks:
                node_files.write_hooks(self._place(name) / "etc/hooks", self.hook_notes)
            words = ["/usr/bin/python3", INIT, self._place(name), shared, name]
            self._rooms[name] = Room(words, self._log)
            self._plug(name, f"{NETWORK}.{10 + number}")
        master = self._rooms[self.nodes[0]]
        self.doorway = Doorway(master)
        self._initialize(master)
        self._let_rapi_write(master)
        for name in self.nodes[1:]:
            self._add(name)

    def stop(self) -> None:
        if hasattr(self, "doorway"):
            self.doorway.close()
        for room in reversed(self._rooms.values()):
            room.end()
        self._rooms.clear()

    def cut(self, name: str, *, off: bool) -> None:
        """Pull a node's network cable, or plug it in again."""
        link = f"p-{name.split('.', maxsplit=1)[0]}"
        self.run("ip", "link", "set", link, "down" if off else "up")

    def _place(self, name: str) -> Path:
        return self.folder / name.split(".", maxsplit=1)[0]

    def _plug(self, name: str, address: str) -> None:
        room, first = self._rooms[name], self._rooms[self.nodes[0]]
        room.run("ip", "link", "set", "lo", "up")
        if room is first:
            room.run("ip", "link", "add", "eth0", "type", "bridge")
        else:
            plug = f"p-{name.split('.', maxsplit=1)[0]}"
            # Made from the machine's side of things, the only one that knows the node's pid.
            words = ["nsenter", "-t", str(first.pid), "-n", "ip", "link", "add", plug]
            words += ["type", "veth", "peer", "name", "eth0", "netns", str(room.pid)]
            subprocess.run(words, env=CLEAN, check=True)
            first.run("ip", "link", "set", plug, "master", "eth0", "up")
        room.run("ip", "addr", "add", f"{address}/24", "dev", "eth0")
        room.run("ip", "link", "set", "eth0", "up")
        # Instances' network cards want a bridge to exist, and "gnt-cluster init" a way out.
        room.run("ip", "link", "add", "br0", "type", "bridge")
        room.run("ip", "link", "set", "br0", "up")

    def _initialize(self, master: Room) -> None:
        master.run(
            *("gnt-cluster", "init", "--no-etc-hosts", "--master-netdev=eth0"),
            *("--master-netmask=24", "--enabled-hypervisors=fake", "--mac-prefix=aa:00:00"),
            *(f"--enabled-disk-templates={TEMPLATES}", f"--ipolicy-disk-templates={TEMPLATES}"),
            *(f"--ipolicy-bounds-specs={BOUNDS}", f"--ipolicy-std-specs={STANDARD}"),
            *("--ipolicy-vcpu-ratio=10000", "--ipolicy-spindle-ratio=10000"),
            *(
                "--nic-parameters=mode=bridged,link=br0",
                f"--candidate-pool-size={self._candidates}",
            ),
            *("--file-storage-dir=/srv/ganeti/file-storage",),
            *("--shared-file-storage-dir=/srv/ganeti/shared-file-storage", CLUSTER),
        )

    def _let_rapi_write(self, master: Room) -> None:
        users = self._place(self.nodes[0]) / "lib" / "rapi" / "users"
        with users.open("a") as stream:
            stream.write(f"{USER} {PASSWORD} write\nreader reader read\n")
        master.run("chown", "gnt-rapi:gnt-masterd", "/var/lib/ganeti/rapi/users")
        users.chmod(0o640)
        client = self.rapi()
        wait_for(client.reachable, "the real Ganeti answers")

    def _add(self, name: str) -> None:
        key = self._place(self.nodes[0]) / "root" / ".ssh" / "id_rsa.pub"
        trusted = self._place(name) / "root" / ".ssh" / "authorized_keys"
        with trusted.open("a") as stream:
            stream.write(key.read_text())
        self._rooms[self.nodes[0]].run("gnt-node", "add", "--no-ssh-key-check", name)
        self._rooms[name].run("/usr/lib/ganeti/daemon-util", "start-all")


def _below(pid: int) -> Iterator[int]:
    """A process and its descendants."""
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from _below(int(child))


def _inner_pid(pid: int) -> int:
    """The pid a process has within its own namespace."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("NSpid:"):
            return int(line.split()[-1])
    return 0


@contextmanager
def real_ganeti(nodes: int = 3, candidates: int = 1, *, hooks: bool = True) -> Iterator[RealGaneti]:
    """A cluster in a folder of its own, which goes with it; `hooks` note what they are told."""
    # Some of its paths end in sockets, so the folder's name must be short.
    folder = Path(tempfile.mkdtemp(prefix="gnt-", dir="/var/tmp"))
    os.chmod(folder, 0o755)
    cluster = RealGaneti(folder, nodes, candidates, hooks=hooks)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


def main(arguments: Sequence[str]) -> int:
    """Keep a cluster for looking at."""
    problem = why_unavailable()
    if problem:
        print(problem, file=sys.stderr)
        return 1
    with real_ganeti(int(arguments[0]) if arguments else 3) as cluster:
        print(*cluster.inside("bash"), flush=True)
        threading.Event().wait()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
