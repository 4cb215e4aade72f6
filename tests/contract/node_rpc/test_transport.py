"""Who may speak to a node, and what happens when it does not answer."""

import errno
import http.client
import socket
import ssl
import threading
from contextlib import contextmanager, suppress
from dataclasses import replace

import pytest

from ganeti_backend.errors import NodeCallError, NodeUnreachable
from ganeti_backend.node_rpc import calls, client, server
from tests.contract.node_rpc.conftest import NODE, make_cluster, serving


def echo(**arguments):
    return arguments


@pytest.fixture
def handlers():
    return dict.fromkeys(calls.CALLS, echo)


def ask(served, **arguments):
    asking = client.NodeClient(served)
    try:
        return asking.call(NODE, calls.CONSOLE_OUTPUT, name="x", **arguments)
    finally:
        asking.close()


def say(line, method, path):
    line.request(method, path, b"{}")
    return line.getresponse()


def test_arguments_arrive_with_their_defaults(cluster, handlers):
    with serving(cluster, handlers) as served:
        assert ask(served) == {"name": "x", "length": None}


def test_client_of_another_cluster_is_refused(cluster, handlers, tmp_path):
    other = make_cluster(tmp_path)
    with serving(cluster, handlers) as served:
        mixed = replace(other.tls, ca=cluster.tls.ca)
        with pytest.raises(NodeUnreachable):
            ask(replace(served, tls=mixed))


def test_node_of_another_cluster_is_not_trusted(cluster, handlers, tmp_path):
    other = make_cluster(tmp_path)
    with serving(cluster, handlers) as served, pytest.raises(NodeUnreachable, match=r"(?i)certif"):
        ask(replace(served, tls=other.tls))


def test_client_without_a_certificate_is_refused(cluster, handlers):
    with serving(cluster, handlers) as served:
        context = ssl.create_default_context(cafile=str(cluster.tls.ca))
        line = http.client.HTTPSConnection(
            "127.0.0.1", served.nodes[0].port, context=context, timeout=5
        )
        with pytest.raises((ssl.SSLError, OSError, http.client.HTTPException)):
            say(line, "POST", "/version")
        line.close()


def test_the_remote_apis_certificate_commands_no_node(cluster, handlers):
    with serving(cluster, handlers) as served:
        rapi = replace(served.tls, certificate=served.rapi.certificate, key=served.rapi.key)
        with pytest.raises(NodeUnreachable):
            ask(replace(served, tls=rapi))


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/version", 404), ("POST", "/shell", 404), ("POST", "/", 404)],
)
def test_what_is_not_in_the_table_is_not_found(cluster, handlers, method, path, status):
    with serving(cluster, handlers) as served:
        context = client.client_context(cluster.tls)
        line = http.client.HTTPSConnection(
            "127.0.0.1", served.nodes[0].port, context=context, timeout=5
        )
        assert say(line, method, path).status == status
        line.close()


@contextmanager
def line(served):
    """A connection of a client that may speak, without a library that speaks well."""
    context = client.client_context(served.tls)
    address = ("127.0.0.1", served.nodes[0].port)
    with (
        socket.create_connection(address, timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as secured,
    ):
        yield secured


def heard(secured):
    """All that comes until the other end closes."""
    parts = []
    with suppress(ssl.SSLEOFError, ConnectionResetError):  # Closed without a farewell is closed.
        while data := secured.recv(65536):
            parts.append(data)
    return b"".join(parts)


def test_one_connection_carries_many_calls_and_closes_when_asked(cluster, handlers):
    with serving(cluster, handlers) as served, line(served) as secured:
        for _ in range(2):
            secured.sendall(b"POST /version HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}")
            assert secured.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")
        secured.sendall(b"POST /version HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        assert heard(secured).startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_call_that_is_too_long_is_refused_before_it_ends(cluster, handlers):
    with serving(cluster, handlers) as served, line(served) as secured:
        head = b"POST /version HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % (1 << 30)
        secured.sendall(head + bytes(server.MAX_HEAD + server.MAX_BODY))
        assert secured.recv(65536).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("said", [b"what?\r\n\r\n", b"\0" * 100, b"POST /version HTTP/9.9\r\n\r\n"])
def test_what_is_no_http_ends_the_connection(cluster, handlers, said):
    with serving(cluster, handlers) as served:
        with line(served) as secured:
            secured.sendall(said)
            assert heard(secured) == b""
        assert ask(served)["name"] == "x"


def test_a_request_that_does_not_end_is_not_waited_for(cluster, handlers, monkeypatch):
    monkeypatch.setattr(server, "REQUEST_SECONDS", 0.05)
    with serving(cluster, handlers) as served, line(served) as secured:
        secured.sendall(b"POST /version HTTP/1.1\r\n")
        assert heard(secured) == b""


def test_who_never_greets_is_not_waited_for(cluster, handlers, monkeypatch):
    monkeypatch.setattr(server, "HANDSHAKE_SECONDS", 0.05)
    with serving(cluster, handlers) as served:
        address = ("127.0.0.1", served.nodes[0].port)
        with socket.create_connection(address, timeout=10) as plain:
            assert plain.recv(100) == b""


def test_connections_beyond_the_most_wait_for_their_turn(cluster, handlers, monkeypatch):
    monkeypatch.setattr(server, "MOST_CONNECTIONS", 1)
    with serving(cluster, handlers) as served:
        with line(served):
            waiting = threading.Thread(target=ask, args=(served,))
            waiting.start()
        waiting.join(10)
        assert not waiting.is_alive()


class OutOfFiles(socket.socket):
    """A listener that has no file for the first connection."""

    failed = False

    def accept(self):
        if not self.failed:
            self.failed = True
            raise OSError(errno.EMFILE, "Too many open files")
        return super().accept()


def test_a_connection_that_cannot_be_taken_ends_nothing(cluster, handlers, monkeypatch):
    listen = server._listen
    monkeypatch.setattr(server, "_listen", lambda node: OutOfFiles(fileno=listen(node).detach()))
    with serving(cluster, handlers) as served:
        assert ask(served)["name"] == "x"


def test_a_server_without_room_stops_all_the_same(cluster, handlers, monkeypatch):
    monkeypatch.setattr(server, "MOST_CONNECTIONS", 1)
    with serving(cluster, handlers) as served:
        kept = client.NodeClient(served)
        kept.call(NODE, calls.VERSION)
    kept.close()


def test_handlers_trouble_is_told_to_the_caller(cluster, handlers):
    def broken(**arguments):
        raise ZeroDivisionError

    table = {**handlers, "console_output": broken}
    with serving(cluster, table) as served, pytest.raises(NodeCallError, match="ZeroDivision"):
        ask(served)


def test_slow_node_is_given_up_after_the_timeout(cluster, handlers):
    release = threading.Event()

    def slow(**arguments):
        release.wait(10)

    with serving(cluster, {**handlers, "console_output": slow}) as served:
        with pytest.raises(NodeUnreachable):
            ask(served, timeout=0.1)
        release.set()


def test_calls_do_not_wait_for_each_other(cluster, handlers):
    both = threading.Barrier(2, timeout=10)
    met = {**handlers, "console_output": lambda **_: both.wait() >= 0}
    answers = []
    with serving(cluster, met) as served:
        asking = [threading.Thread(target=lambda: answers.append(ask(served))) for _ in range(2)]
        for thread in asking:
            thread.start()
        for thread in asking:
            thread.join()
    assert answers == [True, True]


def test_stopped_node_is_unreachable_and_comes_back(cluster, handlers):
    with serving(cluster, handlers) as served:
        asking = client.NodeClient(served)
        asking.call(NODE, calls.VERSION)
    with pytest.raises(NodeUnreachable):
        asking.call(NODE, calls.VERSION)
    asking.close()


def test_handler_may_not_be_missing(cluster, handlers):
    del handlers["version"]
    with pytest.raises(TypeError, match="version"):
        server.NodeServer(handlers, cluster.nodes[0], cluster.tls)
