"""A RAPI that keeps what it was asked, does each job at once, and fails its callers when told to.

Real sockets and, if wished, real TLS: the client under test is the one of the dispatcher. Two of
these can share one queue, as a master and the candidate that takes over from it do.
"""

from __future__ import annotations

import copy
import http.client
import json
import socket
import ssl
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

Json = dict[str, Any]
OPCODES = {
    ("POST", "instances"): "OP_INSTANCE_CREATE",
    ("DELETE", "instances"): "OP_INSTANCE_REMOVE",
    ("PUT", "startup"): "OP_INSTANCE_STARTUP",
    ("PUT", "shutdown"): "OP_INSTANCE_SHUTDOWN",
    ("POST", "reboot"): "OP_INSTANCE_REBOOT",
    ("POST", "networks"): "OP_NETWORK_ADD",
    ("PUT", "connect"): "OP_NETWORK_CONNECT",
}
STAMP = [1_700_000_000, 0]


@dataclass
class Queue:
    """Jobs and what came of them: what a cluster keeps on disk, and all its masters share."""

    jobs: dict[int, Json] = field(default_factory=dict)
    instances: dict[str, str] = field(default_factory=dict)  # their status
    networks: dict[str, list[str]] = field(default_factory=dict)  # the groups they are in

    def add(self, opcode: str, name: str, reason: str, group: str = "") -> int:
        """Accept a job and do it."""
        number = len(self.jobs) + 1
        op = {"OP_ID": opcode, "instance_name": name, "reason": [["gnt:user", reason, 0]]}
        self.jobs[number] = op
        match opcode:
            case "OP_INSTANCE_CREATE" | "OP_INSTANCE_STARTUP" | "OP_INSTANCE_REBOOT":
                self.instances[name] = "running"
            case "OP_INSTANCE_SHUTDOWN":
                self.instances[name] = "ADMIN_down"
            case "OP_INSTANCE_REMOVE":
                self.instances.pop(name, None)
            case "OP_NETWORK_ADD":
                self.networks[name] = []
            case "OP_NETWORK_CONNECT":
                self.networks[name].append(group)
        return number

    def of(self, intent: object) -> list[int]:
        """The jobs that were made of an intent."""
        wanted = f"intent={intent}"
        return [number for number, op in self.jobs.items() if wanted in op["reason"][0][1]]


class Asked(NamedTuple):
    """One request."""

    method: str
    parts: list[str]
    query: dict[str, list[str]]
    body: Json

    @property
    def writes(self) -> bool:
        return self.method != "GET" and self.parts[0] != "query"


Fault = Callable[["Handler", Asked], None]


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    # An answer in one piece: two small ones would wait for the client's acknowledgement.
    wbufsize = 1 << 16
    disable_nagle_algorithm = True
    server: Server

    def log_message(self, format: str, *args: Any) -> None:
        """The tests look at the jobs instead."""

    def _handle(self) -> None:
        rapi = self.server.rapi
        split = urlsplit(self.path)
        parts = [unquote(part) for part in split.path.split("/")[2:]]
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else {}
        asked = Asked(self.command, parts, parse_qs(split.query), body)
        if rapi.dead:
            self.hang_up()
            return
        if asked.writes and rapi.faults:
            rapi.faults.popleft()(self, asked)
        else:
            self.answer(*rapi.do(asked))

    do_GET = do_POST = do_PUT = do_DELETE = _handle  # noqa: N815  # The base class asks for these.

    def answer(self, status: int, content: Any) -> None:
        """A whole answer."""
        data = json.dumps(content).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
        except OSError:
            self.close_connection = True  # Whoever asked is gone, as the tests want it.

    def raw(self, status: int, text: str) -> None:
        """An answer with any body."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def hang_up(self) -> None:
        """End the connection under the client, without TLS's goodbye."""
        self.close_connection = True
        raw = socket.socket(fileno=self.connection.detach())
        raw.shutdown(socket.SHUT_RDWR)
        raw.close()


class Server(ThreadingHTTPServer):
    """Listens on a free port."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, rapi: RecordingRapi, context: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.rapi = rapi
        self._context = context

    def get_request(self) -> tuple[Any, Any]:
        """TLS is spoken in the connection's own thread, at its first read."""
        taken, address = super().get_request()
        if self._context is not None:
            taken = self._context.wrap_socket(
                taken, server_side=True, do_handshake_on_connect=False
            )
        return taken, address

    def process_request(self, request: Any, client_address: Any) -> None:
        """Counted from the moment it is accepted until it is closed."""
        self.rapi.count(1)
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """In a thread of its own."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.rapi.count(-1)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients are killed and connections cut here on purpose."""


class RecordingRapi:
    """The server; `faults` are used up by the next writes, one each."""

    def __init__(self, queue: Queue | None = None, context: ssl.SSLContext | None = None) -> None:
        self.queue = queue if queue is not None else Queue()
        self.faults: deque[Fault] = deque()
        self.release = threading.Event()  # Faults that hold something back wait for it.
        self.dead = False  # All connections end before they are answered.
        self._lock = threading.Lock()
        self._quiet = threading.Condition()
        self._open = 0
        self._server = Server(self, context)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        scheme = "https" if context else "http"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_address[1]}"
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    # --- what tests ask

    def restore(self, kept: Queue) -> None:
        """Be as when it was copied."""
        self.queue = copy.deepcopy(kept)
        self.faults.clear()

    def settle(self) -> None:
        """Wait until all connections have ended: what the dead had sent has arrived."""
        # Connections are accepted in their order, so after this one none of theirs is waiting.
        barrier = http.client.HTTPConnection(*self._server.server_address[:2])
        barrier.request("GET", "/2/groups")
        barrier.getresponse().read()
        barrier.close()
        with self._quiet:
            assert self._quiet.wait_for(lambda: not self._open, 30)

    def count(self, step: int) -> None:
        """One connection more or less."""
        with self._quiet:
            self._open += step
            self._quiet.notify_all()

    # --- what it does

    def do(self, asked: Asked) -> tuple[int, Any]:
        """The status and the answer."""
        with self._lock:
            if asked.method == "GET":
                return self._look(asked)
            if asked.parts[0] == "query":
                since = asked.body["qfilter"][2]
                jobs = self.queue.jobs.items()
                rows = [[[0, one], [0, [op]]] for one, op in jobs if one > since]
                return 200, {"data": rows}
            if asked.parts[0] == "jobs":
                return 200, [False, "Job is no longer waiting in the queue"]
            return 200, self._accept(asked)

    def _accept(self, asked: Asked) -> int:
        opcode = OPCODES[asked.method, asked.parts[-1 if len(asked.parts) > 2 else 0]]
        body = asked.body
        name = body.get("instance_name") or body.get("network_name") or asked.parts[1]
        return self.queue.add(opcode, name, asked.query["reason"][0], body.get("group_name", ""))

    def _look(self, asked: Asked) -> tuple[int, Any]:
        queue, (what, *names) = self.queue, asked.parts
        found: dict[str, Callable[[], Any]] = {
            "groups": lambda: [{"name": "default"}],
            "nodes": lambda: [_node()],
            "networks": lambda: [_network(*one) for one in queue.networks.items()],
            "jobs": lambda: [{"id": number} for number in queue.jobs],
            "instances": lambda: [_instance(*one) for one in queue.instances.items()],
        }
        if not names:
            return 200, found[what]()
        if what == "jobs":
            return 200, _job(int(names[0]), queue.jobs[int(names[0])])
        if what == "instances" and names[0] in queue.instances:
            return 200, _instance(names[0], queue.instances[names[0]])
        return 404, {"code": 404, "message": "Not Found", "explain": "Nothing there"}


def _node() -> Json:
    room = dict.fromkeys(("mtotal", "mfree", "dtotal", "dfree"), 1 << 20)
    flags = {"name": "node1", "offline": False, "drained": False, "vm_capable": True}
    return flags | room | {"ctotal": 8, "pinst_cnt": 0}


def _network(name: str, groups: list[str]) -> Json:
    return {
        "name": name, "uuid": name, "network": "10.9.0.0/24", "gateway": None, "mac_prefix": None,
        "free_count": 9, "reserved_count": 0, "inst_list": [], "tags": [],
        "group_list": [[group, "bridged", "br0", ""] for group in groups],
    }  # fmt: skip


def _job(number: int, op: Json) -> Json:
    return {
        "id": number, "status": "success", "ops": [op], "opstatus": ["success"],
        "opresult": [None], "oplog": [[]], "received_ts": STAMP, "start_ts": STAMP,
        "end_ts": STAMP, "summary": [op["OP_ID"].removeprefix("OP_")],
    }  # fmt: skip


def _instance(name: str, status: str) -> Json:
    columns = ("nic.names", "nic.uuids", "nic.macs", "nic.ips", "nic.networks.names")
    columns += ("nic.modes", "nic.links", "disk.names", "disk.uuids", "disk.sizes", "tags")
    up = status == "running"
    return {
        "name": name, "uuid": name, "status": status, "admin_state": "up" if up else "down",
        "oper_state": up, "beparams": {"maxmem": 128, "vcpus": 1}, "pnode": "node1",
        "disk_template": "file", "os": "image", "ctime": 0.0, "serial_no": 1,
        **{column: [] for column in columns},
    }  # fmt: skip
