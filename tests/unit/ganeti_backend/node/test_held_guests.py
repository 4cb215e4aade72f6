"""A running guest stands still while its disks are kept, and goes on whatever ends the copying."""

import threading

import pytest

from ganeti_backend import installation, settings
from ganeti_backend.errors import StorageError
from ganeti_backend.hypervisor.devices import Devices
from ganeti_backend.node.node_handlers import NodeHandlers

DISKS = [{"uuid": f"disk{n}", "size": 1, "template": "file", "mode": "rw"} for n in range(2)]
INSTANCE = {
    "name": "web",
    "uuid": "u-web",
    "beparams": {"maxmem": 64, "vcpus": 1},
    "hvparams": {},
    "disks": DISKS,
    "nics": [],
}
ORDER = {"disk": DISKS[0], "others": DISKS[1:], "guest": "web", "name": "monday"}


@pytest.fixture
def node(tmp_path):
    cluster = settings.for_state(tmp_path, 1, [2])
    installation.write(cluster.data_dir / "cluster.json", cluster)
    handlers = NodeHandlers(cluster, cluster.nodes[0])
    for disk in DISKS:
        handlers.disk_create("web", disk)
    handlers.hypervisor.start(INSTANCE, Devices(disks=[], attachments=[]), paused=False)
    yield handlers
    handlers.close()


def state(node):
    return node.hypervisor.instances()["web"]["state"]


def keep(node, task_id="s-1", wait=20.0):
    return node.disk_snapshot(task_id, action="create", wait=wait, **ORDER)


def test_it_stands_still_while_all_disks_are_copied(node, monkeypatch):
    seen = []
    driver = node._storage(DISKS[0])
    monkeypatch.setattr(
        driver, "snapshot", lambda disk, *_: seen.append((disk["uuid"], state(node)))
    )
    assert keep(node)["state"] == "done"
    assert seen == [("disk0", "paused"), ("disk1", "paused")]
    assert state(node) == "running"
    assert list(node.held_guests.iterdir()) == []


def test_it_goes_on_when_the_copying_fails(node, monkeypatch):
    def full(*_):
        raise StorageError("no room")

    monkeypatch.setattr(node._storage(DISKS[0]), "snapshot", full)
    assert keep(node)["message"] == "no room"
    assert state(node) == "running"


def test_a_guest_that_somebody_else_paused_stays_so(node):
    node.hypervisor.hold("web")
    assert keep(node)["state"] == "done"
    assert state(node) == "paused"


def test_a_stopped_guest_is_not_needed(node):
    node.hypervisor.shutdown("web", 0, force=True)
    assert keep(node)["state"] == "done"
    assert "web" not in node.hypervisor.instances()


def test_the_next_daemon_lets_it_go(node, monkeypatch):
    begun, never = threading.Event(), threading.Event()

    def hangs(*_):
        begun.set()
        never.wait(60)
        raise StorageError("a dead daemon does nothing")

    monkeypatch.setattr(node._storage(DISKS[0]), "snapshot", hangs)
    keep(node, wait=0.0)
    assert begun.wait(20)
    assert state(node) == "paused"
    following = NodeHandlers(node._settings, node._settings.nodes[0])
    try:
        assert following.task_status("s-1", 20.0, None)["state"] == "done"
        assert following.hypervisor.instances()["web"]["state"] == "running"
    finally:
        never.set()
        following.close()
