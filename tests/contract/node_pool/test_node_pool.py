"""The master's pool of connections against the real server, and against peers that misbehave."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ganeti_backend import installation, settings
from ganeti_backend.errors import NodeCallError, NodeUnreachable
from ganeti_backend.node_rpc import calls, server
from ganeti_backend.node_rpc.node_pool import NodePool, ProtocolError, parse_head

NODE = "node1.local"


def make_cluster(folder: Path) -> settings.Settings:
    made = settings.for_state(folder, 1, [1])
    installation.write(made.data_dir / "cluster.json", made)
    return made


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> settings.Settings:
    return make_cluster(tmp_path_factory.mktemp("cluster"))


def at_port(cluster: settings.Settings, port: int) -> settings.Settings:
    return replace(cluster, nodes=(replace(cluster.nodes[0], port=port),))


def refuse(**_: Any) -> None:
    raise ValueError("out of order")


class Served:
    """A node daemon's server that can be stopped and started on the same port."""

    def __init__(self, cluster: settings.Settings) -> None:
        table: dict[str, Callable[..., Any]] = dict.fromkeys(calls.CALLS, refuse)
        table["version"] = lambda: {"version": "x"}
        table["hooks_run"] = lambda hooks_path, phase, env: [[hooks_path, phase, env["A"]]]
        self._cluster, self._table = cluster, table
        self.port = 0
        self.start()

    def start(self) -> None:
        node = replace(self._cluster.nodes[0], port=self.port)
        self._server = server.NodeServer(self._table, node, self._cluster.tls)
        self._thread = threading.Thread(target=self._server.serve)
        self._thread.start()
        self.port = self._server.port

    def stop(self) -> None:
        self._server.stop()
        self._thread.join(10)
        assert not self._thread.is_alive()


@pytest.fixture
def served(cluster: settings.Settings) -> Iterator[Served]:
    served = Served(cluster)
    yield served
    served.stop()


@pytest.fixture
def pool(cluster: settings.Settings, served: Served) -> Iterator[NodePool]:
    pool = NodePool(at_port(cluster, served.port))
    yield pool
    pool.close()


def idle(pool: NodePool) -> int:
    """How many connections are kept."""
    return sum(map(len, pool._idle.values()))


def test_calls_and_answers(pool: NodePool) -> None:
    for _ in range(3):
        assert pool.call(NODE, calls.VERSION) == {"version": "x"}
    assert idle(pool) == 1


def test_long_arguments_and_answers(pool: NodePool) -> None:
    text = "ä" * 500_000
    answer = pool.call(NODE, calls.HOOKS_RUN, hooks_path="p", phase="pre", env={"A": text})
    assert answer == [["p", "pre", text]]


def test_a_refusal_carries_its_message(pool: NodePool) -> None:
    with pytest.raises(NodeCallError, match=r"disk_remove failed on node .*: out of order"):
        pool.call(NODE, calls.DISK_REMOVE, disk={})
    assert pool.call(NODE, calls.VERSION)
    with pytest.raises(TypeError):
        pool.call(NODE, calls.DISK_REMOVE)


def test_many_threads(pool: NodePool) -> None:
    def call(number: int) -> Any:
        env = {"A": str(number)}
        return pool.call(NODE, calls.HOOKS_RUN, hooks_path="p", phase="pre", env=env)[0][2]

    with ThreadPoolExecutor(16) as threads:
        assert list(threads.map(call, range(300))) == [str(number) for number in range(300)]
    assert idle(pool) <= 16


def test_a_restart_of_the_node_is_not_noticed(pool: NodePool, served: Served) -> None:
    pool.call(NODE, calls.VERSION)
    served.stop()
    served.start()
    assert pool.call(NODE, calls.VERSION) == {"version": "x"}


def test_a_stopped_node_is_unreachable(pool: NodePool, served: Served) -> None:
    pool.call(NODE, calls.VERSION)
    served.stop()
    with pytest.raises(NodeUnreachable, match="refused"):
        pool.call(NODE, calls.VERSION)
    assert idle(pool) == 0
    served.start()


def test_an_unknown_node_is_unreachable(pool: NodePool) -> None:
    with pytest.raises(NodeUnreachable, match="no such node"):
        pool.call("node9.local", calls.VERSION)


def test_another_clusters_certificates_are_refused(served: Served, tmp_path: Path) -> None:
    stranger = NodePool(at_port(make_cluster(tmp_path), served.port))
    with pytest.raises(NodeUnreachable, match=r"(?i)certificate"):
        stranger.call(NODE, calls.VERSION)
    stranger.close()


@contextmanager
def answering(cluster: settings.Settings, answer: bytes, hold: bool = False) -> Iterator[int]:
    """A peer with the right certificate that sends these bytes to whoever asks."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(str(cluster.tls.certificate), str(cluster.tls.key))
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve() -> None:
        with listener:
            plain, _ = listener.accept()
            with context.wrap_socket(plain, server_side=True) as connection:
                connection.recv(65536)
                connection.sendall(answer)
                if hold:
                    over.wait(10)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        over.set()
        thread.join(10)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"what?\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nlong",
        b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n{x}",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]",
        b"H" * 70000,
    ],
)
def test_nonsense_is_not_an_answer(cluster: settings.Settings, answer: bytes) -> None:
    with answering(cluster, answer) as port:
        pool = NodePool(at_port(cluster, port))
        with pytest.raises(NodeUnreachable):
            pool.call(NODE, calls.VERSION)
        pool.close()


def test_a_silent_node_is_not_waited_for_longer_than_allowed(cluster: settings.Settings) -> None:
    with answering(cluster, b"HTTP/1.1 200 OK\r\n", hold=True) as port:
        pool = NodePool(at_port(cluster, port))
        with pytest.raises(NodeUnreachable, match="timed out"):
            pool.call(NODE, calls.VERSION, timeout=0.2)
        pool.close()


def test_other_statuses_are_failures(cluster: settings.Settings) -> None:
    answer = b"HTTP/1.1 413 Too Large\r\ncontent-length: 3\r\n\r\nbig"
    with answering(cluster, answer) as port:
        pool = NodePool(at_port(cluster, port))
        with pytest.raises(NodeCallError, match="HTTP 413: big"):
            pool.call(NODE, calls.VERSION)
        pool.close()


def test_heads() -> None:
    assert parse_head(b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\nX: y") == (200, 12)
    with pytest.raises(ProtocolError):
        parse_head(b"HTTP/1.1")
