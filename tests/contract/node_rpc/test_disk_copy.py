"""Disks go from one node's folder to another's over node calls, holes and all."""

import os
import time
from contextlib import ExitStack
from dataclasses import replace

import pytest

from ganeti_backend import installation, settings
from ganeti_backend.errors import NodeCallError, StorageError
from ganeti_backend.node import disk_copies
from ganeti_backend.node.node_handlers import NodeHandlers
from ganeti_backend.node_rpc import calls
from ganeti_backend.node_rpc.client import NodeClient
from ganeti_backend.storage.file import FileStorage
from tests.contract.node_rpc.conftest import serving

MIB = 1 << 20
DISK = {"uuid": "d0", "size": 9, "template": "file"}


@pytest.fixture
def two(tmp_path):
    """Two nodes with real files: their settings, a client of both, and their drivers."""
    made = settings.for_state(tmp_path, 1, [1, 2])
    installation.write(made.data_dir / "cluster.json", made)
    drivers = {}
    with ExitStack() as stack:
        served = []
        for node in made.nodes:
            alone = replace(made, nodes=(node,))
            handlers = NodeHandlers(alone, node)
            handlers._pretend = False
            drivers[node.name] = handlers._storages["file"] = FileStorage(node.dir / "disks")
            served.append(stack.enter_context(serving(alone, handlers.table())).nodes[0])
            stack.callback(handlers.close)
        both = replace(made, nodes=tuple(served))
        client = NodeClient(both)
        stack.callback(client.close)
        yield both, client, drivers


def content(size):
    """Data, a hole, data across the edge of a piece, zeros, and a last odd part."""
    return [(0, b"begin"), (disk_copies.PIECE - 3, b"across"), (7 * MIB + 1, os.urandom(1000))]


def fill(path):
    with path.open("r+b") as file:
        for offset, data in content(path.stat().st_size):
            file.seek(offset)
            file.write(data)


def copy(both, client, compress="none"):
    source, target = both.nodes
    client.call(target.name, calls.DISK_CREATE, instance_name="vm", disk=DISK)
    peer = {"name": target.name, "address": target.address, "port": target.port}
    arguments = {"disk": DISK, "peer": peer, "compress": compress}
    client.call(source.name, calls.DISK_COPY, task_id="t1", **arguments)
    end = time.monotonic() + 30
    while time.monotonic() < end:
        found = client.call(source.name, calls.TASK_STATUS, task_id="t1", wait=1.0)
        if found["state"] != "running":
            return found
    raise AssertionError(found)


@pytest.mark.parametrize("compress", ["none", "gzip"])
def test_the_copy_is_the_same_and_as_sparse(two, compress):
    both, client, drivers = two
    source, target = both.nodes
    client.call(source.name, calls.DISK_CREATE, instance_name="vm", disk=DISK)
    path = drivers[source.name]._file(DISK)
    fill(path)
    assert copy(both, client, compress)["state"] == "done"
    copied = drivers[target.name]._file(DISK)
    assert copied.read_bytes() == path.read_bytes()
    assert copied.stat().st_blocks * 512 < 7 * MIB


def test_a_target_that_is_away_fails_the_task_and_says_why(two):
    both, client, _ = two
    source, target = both.nodes
    client.call(source.name, calls.DISK_CREATE, instance_name="vm", disk=DISK)
    fill(source.dir / "disks" / "d0.raw")
    away = replace(both, nodes=(source, replace(target, port=1)))
    peer = {"name": target.name, "address": target.address, "port": 1}
    client.call(source.name, calls.DISK_COPY, task_id="t2", disk=DISK, peer=peer)
    assert away.nodes[1].port == 1
    found = client.call(source.name, calls.TASK_STATUS, task_id="t2", wait=20.0)
    assert found["state"] == "failed"
    assert "unreachable" in found["message"]


def test_a_disk_that_is_smaller_there_is_refused(two):
    both, client, _ = two
    target = both.nodes[1]
    client.call(target.name, calls.DISK_CREATE, instance_name="vm", disk=DISK)
    with pytest.raises(NodeCallError, match="smaller here"):
        client.call(target.name, calls.DISK_WRITE, disk=DISK, offset=9 * MIB, data="QQ==")


def test_a_disk_that_is_not_there_is_no_target(two):
    both, client, _ = two
    with pytest.raises(NodeCallError, match="cannot write disk d0"):
        client.call(both.nodes[1].name, calls.DISK_WRITE, disk=DISK, offset=0, data="QQ==")


def test_an_empty_disk_is_no_piece_at_all(tmp_path):
    path = tmp_path / "empty"
    with path.open("wb") as file:
        file.truncate(5 * MIB)
    assert list(disk_copies.pieces(path)) == []
    with pytest.raises(StorageError):
        disk_copies.receive(FileStorage(tmp_path), DISK, 0, "", "plain", last=True)
