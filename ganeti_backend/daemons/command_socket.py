"""The command socket: how the gnt-* commands reach the master, one JSON line each way.

The file is readable by its owner only, which is all the authentication there is. Each connection
has a thread, so a command that waits for a job holds up no other one.
"""

import json
import logging
import os
import pwd
import socket
import socketserver
import stat
import struct
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Protocol

import orjson

from ganeti_backend import errors, opcodes
from ganeti_backend.doors import client_log, short_names
from ganeti_backend.node_rpc import calls
from ganeti_backend.opcodes import OpCode
from ganeti_backend.queries.reader import Reader, UnknownResourceError
from ganeti_backend.rapi.reads import Master as RapiMaster
from ganeti_backend.state_rows import Row

log = logging.getLogger(__name__)

SOCKET_MODE = 0o600
LONGEST_LINE = 4 * 1024 * 1024
LONGEST_WAIT = 10.0
STOP_SECONDS = 5.0
# Who speaks through the connection that a thread serves.
CALLER: ContextVar[str] = ContextVar("caller", default="nobody")


Methods = Mapping[str, Callable[..., Any]]


class Master(RapiMaster, Protocol):
    """The part of the master that commands need."""

    def submit_many(self, jobs: Sequence[Sequence[OpCode]]) -> list[int]: ...
    def archive(self, job_id: int) -> bool: ...
    def archive_older_than(self, seconds: float) -> list[int]: ...
    def change_priority(self, job_id: int, priority: int) -> tuple[bool, str]: ...
    def state_rows(self) -> list[Row]: ...
    @property
    def drained(self) -> bool: ...
    def set_drained(self, drained: bool) -> None: ...


class Commands:
    """The methods of the command socket; each takes the arguments of a request and returns JSON."""

    def __init__(self, master: Master) -> None:
        self._master = master
        self._reader = Reader(master)

    def methods(self) -> Mapping[str, Callable[..., Any]]:
        """What can be called, by the name on the wire."""
        return {
            "SubmitJob": self.submit_job,
            "SubmitManyJobs": self.submit_many_jobs,
            "Query": self._reader.query,
            "QueryFields": self._reader.fields,
            "QueryClusterInfo": self.cluster_info,
            "WaitForJobChange": self.wait_for_job_change,
            "CancelJob": self.cancel_job,
            "ChangeJobPriority": self.change_job_priority,
            "ArchiveJob": self.archive_job,
            "AutoArchiveJobs": self.auto_archive_jobs,
            "SetDrainFlag": self.set_drain_flag,
            "StateRows": self._master.state_rows,
            "InstanceConsole": self.console,
            "ConsoleOutput": self.console_output,
        }

    def submit_job(self, ops: list[dict[str, Any]]) -> int:
        """Make one job of these opcodes."""
        parsed = self._parsed(ops)
        job_id = self._master.submit(parsed)
        client_log.submitted(job_id, parsed, CALLER.get())
        return job_id

    def submit_many_jobs(self, jobs: list[list[dict[str, Any]]]) -> list[int]:
        """Make several jobs at once."""
        parsed = [self._parsed(ops) for ops in jobs]
        job_ids = self._master.submit_many(parsed)
        for job_id, ops in zip(job_ids, parsed, strict=True):
            client_log.submitted(job_id, ops, CALLER.get())
        return job_ids

    def _parsed(self, ops: list[dict[str, Any]]) -> list[OpCode]:
        config = self._master.config
        return [short_names.completed(opcodes.from_dict(op), config) for op in ops]

    def cluster_info(self) -> dict[str, Any]:
        """The cluster as a whole."""
        return self._reader.info()

    def wait_for_job_change(
        self,
        job_id: int,
        fields: list[str],
        previous_job_info: list[Any] | None = None,
        previous_log_serial: int | None = None,
        timeout: float = LONGEST_WAIT,
    ) -> dict[str, Any] | None:
        """Wait until something about a job differs from what the caller knows."""
        if self._master.job(job_id) is None:
            raise errors.OpPrereqError(f"No job with id {job_id} found", errors.ECODE_NOENT)
        seconds = max(0.0, min(timeout, LONGEST_WAIT))
        return self._master.wait_for_change(
            job_id, fields, previous_job_info, previous_log_serial, seconds
        )

    def cancel_job(self, job_id: int, kill: bool = False) -> list[Any]:
        """Cancel a job: whether that could be done, and a sentence."""
        done, text = self._master.cancel(job_id, kill)
        client_log.asked(job_id, "cancel", CALLER.get(), text)
        return [done, text]

    def change_job_priority(self, job_id: int, priority: int) -> list[Any]:
        """Make a job more or less urgent: whether that could be done, and a sentence."""
        done, text = self._master.change_priority(job_id, priority)
        client_log.asked(job_id, "change of priority", CALLER.get(), text)
        return [done, text]

    def archive_job(self, job_id: int) -> bool:
        """Move a finished job to the archive."""
        return self._master.archive(job_id)

    def auto_archive_jobs(self, age: float) -> list[int]:
        """Archive jobs that ended so many seconds ago; how many, and for how many time ran out."""
        return self._master.archive_older_than(age)

    def set_drain_flag(self, drained: bool | None = None) -> bool:
        """Close or open the queue for new jobs; says whether it is closed now."""
        if drained is not None:
            self._master.set_drained(drained)
        return self._master.drained

    def console(self, name: str) -> dict[str, Any]:
        """Where an instance's console is."""
        try:
            found = self._ask_node(name, calls.INSTANCE_CONSOLE)
        except errors.NodeCallError as error:
            # What the node says of the instance is meant for people; that it was called is not.
            raise errors.OpExecError(error.text) from error
        return {"instance": name, **found}

    def console_output(self, name: str, length: int | None = None) -> dict[str, Any]:
        """The end of what an instance wrote on its serial console."""
        return dict(self._ask_node(name, calls.CONSOLE_OUTPUT, length=length))

    def _ask_node(self, name: str, call: calls.Call, **arguments: Any) -> Any:
        instance = self._reader.snapshot(live=False).instances.get(name)
        if instance is None:
            raise errors.OpPrereqError(f"Instance '{name}' not known", errors.ECODE_NOENT)
        return self._master.nodes.call(instance.primary_node, call, name=name, **arguments)


class _Handler(socketserver.StreamRequestHandler):
    """One connection: lines in, lines out, until the command goes."""

    server: "_Server"

    def handle(self) -> None:
        # Each connection has a thread, and so a context, of its own.
        CALLER.set(_name_of(self.connection))
        while line := self.rfile.readline(LONGEST_LINE):
            if not line.endswith(b"\n"):
                return
            self.wfile.write(answer(self.server.methods, line))


def _name_of(connection: socket.socket) -> str:
    """The name of the user at the other end, as the system knows it."""
    size = struct.calcsize("3i")
    said = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    _pid, uid, _gid = struct.unpack("3i", said)
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    methods: Mapping[str, Callable[..., Any]]

    def server_bind(self) -> None:
        """The file is private from its first moment on, as it gets the mode of its socket."""
        os.fchmod(self.socket.fileno(), SOCKET_MODE)
        super().server_bind()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A command that was interrupted leaves its connection broken, which is no news."""
        if isinstance(sys.exception(), ConnectionError):
            log.debug("command socket: a connection ended early", exc_info=True)
        else:
            log.error("command socket: a connection failed", exc_info=True)


def answer(methods: Mapping[str, Callable[..., Any]], line: bytes) -> bytes:
    """The answer to one request, errors included."""
    try:
        return _told(True, _call(methods, line))
    except (errors.GenericError, UnknownResourceError) as error:
        return _told(False, errors.encode(error))
    except Exception as error:  # A mistake ends one request, whose caller is told.
        log.exception("command socket: a request failed")
        return _told(False, errors.encode(error))


def _told(success: bool, result: Any) -> bytes:
    return orjson.dumps(
        {"success": success, "result": result},
        option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS,
    )


def _call(methods: Mapping[str, Callable[..., Any]], line: bytes) -> Any:
    try:
        request = json.loads(line)
        method, arguments = methods[request["method"]], dict(request.get("args") or {})
    except (ValueError, KeyError, TypeError) as error:
        raise errors.OpPrereqError(
            f"Cannot read the request: {error}", errors.ECODE_INVAL
        ) from error
    try:
        return method(**arguments)
    except TypeError as error:
        if "argument" not in str(error):
            raise
        raise errors.OpPrereqError(f"{request['method']}: {error}", errors.ECODE_INVAL) from error


class CommandSocket:
    """The listening socket with its thread."""

    def __init__(self, master: Master, path: Path, more: Methods) -> None:
        self.path = path
        _remove_stale(path)
        with _short(path) as address:
            self._server = _Server(address, _Handler)
        self._server.methods = {**Commands(master).methods(), **more}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="command-socket", daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while not self._stopping.is_set():
            self._server.handle_request()

    def stop(self) -> None:
        """Take no more commands; those under way lose their connection with the process."""
        self._stopping.set()
        # This ends the wait for the next connection at once.
        self._server.socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(STOP_SECONDS)
        self._server.server_close()
        self.path.unlink(missing_ok=True)


class _short:  # noqa: N801 - used as a function
    """The path of a socket, by way of its open folder where it is too long for an address."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def __enter__(self) -> str:
        if len(os.fsencode(self._path)) < 100:
            return str(self._path)
        self._descriptor = os.open(self._path.parent, os.O_PATH)
        return f"/proc/self/fd/{self._descriptor}/{self._path.name}"

    def __exit__(self, *_error: object) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)


def _remove_stale(path: Path) -> None:
    """Remove the socket of a master that is gone; refuse where one still answers."""
    try:
        if not stat.S_ISSOCK(path.stat().st_mode):
            raise errors.GenericError(f"{path} is in the way: it is not a socket")
    except FileNotFoundError:
        return
    probe = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _short(path) as address:
            probe.connect(address)
    except OSError:
        path.unlink(missing_ok=True)
    else:
        raise errors.GenericError(f"Another master answers on {path}")
    finally:
        probe.close()


def serve(master: Master, path: Path, more: Methods | None = None) -> CommandSocket:
    """Start taking commands on a thread of this process; `more` are methods of others."""
    return CommandSocket(master, path, more or {})
