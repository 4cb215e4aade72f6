"""A disk goes from one node's export script into another's import script, over a connection."""

import hashlib
import socket
import ssl
import threading

import pytest

from ganeti_backend.errors import StorageError
from ganeti_backend.node.disk_streams import Ends, Receiver, Sender
from ganeti_backend.node.transfer_keys import TransferKeys

CONTENT = hashlib.sha512(b"seed").digest() * 8192 + bytes(1 << 19)


def wait_for(bench, task_id, wanted):
    pause = threading.Event()
    for _ in range(1500):
        status = bench.handlers.tasks.status(task_id)
        if wanted(status):
            return status
        pause.wait(0.02)
    raise AssertionError(f"{task_id} is still {status}")


@pytest.fixture
def keys(tmp_path):
    return TransferKeys(tmp_path / "keys")


@pytest.fixture
def ends(keys):
    """Both ends of a transfer, the sender's first."""

    def make(magic="ack-word", compress="none", trusted=None):
        certificates = {name: keys.make(name) for name in ("a", "b")}
        return (
            Ends(keys.find("a"), trusted or certificates["b"], magic, compress),
            Ends(keys.find("b"), certificates["a"], magic, compress),
        )

    return make


def never():
    """Nobody wants it to end."""


class Taking(threading.Thread):
    """The receiver's side, in a thread of its own."""

    def __init__(self, ends, patience=20):
        super().__init__(daemon=True)
        self.receiver = Receiver(ends, "127.0.0.1", never)
        self.patience = patience
        self.content = b""
        self.error = None
        self.complete = threading.Event()
        self.start()

    def run(self):
        try:
            self.receiver.accept(self.patience)
            self.content = b"".join(self.receiver.content())
            self.complete.set()
            self.receiver.confirm()
        except StorageError as error:
            self.error = error.message
        finally:
            self.receiver.close()


def send(ends, port, content=CONTENT):
    sender = Sender(ends, "127.0.0.1", port, never)
    try:
        sender(content)
        sender.finish()
    finally:
        sender.close()


@pytest.mark.parametrize("magic", ["ack-word", "word"])
@pytest.mark.parametrize("compress", ["none", "gzip-fast"])
def test_what_is_sent_arrives(ends, magic, compress):
    ours, theirs = ends(magic, compress)
    taking = Taking(theirs)
    taking.receiver.keep()
    send(ours, taking.receiver.port)
    taking.join(20)
    assert taking.error is None
    assert taking.content == CONTENT


def test_a_sender_waits_until_it_is_kept_for_good(ends):
    ours, theirs = ends()
    taking = Taking(theirs)
    sending = threading.Thread(target=send, args=(ours, taking.receiver.port), daemon=True)
    sending.start()
    assert taking.complete.wait(20)
    assert sending.is_alive()
    taking.receiver.keep()
    sending.join(20)
    assert not sending.is_alive()


def test_a_sender_hears_that_it_was_not_kept(ends):
    ours, theirs = ends()
    taking = Taking(theirs)
    taking.complete.wait(0)
    closing = threading.Thread(
        target=lambda: (taking.complete.wait(20), taking.receiver.close()), daemon=True
    )
    closing.start()
    with pytest.raises(StorageError):
        send(ours, taking.receiver.port)
    closing.join(20)


@pytest.mark.parametrize("magic", ["ack-word", "word"])
def test_a_connection_that_breaks_is_no_end(ends, magic):
    ours, theirs = ends(magic)
    taking = Taking(theirs)
    sender = Sender(ours, "127.0.0.1", taking.receiver.port, never)
    sender(CONTENT)
    sender.close()
    taking.join(20)
    assert taking.error is not None
    assert not taking.complete.is_set()


def test_strangers_are_sent_away_and_the_sender_is_awaited(ends, keys):
    ours, theirs = ends()
    taking = Taking(theirs)
    taking.receiver.keep()
    port = taking.receiver.port
    keys.make("stranger")
    stranger = Ends(keys.find("stranger"), ours.trusted, ours.magic)
    with pytest.raises(StorageError):
        send(stranger, port)
    with pytest.raises(StorageError):
        send(Ends(ours.key, ours.trusted, "ack-guess"), port)
    with socket.create_connection(("127.0.0.1", port)) as plain:
        plain.sendall(b"GET / HTTP/1.0\r\n\r\n")
    send(ours, port)
    taking.join(20)
    assert taking.content == CONTENT


def test_a_sender_trusts_one_receiver_only(ends, keys):
    ours, theirs = ends(trusted=keys.make("another"))
    taking = Taking(theirs, patience=1)
    with pytest.raises(StorageError, match="certificate"):
        send(ours, taking.receiver.port)
    taking.join(20)
    assert "did not connect within 1 s" in taking.error


def test_waiting_can_be_ended(ends):
    _, theirs = ends()

    def look():
        raise StorageError("canceled")

    receiver = Receiver(theirs, "127.0.0.1", look)
    with pytest.raises(StorageError, match="canceled"):
        receiver.accept(60)
    receiver.close()


def test_what_is_not_compressed_as_told_is_refused(ends):
    ours, _ = ends(compress="none")
    _, theirs = ends(compress="gzip")
    taking = Taking(theirs)
    with pytest.raises(StorageError):
        send(ours, taking.receiver.port)
    taking.join(20)
    assert "not compressed as it should be" in taking.error


def test_old_protocols_are_refused(ends):
    assert ends()[0].context(ssl.PROTOCOL_TLS_CLIENT).minimum_version == ssl.TLSVersion.TLSv1_2


def test_private_keys_are_for_their_owner_and_go(keys, tmp_path):
    first = keys.make("x509-1")
    assert keys.make("x509-1") == first
    assert (tmp_path / "keys" / "x509-1" / "key").stat().st_mode & 0o077 == 0
    keys.remove("x509-1")
    keys.remove("x509-1")
    with pytest.raises(StorageError, match="no key x509-1"):
        keys.find("x509-1")
    with pytest.raises(StorageError, match="is no key"):
        keys.find("../x509-1")


def test_a_disk_goes_from_script_to_script(bench, define):
    define()
    content = CONTENT[: 1 << 20].ljust(1 << 20, b"x")
    # One node plays both; its first disk is sent, its second one is filled.
    instance = bench.instance(disks=2)
    bench.content().write_bytes(content)
    certificates = {name: bench.handlers.transfer_key(name)["certificate"] for name in ("a", "b")}
    shared = {"magic": "ack-word", "compress": "gzip-fast"}
    arriving = {**shared, "key": "b", "trusted": certificates["a"], "patience": 20}
    bench.order("import", task_id="in", index=1, instance=instance, transfer=arriving, wait=0.0)
    port = wait_for(bench, "in", lambda status: "port" in status)["port"]
    place = {"host": "127.0.0.1", "port": port}
    leaving = {**shared, **place, "key": "a", "trusted": certificates["b"]}
    bench.order("export", task_id="out", index=0, instance=instance, transfer=leaving, wait=0.0)
    status = wait_for(bench, "in", lambda status: status.get("received"))
    assert status["state"] == "running"
    assert bench.handlers.tasks.status("out")["state"] == "running"
    bench.handlers.transfer_keep("in")
    for task in ("in", "out"):
        assert wait_for(bench, task, lambda status: status["state"] != "running")["state"] == "done"
    assert bench.content("disk1").read_bytes() == content
    with pytest.raises(StorageError, match="nothing was received"):
        bench.handlers.transfer_keep("in")
