"""A real Ganeti as a frontend meets it: an address on this machine, a user, a certificate, a queue.

Its nodes get what our documented command gives them. No hooks of these tests' own.
"""

import hashlib
import shutil
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.conformance.namespaces import Doorway
from tests.conformance.real_ganeti import (
    NETWORK,
    PASSWORD,
    RAPI_PORT,
    USER,
    RealGaneti,
    real_ganeti,
)

ROOT = Path(__file__).parents[2]
# With one node only, nothing could be lost and taken over, so its allocator gives out nothing.
NODES = 2
AT_ONCE = 65536


class Relay:
    """A port of this machine that leads to one within another network namespace, byte for byte."""

    def __init__(self, doorway: Doorway, target: tuple[str, int]) -> None:
        self._doorway = doorway
        self._target = target
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self._carried: dict[threading.Thread, tuple[socket.socket, socket.socket]] = {}
        self._thread = threading.Thread(target=self._serve, name="relay", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End all that is connected too."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(10)
        for thread, ends in list(self._carried.items()):
            for end in ends:
                _hang_up(end, socket.SHUT_RDWR)
            thread.join(10)

    def _serve(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            try:
                far = self._doorway.connect(self._target)
            except OSError:
                near.close()  # As if nobody listened there.
                continue
            thread = threading.Thread(target=self._carry, args=(near, far), daemon=True)
            self._carried[thread] = (near, far)
            thread.start()

    def _carry(self, near: socket.socket, far: socket.socket) -> None:
        with near, far:
            back = threading.Thread(target=_pass_on, args=(far, near), daemon=True)
            back.start()
            _pass_on(near, far)
            back.join()
        del self._carried[threading.current_thread()]


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while block := source.recv(AT_ONCE):
            sink.sendall(block)
    _hang_up(sink, socket.SHUT_WR)


def _hang_up(end: socket.socket, sides: int) -> None:
    with suppress(OSError):
        end.shutdown(sides)


class Attachable:
    """The running cluster and the ways to it."""

    def __init__(self, cluster: RealGaneti) -> None:
        self.cluster = cluster
        self._relay = Relay(cluster.doorway, (f"{NETWORK}.10", RAPI_PORT))
        self.url = f"https://127.0.0.1:{self._relay.port}"
        self.address = f"ganeti://{USER}@127.0.0.1:{self._relay.port}"
        self.password_file = cluster.folder / "password"
        self.password_file.write_text(f"{PASSWORD}\n")
        self.queue = cluster.queue
        self.fingerprint = _fingerprint(cluster.queue.parent / "rapi.pem")
        # Where an administrator would have put a copy of this checkout.
        self._copy = cluster.folder / "synnefo"
        shutil.copytree(ROOT / "hooks", self._copy / "hooks")

    def set_up_nodes(self, images: Path) -> None:
        """Run the documented command on each node."""
        words = ["env", f"--chdir={self._copy}", "python3", "-m", "hooks.node_setup"]
        for number in range(len(self.cluster.nodes)):
            self.cluster.run(*words, "--images", str(images), node=number)

    def options(self) -> list[str]:
        """What `./cloud up` has to be told."""
        words = ["--backend", self.address, "--backend-password-file", str(self.password_file)]
        words += ["--backend-fingerprint", self.fingerprint]
        return [*words, "--backend-queue", str(self.queue)]

    def clear(self) -> None:
        """Remove what a cloud made, which the next one must not take for its own."""
        run = self.cluster.run
        for name in run("gnt-instance", "list", "--no-headers", "-o", "name").split():
            run("gnt-instance", "remove", "-f", "--shutdown-timeout=0", name)
        for name in run("gnt-network", "list", "--no-headers", "-o", "name").split():
            run("gnt-network", "disconnect", name, "default")
            run("gnt-network", "remove", name)

    def close(self) -> None:
        self._relay.close()


def _fingerprint(file: Path) -> str:
    """As `openssl x509 -fingerprint -sha256` says it, of a file with a key and a certificate."""
    begin = "-----BEGIN CERTIFICATE-----"
    pem = begin + file.read_text().partition(begin)[2]
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem[: pem.index("-----END") + 25] + "\n"))
    return digest.hexdigest()


@contextmanager
def attachable() -> Iterator[Attachable]:
    """One that lasts for the block."""
    with real_ganeti(NODES, hooks=False) as cluster:
        made = Attachable(cluster)
        try:
            yield made
        finally:
            made.close()
