"""One process under the supervisor: how it is started, and how it is ended.

No loop and no decisions about when; those are the supervisor's.
"""

from __future__ import annotations

import json
import os
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

DELAYS = (0.0, 0.2, 1.0, 2.0, 5.0, 10.0, 30.0)
STEADY_SECONDS = 10.0
INHERITED_HANDLERS = (signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True)
class Specification:
    """What to run. `after` names the processes that must be ready before this one starts."""

    name: str
    argv: tuple[str, ...]
    env: dict[str, str] = field(default_factory=dict)
    after: tuple[str, ...] = ()
    port: int | None = None  # Ready once this loopback port accepts; None: as soon as it runs.
    stop_seconds: float = 10.0
    stop_signal: int = signal.SIGTERM
    metrics: int | None = None  # The loopback port of its /metrics.


def start_ticks(pid: int) -> int | None:
    """The kernel's start time of a process: with the pid it is unique until the next boot."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text.rpartition(")")[2].split()
    # A process that ends is called dead before its last thread is, which holds its ports till then.
    ended = fields[0] in "ZX" and int(fields[17]) <= 1
    return None if ended else int(fields[19])


class Supervised:
    """A process with its pid file and log; `pid` is None while it does not run."""

    def __init__(self, spec: Specification, run: Path, log: Path) -> None:
        self.spec = spec
        self.pid: int | None = None
        self.pidfd: int | None = None
        self.ready = False
        self.wanted = True
        self.restarts = 0
        self.since = time.time()
        self.next_start = 0.0
        self.kill_at: float | None = None
        self.last_exit: int | None = None
        self.log = log / f"{spec.name}.log"
        self._pid_file = run / f"{spec.name}.pid"
        self._quick_deaths = 0

    @property
    def state(self) -> str:
        """The word that `./cloud status` shows."""
        if self.pid is not None:
            return "stopping" if self.kill_at else "running" if self.ready else "starting"
        if not self.wanted:
            return "stopped"
        return "waiting" if self.last_exit is None else "restarting"

    def start(self) -> None:
        """Fork and execute, in a session of its own so that its children can be ended with it."""
        # Blocked until the child has no handler of ours left: a stop in between must not get lost.
        signal.pthread_sigmask(signal.SIG_BLOCK, INHERITED_HANDLERS)
        pid = os.fork()
        if pid == 0:
            self._become()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, INHERITED_HANDLERS)
        self._note(pid)
        self._running(pid)

    def _note(self, pid: int) -> None:
        """Both sides do, whole and for themselves: a supervisor that is killed here leaves nobody
        unknown.
        """
        written = self._pid_file.with_suffix(f".{os.getpid()}")
        found = {"pid": pid, "ticks": start_ticks(pid), "signal": int(self.spec.stop_signal)}
        written.write_text(json.dumps(found))
        written.replace(self._pid_file)

    def _become(self) -> None:
        """In the child: never returns."""
        try:
            os.setsid()
            self._note(os.getpid())
            log = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            null = os.open(os.devnull, os.O_RDONLY)
            for source, target in ((null, 0), (log, 1), (log, 2)):
                os.dup2(source, target)
            for number in (*INHERITED_HANDLERS, signal.SIGPIPE):
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, ())
            os.execvpe(self.spec.argv[0], self.spec.argv, self.spec.env)
        except OSError as error:
            os.write(2, f"cannot start {self.spec.argv[0]}: {error}\n".encode())
        finally:
            os._exit(127)

    def _running(self, pid: int) -> None:
        self.pid = pid
        self.pidfd = os.pidfd_open(pid)
        self.since = time.time()
        self.ready = self.spec.port is None
        self.kill_at = None

    def ask_to_stop(self) -> None:
        """Its stop signal, once; the supervisor kills after the patience is over."""
        if self.pid is not None and self.kill_at is None:
            self.kill_at = time.monotonic() + self.spec.stop_seconds
            os.kill(self.pid, self.spec.stop_signal)

    def kill(self) -> None:
        """End it and everything it started, now."""
        if self.pid is not None:
            self._signal_group(self.pid, signal.SIGKILL)

    def ended(self) -> None:
        """Its pidfd became readable: clear up, and say when it may start again."""
        assert self.pid is not None
        assert self.pidfd is not None
        # The group is ended before the leader is reaped: until then its number cannot be reused.
        self._signal_group(self.pid, signal.SIGKILL)
        self.last_exit = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        os.close(self.pidfd)
        self._pid_file.unlink(missing_ok=True)
        asked = self.kill_at is not None
        self.pid = self.pidfd = self.kill_at = None
        self.ready = False
        self._plan_restart(asked=asked)
        self.since = time.time()

    def _plan_restart(self, *, asked: bool) -> None:
        lived = time.time() - self.since
        self._quick_deaths = 0 if lived > STEADY_SECONDS or asked else self._quick_deaths + 1
        delay = DELAYS[min(max(self._quick_deaths - 1, 0), len(DELAYS) - 1)]
        self.next_start = time.monotonic() + delay
        if self.wanted:
            self.restarts += 1

    @staticmethod
    def _signal_group(group: int, number: int) -> None:
        try:
            os.killpg(group, number)
        except ProcessLookupError:
            return  # Nothing of it is left.

    def rotate(self, limit: int) -> None:
        """Keep one old log. The process writes in append mode, so truncating under it is safe."""
        try:
            if self.log.stat().st_size <= limit:
                return
        except FileNotFoundError:
            return
        old = self.log.with_suffix(".log.1")
        with self.log.open("rb") as source, old.open("wb") as target:
            os.fchmod(target.fileno(), 0o600)
            while block := source.read(1 << 16):
                target.write(block)
        os.truncate(self.log, 0)

    def status(self) -> dict[str, object]:
        """One row of `./cloud status --json`."""
        return {
            "name": self.spec.name,
            "pid": self.pid,
            "state": self.state,
            "since": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.since)),
            "restarts": self.restarts,
            "metrics": f"http://127.0.0.1:{port}/metrics" if (port := self.spec.metrics) else None,
            "log": str(self.log),
        }
