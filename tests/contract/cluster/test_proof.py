"""Who answers has to be the cluster: proved before the password is sent, by real handshakes."""

import contextlib
import socket
import ssl
import threading

import pytest

from ganeti_backend import installation, settings
from synnefo.ports import ClusterDenied, ClusterUntrusted
from synnefo.rapi import tls
from synnefo.rapi.client import RapiCluster

REFUSAL = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"


class Stranger:
    """A server with a certificate of its own that writes down what it is told."""

    def __init__(self, folder):
        made = settings.for_state(folder, 1, [2])
        installation.write(made.data_dir / "cluster.json", made)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(made.rapi.certificate, made.rapi.key)
        self.ca = made.tls.ca
        self.told = b""
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self.socket.getsockname()[1]}"
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while True:
            try:
                plain, _ = self.socket.accept()
            except OSError:
                return
            with plain, contextlib.suppress(OSError):
                plain.settimeout(10)
                with self.context.wrap_socket(plain, server_side=True) as connected:
                    self.told += connected.recv(65536)
                    connected.sendall(REFUSAL)

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(10)


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    made = Stranger(tmp_path_factory.mktemp("ssl"))
    yield made
    made.close()


def _ask(stranger, proof):
    cluster = RapiCluster(stranger.url, "user", "secret", proof)
    try:
        cluster.info()
    finally:
        cluster.close()


@pytest.mark.parametrize("proof", [None, "00" * 32], ids=["no authority", "another's fingerprint"])
def test_a_stranger_learns_nothing(stranger, proof):
    stranger.told = b""
    with pytest.raises(ClusterUntrusted):
        _ask(stranger, proof)
    assert stranger.told == b""


@pytest.mark.parametrize("proof", ["authority", "fingerprint"])
def test_the_cluster_is_asked(stranger, proof):
    """It says no here, which only somebody does who was told the password."""
    shown = tls.shown_by(stranger.url)
    with pytest.raises(ClusterDenied):
        _ask(stranger, stranger.ca if proof == "authority" else f"sha256 Fingerprint={shown}")
    assert b"Authorization: Basic" in stranger.told


@pytest.mark.parametrize("text", ["", "AB:CD", "x" * 64, "00" * 33])
def test_what_is_no_fingerprint(text):
    with pytest.raises(ValueError, match="64 hexadecimal digits"):
        tls.normalized(text)
