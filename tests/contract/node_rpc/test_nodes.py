"""What the master may rely on, whether its nodes are real daemons or the fake."""

import pytest

from ganeti_backend.errors import NodeCallError, NodeUnreachable
from ganeti_backend.node_rpc import calls

NODE = "node1.local"
DISK = {"uuid": "d-1", "size": 16, "template": "file", "mode": "rw"}
INSTANCE = {
    "name": "web", "uuid": "u-1", "beparams": {"maxmem": 128, "vcpus": 1}, "hvparams": {},
    "disks": [DISK], "nics": [{"uuid": "n-1", "mac": "aa:00:00:00:00:01"}],
}  # fmt: skip
FILL = {
    "task_id": "t-1", "instance": INSTANCE, "disk": DISK, "image_id": "tiny",
    "image_format": "raw", "customization": {},
}  # fmt: skip


def test_an_instance_lives_and_dies(nodes):
    assert nodes.call(NODE, calls.DISK_CREATE, instance_name="web", disk=DISK)["path"]
    assert nodes.call(NODE, calls.IMAGE_FILL, **FILL)["task"] == "t-1"
    status = nodes.call(NODE, calls.TASK_STATUS, task_id="t-1", wait=5)
    assert status == {"state": "done", "percent": 100, "message": ""}
    nodes.call(NODE, calls.INSTANCE_START, instance=INSTANCE)
    assert nodes.call(NODE, calls.INSTANCES_INFO) == {
        "web": {"state": "running", "memory": 128, "vcpus": 1}
    }
    for kind in ("soft", "hard", "full"):
        nodes.call(NODE, calls.INSTANCE_REBOOT, instance=INSTANCE, kind=kind, timeout=1)
    nodes.call(NODE, calls.HOTPLUG_NIC, instance=INSTANCE, action="add", nic=INSTANCE["nics"][0])
    nodes.call(NODE, calls.DISK_GROW, disk=DISK, amount=4)
    assert nodes.call(NODE, calls.INSTANCE_CONSOLE, name="web")["kind"] == "msg"
    output = nodes.call(NODE, calls.CONSOLE_OUTPUT, name="web", length=1)["output"]
    assert output.startswith("GUEST-READY host=web")
    nodes.call(NODE, calls.INSTANCE_SHUTDOWN, name="web", timeout=1)
    assert nodes.call(NODE, calls.INSTANCES_INFO) == {}
    for _ in range(2):
        nodes.call(NODE, calls.INSTANCE_FORGET, name="web")
        nodes.call(NODE, calls.DISK_REMOVE, disk=DISK)
    assert nodes.call(NODE, calls.CONSOLE_OUTPUT, name="web") == {"output": ""}


def test_node_info_counts_what_instances_take(nodes):
    before = nodes.call(NODE, calls.NODE_INFO)
    nodes.call(NODE, calls.DISK_CREATE, instance_name="web", disk=DISK)
    nodes.call(NODE, calls.INSTANCE_START, instance=INSTANCE)
    after = nodes.call(NODE, calls.NODE_INFO)
    assert after.keys() == before.keys()
    assert before["memory_free"] - after["memory_free"] == 128
    assert before["disk_free"] - after["disk_free"] == 16


def test_stopped_instance_cannot_reboot(nodes):
    with pytest.raises(NodeCallError, match="not running") as caught:
        nodes.call(NODE, calls.INSTANCE_REBOOT, instance=INSTANCE, kind="soft")
    assert caught.value.node == NODE


def test_unknown_task_is_an_error(nodes):
    with pytest.raises(NodeCallError, match="no task"):
        nodes.call(NODE, calls.TASK_STATUS, task_id="t-0")


def test_disk_that_does_not_fit_is_an_error(nodes):
    with pytest.raises(NodeCallError, match="does not fit"):
        nodes.call(NODE, calls.DISK_CREATE, instance_name="web", disk={**DISK, "size": 1 << 40})


def test_without_hook_scripts_hooks_succeed(nodes):
    assert nodes.call(NODE, calls.HOOKS_RUN, hooks_path="none", phase="pre", env={}) == []


def test_unknown_node_is_unreachable(nodes):
    with pytest.raises(NodeUnreachable):
        nodes.call("node9.local", calls.VERSION)


@pytest.mark.parametrize("arguments", [{}, {"name": "web", "colour": "red"}])
def test_wrong_arguments_are_a_mistake_of_the_caller(nodes, arguments):
    with pytest.raises(TypeError, match="instance_console"):
        nodes.call(NODE, calls.INSTANCE_CONSOLE, **arguments)


def test_timeout_is_the_guests_where_the_call_has_one(nodes):
    nodes.call(NODE, calls.INSTANCE_START, instance=INSTANCE)
    nodes.call(NODE, calls.INSTANCE_SHUTDOWN, name="web", timeout=0)
    nodes.call(NODE, calls.TEST_DELAY, duration=0)
    assert nodes.call(NODE, calls.INSTANCES_INFO) == {}
