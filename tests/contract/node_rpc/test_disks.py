"""Calls about disks: what the master may rely on, each made twice, on real nodes and on the fake.

With libvirt the disks are real files, and a guest of QEMU has them.
"""

import multiprocessing
import shutil
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from ganeti_backend.errors import NodeCallError
from ganeti_backend.node.node_handlers import NodeHandlers
from ganeti_backend.node_rpc import calls
from tests.contract.node_rpc.conftest import make_cluster

NODE = "node1.local"
INSTANCE = {
    "name": "web", "uuid": "0d1c6f5e-3a54-4d9c-9a2f-1f2a6f0a7c01", "hvparams": {},
    "beparams": {"maxmem": 64, "vcpus": 1}, "disks": [], "nics": [],
}  # fmt: skip
MIB = 1 << 20


def disk(template="file", size=16):
    return {"uuid": "0d1c6f5e-3a54", "size": size, "template": template, "mode": "rw"}


def twice(nodes, call, **arguments):
    nodes.call(NODE, call, **arguments)
    return nodes.call(NODE, call, **arguments)


def task(nodes, call, **arguments):
    """Order it twice, and see it done."""
    twice(nodes, call, **arguments)
    found = nodes.call(NODE, calls.TASK_STATUS, task_id=arguments["task_id"], wait=5)
    assert found["state"] == "done", found


def status(nodes, wanted):
    return nodes.call(NODE, calls.DISK_STATUS, disk=wanted)


@pytest.mark.parametrize("template", ["file", "sharedfile", "plain", "drbd", "rbd", "ext"])
def test_a_disk_is_made_grown_and_removed(nodes, template):
    made = disk(template)
    assert status(nodes, made) is None
    twice(nodes, calls.DISK_CREATE, instance_name="web", disk=made)
    assert twice(nodes, calls.DISK_ACTIVATE, disk=made, role="primary")["path"]
    twice(nodes, calls.DISK_GROW, disk=made, amount=4)
    found = status(nodes, made)
    assert (found["size"], found["complete"]) == (20, True)
    twice(nodes, calls.DISK_DEACTIVATE, disk=made)
    twice(nodes, calls.DISK_REMOVE, disk=made)
    assert status(nodes, made) is None


def test_a_disk_that_is_not_there_cannot_be_used(nodes):
    for call, more in (
        (calls.DISK_ACTIVATE, {"role": "primary"}),
        (calls.DISK_GROW, {"amount": 1}),
    ):
        with pytest.raises(NodeCallError, match="no disk"):
            nodes.call(NODE, call, disk=disk(), **more)
    twice(nodes, calls.DISK_DEACTIVATE, disk=disk())


def test_a_mirrored_disk_is_synchronised_with_its_peer(nodes):
    made = disk("drbd")
    nodes.call(NODE, calls.DISK_CREATE, instance_name="web", disk=made)
    assert status(nodes, made)["degraded"]
    twice(nodes, calls.DISK_ACTIVATE, disk=made, role="primary", peer="node2.local")
    assert [status(nodes, made)["sync_percent"] for _ in range(4)] == [0.0, 50.0, 100.0, None]
    assert not status(nodes, made)["degraded"]
    twice(nodes, calls.DISK_REPLACE, disk=made)
    assert status(nodes, made)["complete"] is False
    assert [status(nodes, made)["sync_percent"] for _ in range(3)] == [50.0, 100.0, None]
    assert status(nodes, made)["complete"]
    nodes.call(NODE, calls.DISK_ACTIVATE, disk=made, role="primary", peer="node3.local")
    assert status(nodes, made)["sync_percent"] == 0.0


def test_a_disk_becomes_one_of_another_template(nodes):
    nodes.call(NODE, calls.DISK_CREATE, instance_name="web", disk=disk("plain"))
    assert twice(nodes, calls.DISK_CONVERT, disk=disk("plain"), template="drbd")["path"]
    assert status(nodes, disk("drbd"))["size"] == 16


def test_snapshots(nodes):
    made = disk()
    nodes.call(NODE, calls.DISK_CREATE, instance_name="web", disk=made)
    order = {"disk": made, "name": "monday"}
    task(nodes, calls.DISK_SNAPSHOT, task_id="s-1", action="create", **order)
    task(nodes, calls.DISK_SNAPSHOT, task_id="s-2", action="revert", **order)
    twice(nodes, calls.DISK_SNAPSHOT_REMOVE, **order)
    nodes.call(NODE, calls.DISK_SNAPSHOT, task_id="s-3", action="revert", **order)
    found = nodes.call(NODE, calls.TASK_STATUS, task_id="s-3", wait=5)
    assert (found["state"], "no snapshot monday" in found["message"]) == ("failed", True)


def test_the_content_goes_to_another_disk_of_the_node(nodes):
    source, target = disk("plain"), {**disk(), "uuid": "0d1c6f5e-ffff"}
    for one in (source, target):
        nodes.call(NODE, calls.DISK_CREATE, instance_name="web", disk=one)
    task(nodes, calls.DISK_TRANSFER, task_id="t-1", source=source, disk=target)


def test_a_running_guest_gets_and_loses_a_disk(nodes):
    made = disk()
    nodes.call(NODE, calls.DISK_CREATE, instance_name="web", disk=made)
    plug = {"instance": INSTANCE, "disk": made}
    with pytest.raises(NodeCallError, match="not running"):
        nodes.call(NODE, calls.HOTPLUG_DISK, action="add", **plug)
    twice(nodes, calls.HOTPLUG_DISK, action="remove", **plug)
    nodes.call(NODE, calls.INSTANCE_START, instance=INSTANCE)
    twice(nodes, calls.HOTPLUG_DISK, action="add", **plug)
    twice(nodes, calls.HOTPLUG_DISK, action="remove", **plug)


def test_a_running_guest_makes_do_with_less_memory(nodes):
    with pytest.raises(NodeCallError, match="not running"):
        nodes.call(NODE, calls.INSTANCE_BALLOON, name="web", memory=48)
    nodes.call(NODE, calls.INSTANCE_START, instance=INSTANCE)
    twice(nodes, calls.INSTANCE_BALLOON, name="web", memory=48)
    assert nodes.call(NODE, calls.INSTANCES_INFO)["web"]["memory"] == 48


# Real files, and a guest that QEMU runs.


class Direct:
    """A node without a line to it."""

    def __init__(self, handlers):
        self.handlers = handlers.table()

    def call(self, node, call, **arguments):
        return self.handlers[call.name](**call.bind(arguments))


@contextmanager
def real_node(folder):
    """One node with libvirt's embedded driver; a process has only one of it."""
    cluster = make_cluster(folder)
    cluster = replace(
        cluster, hypervisor="libvirt", network="user", disk_templates=("file", "sharedfile")
    )
    handlers = NodeHandlers(cluster, cluster.nodes[0])
    yield Direct(handlers)
    handlers.instance_forget("web")
    handlers.close()


@pytest.mark.system
def test_every_call_may_be_repeated_on_real_files_and_guests(tmp_path):
    pytest.importorskip("libvirt", reason="python3-libvirt is not installed")
    if shutil.which("qemu-system-x86_64") is None:
        pytest.skip("QEMU is not installed")
    alone = multiprocessing.get_context("spawn").Process(target=repeat_on_real, args=(tmp_path,))
    alone.start()
    alone.join(300)
    assert alone.exitcode == 0


def repeat_on_real(folder):
    with real_node(folder) as real:
        repeat_calls(real)


def repeat_calls(real):
    root, more = disk(), {**disk("sharedfile", 4), "uuid": "0d1c6f5e-ffff"}
    for one in (root, more):
        path = Path(twice(real, calls.DISK_CREATE, instance_name="web", disk=one)["path"])
        path.write_bytes(b"data" * (one["size"] * MIB // 4))
        assert twice(real, calls.DISK_ACTIVATE, disk=one, role="primary")["path"] == str(path)
    instance = {**INSTANCE, "disks": [root]}
    twice(real, calls.INSTANCE_START, instance=instance)
    twice(real, calls.HOTPLUG_DISK, instance=instance, action="add", disk=more)
    twice(real, calls.DISK_GROW, disk=root, amount=4)
    twice(real, calls.DISK_GROW, disk=more, amount=4)
    assert (status(real, root)["size"], status(real, more)["size"]) == (20, 8)
    twice(real, calls.INSTANCE_BALLOON, name="web", memory=48)
    assert real.call(NODE, calls.INSTANCES_INFO)["web"]["state"] == "running"
    twice(real, calls.INSTANCE_SHUTDOWN, name="web", timeout=0, force=True)
    twice(real, calls.HOTPLUG_DISK, instance=instance, action="remove", disk=more)
    content = Path(real.call(NODE, calls.DISK_ACTIVATE, disk=root, role="primary")["path"])
    before = content.read_bytes()
    kept = {"disk": {**root, "size": 20}, "name": "monday"}
    task(real, calls.DISK_SNAPSHOT, task_id="s-1", action="create", **kept)
    content.write_bytes(bytes(20 * MIB))
    task(real, calls.DISK_SNAPSHOT, task_id="s-2", action="revert", **kept)
    assert content.read_bytes() == before
    target = {**disk(size=20), "uuid": "0d1c6f5e-eeee"}
    path = real.call(NODE, calls.DISK_CREATE, instance_name="web", disk=target)["path"]
    task(real, calls.DISK_TRANSFER, task_id="t-1", source=kept["disk"], disk=target)
    assert Path(path).read_bytes() == before
    for one in (root, more, target):
        twice(real, calls.DISK_DEACTIVATE, disk=one)
        twice(real, calls.DISK_REMOVE, disk=one)
    twice(real, calls.INSTANCE_FORGET, name="web")
