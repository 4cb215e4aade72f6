"""The supervisor: starts the cloud's processes, restarts what dies, ends them in reverse order.

Runs as its own small process (`python3 -m synnefo.cloud.supervisor STATE`). A death is seen through
a pidfd, not by looking; timers exist only for backoff, readiness and log rotation. Its children
write their logs themselves, so they go on when it is killed; the next `up` finds them by their pid
files and ends them first.
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from synnefo.cloud.supervised import Specification, Supervised

LOG_BYTES = 8 << 20
READY_LOOK_SECONDS = 0.05
ROTATION_SECONDS = 20.0


class Supervisor:
    """All processes of one state folder."""

    def __init__(self, state: Path, specifications: Iterable[Specification]) -> None:
        run, log = state / "run", state / "log"
        self.processes = {spec.name: Supervised(spec, run, log) for spec in specifications}
        self.ending = False
        self._poll = select.poll()
        self._waiting: list[tuple[socket.socket, list[str]]] = []
        self._connections: dict[int, tuple[socket.socket, bytearray]] = {}
        self._socket_path = run / "supervisor.sock"
        self._wake, self._wake_writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._next_rotation = 0.0

    def run(self) -> None:
        """Until told to stop and everything has ended."""
        self._listen()
        while not self._over():
            self._advance()
            for descriptor, _ in self._poll.poll(self._timeout()):
                self._handle(descriptor)
            if not self._over():
                self.answer_waiting()
        self._listener.close()
        self._socket_path.unlink(missing_ok=True)

    def _over(self) -> bool:
        return self.ending and not self._alive()

    def _listen(self) -> None:
        self._socket_path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(self._socket_path))
        self._socket_path.chmod(0o600)
        self._listener.listen(16)
        self._poll.register(self._listener, select.POLLIN)
        self._poll.register(self._wake, select.POLLIN)
        signal.set_wakeup_fd(self._wake_writer)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)

    # What to do next, derived from the state of the processes alone.

    def _advance(self) -> None:
        now = time.monotonic()
        for process in self.processes.values():
            if process.pid is not None:
                self._tend(process, now)
            elif process.wanted and now >= process.next_start and self._prepared(process):
                process.start()
                self._watch(process)
        if now >= self._next_rotation:
            self._next_rotation = now + ROTATION_SECONDS
            for process in self.processes.values():
                process.rotate(LOG_BYTES)

    def _tend(self, process: Supervised, now: float) -> None:
        """What a process that runs may need: an end, or a look whether it is ready."""
        if process.kill_at is not None:
            if now >= process.kill_at:
                process.kill()
        elif not process.wanted:
            if not self._needed(process):
                process.ask_to_stop()
        elif not process.ready:
            process.ready = accepts(process.spec.port)

    def _prepared(self, process: Supervised) -> bool:
        """A restart does not wait: what it needs was ready once and is coming back by itself."""
        needed = (self.processes[name] for name in process.spec.after if name in self.processes)
        return process.last_exit is not None or all(other.ready for other in needed)

    def _needed(self, process: Supervised) -> bool:
        """Whether a process that is also to stop, or stays, still depends on this one."""
        return any(
            process.spec.name in other.spec.after and other.pid is not None and not other.wanted
            for other in self.processes.values()
        )

    def _timeout(self) -> float:
        """Milliseconds until a timer is due."""
        now = time.monotonic()
        due = [self._next_rotation]
        for process in self.processes.values():
            if process.pid is None and process.wanted:
                waits_for_time = process.next_start > now
                due.append(process.next_start if waits_for_time else now + READY_LOOK_SECONDS)
            elif process.kill_at is not None:
                due.append(process.kill_at)
            elif process.pid is not None and not process.ready:
                due.append(now + READY_LOOK_SECONDS)
        return max(0.0, min(due) - now) * 1000 + 1

    def _alive(self) -> list[Supervised]:
        return [process for process in self.processes.values() if process.pid is not None]

    def _watch(self, process: Supervised) -> None:
        assert process.pidfd is not None
        self._poll.register(process.pidfd, select.POLLIN)

    # What happened.

    def _handle(self, descriptor: int) -> None:
        if descriptor == self._wake:
            os.read(self._wake, 64)
            self._stop(list(self.processes))
        elif descriptor == self._listener.fileno():
            connection, _ = self._listener.accept()
            connection.settimeout(5)
            self._poll.register(connection, select.POLLIN)
            self._connections[connection.fileno()] = (connection, bytearray())
        elif descriptor in self._connections:
            self._receive(descriptor)
        else:
            self._reap(descriptor)

    def _reap(self, descriptor: int) -> None:
        for process in self.processes.values():
            if process.pidfd == descriptor:
                self._poll.unregister(descriptor)
                process.ended()
                log(f"{process.spec.name} ended with {process.last_exit}")

    def _receive(self, descriptor: int) -> None:
        connection, buffer = self._connections[descriptor]
        try:
            data = connection.recv(4096)
        except OSError:
            data = b""
        buffer += data
        if data and b"\n" not in buffer:
            return
        self._poll.unregister(descriptor)
        del self._connections[descriptor]
        if not data:
            connection.close()
            return
        self._command(connection, bytes(buffer))

    def _command(self, connection: socket.socket, line: bytes) -> None:
        try:
            request = json.loads(line)
            names = request.get("names") or list(self.processes)
            deed = {"status": self._nothing, "stop": self._stop, "start": self._start}
            deed[request["command"]](names)
        except (ValueError, KeyError, AttributeError) as error:
            answer(connection, {"error": f"not understood: {error}"})
            return
        if request["command"] == "stop":
            self._waiting.append((connection, names))
        else:
            answer(connection, self._status())

    def _nothing(self, names: list[str]) -> None:
        """A question changes nothing."""

    def _stop(self, names: list[str]) -> None:
        """Stop these; naming all of them ends the supervisor too."""
        self.ending = self.ending or set(names) == set(self.processes)
        for name in names:
            self.processes[name].wanted = False

    def _start(self, names: list[str]) -> None:
        for name in names:
            self.processes[name].wanted = True
            self.processes[name].next_start = 0.0

    def answer_waiting(self) -> None:
        """Who asked for a stop hears of it when it is done."""
        alive = {process.spec.name for process in self._alive()}
        for waiting in list(self._waiting):
            connection, names = waiting
            if not alive.intersection(names):
                self._waiting.remove(waiting)
                answer(connection, self._status())

    def _status(self) -> dict[str, object]:
        rows = [process.status() for process in self.processes.values()]
        return {"pid": os.getpid(), "processes": rows}


def answer(connection: socket.socket, message: dict[str, object]) -> None:
    """Send one line and hang up; a client that went away misses nothing it can get again."""
    with connection:
        try:
            connection.sendall(json.dumps(message).encode() + b"\n")
        except OSError as error:
            log(f"an answer was not taken: {error}")


def accepts(port: int | None) -> bool:
    """Whether something listens on this loopback port."""
    if port is None:
        return True
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def log(text: str) -> None:
    """One line in the supervisor's own log."""
    sys.stderr.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {text}\n")
    sys.stderr.flush()


def read_specifications(path: Path) -> list[Specification]:
    """The file that `./cloud up` writes: a list of specifications."""
    rows = json.loads(path.read_text())
    return [
        Specification(**{**row, "argv": tuple(row["argv"]), "after": tuple(row["after"])})
        for row in rows
    ]


def main(state: Path, only: list[str]) -> int:
    """Run, unless another supervisor has this state folder; at first only these, if any."""
    os.chdir(Path(__file__).parents[2])  # The checkout, whose modules the processes are.
    with (state / "run" / "supervisor.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            log("another supervisor runs here")
            return 1
        lock.write(str(os.getpid()))
        lock.flush()
        supervisor = Supervisor(state, read_specifications(state / "run" / "processes.json"))
        for name, process in supervisor.processes.items():
            process.wanted = not only or name in only
        supervisor.run()
    # Only now: who hears that everything is stopped may start another supervisor at once.
    supervisor.answer_waiting()
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
