"""Linux namespaces for a test's processes: a node is one pid 1 with its own mounts and network.

Everything below a node ends with its pid 1, and that ends with the test that started it; nothing
of the machine's own network or files is changed. Needs root and util-linux.
"""

import ctypes
import os
import queue
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

CLONE_NEWNET = 0x40000000
CLEAN = {
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
}
KINDS = ("mount", "uts", "ipc", "pid", "net")


def why_not() -> str | None:
    """The one line that says why this machine cannot, or None."""
    if os.geteuid() != 0:
        return "namespaces need root"
    for program in ("unshare", "nsenter", "setpriv", "ip"):
        if shutil.which(program, path=CLEAN["PATH"]) is None:
            return f"the program {program} is missing"
    words = ["unshare", *(f"--{kind}" for kind in KINDS), "--fork", "true"]
    done = subprocess.run(words, env=CLEAN, capture_output=True, text=True, check=False)
    if done.returncode:
        return f"this machine allows no namespaces: {done.stderr.strip()}"
    return None


class Room:
    """One set of namespaces, kept by a program of the caller's that runs in it as pid 1.

    The program gets a pipe as its standard output and says one line when it is ready.
    """

    def __init__(self, program: Sequence[str | Path], log: Path) -> None:
        # The kernel ends it with us (--pdeathsig), and all it started with it (--kill-child).
        words = ["setpriv", "--pdeathsig", "KILL", "unshare", "--kill-child", "--fork"]
        words += [f"--{kind}" for kind in KINDS]
        with log.open("ab") as stream:
            self._outer = subprocess.Popen(
                [*words, "--", *map(str, program)],
                env=CLEAN,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stream,
                start_new_session=True,
            )
        assert self._outer.stdout is not None
        if self._outer.stdout.readline().strip() != b"ready":
            self.end()
            raise RuntimeError(f"a namespace did not come up: {log.read_text()[-500:]}")
        children = Path(f"/proc/{self._outer.pid}/task/{self._outer.pid}/children")
        self.pid = int(children.read_text().split()[0])

    def command(self, *words: str | Path) -> list[str]:
        """The words that run a program in here."""
        return ["nsenter", "-t", str(self.pid), "-m", "-u", "-i", "-n", "-p", *map(str, words)]

    def run(self, *words: str | Path, check: bool = True, timeout: float = 300) -> str:
        """What a program in here prints; RuntimeError with its complaint when it fails."""
        done = subprocess.run(
            self.command("--", *words),
            env=CLEAN,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )
        if check and done.returncode:
            text = (done.stderr or done.stdout).strip()[-800:]
            raise RuntimeError(f"{' '.join(map(str, words[:3]))} failed: {text}")
        return done.stdout

    def end(self) -> None:
        """Kill pid 1, and with it all that runs in here."""
        self._outer.kill()
        self._outer.wait(30)
        if self._outer.stdout is not None:
            self._outer.stdout.close()


class Doorway:
    """Makes sockets that belong to another network namespace, for threads that stay in ours.

    A socket keeps the namespace of the thread that made it; so one thread goes over and makes
    them, and no relay stands in the way of what is measured.
    """

    def __init__(self, room: Room) -> None:
        self._namespace = f"/proc/{room.pid}/ns/net"
        self._wanted: queue.Queue[queue.Queue[socket.socket] | None] = queue.Queue()
        self._thread = threading.Thread(target=self._serve, name="doorway", daemon=True)
        self._thread.start()

    def connect(
        self, address: tuple[str, int], timeout: Any = None, source_address: Any = None
    ) -> socket.socket:
        """Like socket.create_connection, from within the namespace."""
        answer: queue.Queue[socket.socket] = queue.Queue()
        self._wanted.put(answer)
        made = answer.get(timeout=30)
        try:
            made.settimeout(timeout if isinstance(timeout, int | float) else None)
            made.connect(address)
        except OSError:
            made.close()
            raise
        return made

    def close(self) -> None:
        self._wanted.put(None)
        self._thread.join(10)

    def _serve(self) -> None:
        enter_network(self._namespace)
        while (answer := self._wanted.get()) is not None:
            answer.put(socket.socket(socket.AF_INET, socket.SOCK_STREAM))


def enter_network(path: str) -> None:
    """Move the calling thread into a network namespace."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.setns(descriptor, CLONE_NEWNET) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
    finally:
        os.close(descriptor)


def wait_for(condition: Callable[[], Any], what: str, seconds: float = 60.0) -> Any:
    """Look every 20 ms until the condition gives something."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.02)):
        if found := condition():
            return found
        pause.wait(0.02)
    raise RuntimeError(f"after {seconds:.0f} s still not: {what}")
