"""The commands' end of the master's command socket: one JSON line out, one JSON line back."""

import json
import os
import socket
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # Only named in signatures: loading it takes as long as a whole answer of the master.
    from pathlib import Path

SOCKET_VARIABLE = "GANETI_COMMAND_SOCKET"
STATE_VARIABLE = "SYNNEFO_STATE"
CONNECT_SECONDS = 10.0
# The master answers a wait after at most this long, whatever was asked for.
LONGEST_WAIT = 10.0
ANSWER_SECONDS = 120.0


class MasterError(Exception):
    """The master refused: the class of the error and its arguments as in a job's result."""

    def __init__(self, kind: str, arguments: list[Any]) -> None:
        self.kind = kind
        self.arguments = arguments
        super().__init__(kind, arguments)

    @property
    def text(self) -> str:
        """What went wrong."""
        return str(self.arguments[0]) if self.arguments else self.kind

    @property
    def code(self) -> str | None:
        """Ganeti's error code such as `unknown_entity`, where the class has one."""
        return str(self.arguments[1]) if len(self.arguments) > 1 else None


class NoClusterError(LookupError):
    """No cluster was named by the environment."""


class MasterAwayError(ConnectionError):
    """The socket is known but nobody answers on it."""


def socket_path() -> "Path":
    """The command socket, for commands that look at what lies beside it."""
    from pathlib import Path

    return Path(socket_file())


def socket_file() -> str:
    """The command socket that the environment names."""
    if explicit := os.environ.get(SOCKET_VARIABLE):
        return explicit
    if state := os.environ.get(STATE_VARIABLE):
        return os.path.join(state, "cluster", "master.sock")
    raise NoClusterError(
        f"set {SOCKET_VARIABLE} or {STATE_VARIABLE}; './cloud env' prints the latter"
    )


class Connection:
    """A connection to the master. With `debug` all that is said is shown on standard error."""

    def __init__(self, path: str, *, debug: bool = False) -> None:
        self._debug = debug
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(CONNECT_SECONDS)
        try:
            _connect(self._socket, path)
        except OSError as error:
            self._socket.close()
            raise MasterAwayError(f"{path}: {error.strerror or error}") from error
        self._socket.settimeout(ANSWER_SECONDS)
        self._answers = self._socket.makefile("rb")

    def close(self) -> None:
        """End the connection."""
        self._answers.close()
        self._socket.close()

    def call(self, method: str, **arguments: Any) -> Any:
        """Ask the master; raises MasterError if it refuses and MasterAwayError if it goes."""
        line = json.dumps({"method": method, "args": arguments}) + "\n"
        self._show("asked", line)
        try:
            self._socket.sendall(line.encode())
            answer = self._answers.readline()
        except OSError as error:
            raise MasterAwayError(str(error)) from error
        if not answer:
            raise MasterAwayError("the master closed the connection")
        self._show("answered", answer.decode())
        reply = json.loads(answer)
        if not reply["success"]:
            kind, details = reply["result"]
            raise MasterError(kind, details)
        return reply["result"]

    def _show(self, what: str, line: str) -> None:
        if self._debug:
            print(f"{what}: {line.rstrip()}", file=sys.stderr, flush=True)


def _connect(connection: socket.socket, path: str) -> None:
    """Connect also where the path is longer than a socket address can hold."""
    try:
        connection.connect(path)
    except OSError as error:
        if "too long" not in str(error):
            raise
        folder, name = os.path.split(path)
        descriptor = os.open(folder, os.O_PATH)
        try:
            connection.connect(f"/proc/self/fd/{descriptor}/{name}")
        finally:
            os.close(descriptor)
