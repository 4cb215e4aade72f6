"""Each unit from the outside: submit, then look at the configuration and at the nodes' calls."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from ganeti_backend import errors, opcodes
from ganeti_backend.node_rpc import calls
from tests.unit.ganeti_backend.core.conftest import Lab


def create(**values: Any) -> opcodes.OpInstanceCreate:
    return opcodes.OpInstanceCreate(**{"instance_name": "vm1", **values})


def image(**values: Any) -> opcodes.OpInstanceCreate:
    properties = {"hostname": "web1", "keys": ["ssh-ed25519 A"], "user_data": "aGk="}
    return create(
        disk_template="file",
        disks=[{"size": 64}],
        os_type="image",
        nics=[{"network": "net1", "ip": "pool"}],
        osparams={"img_id": "i", "img_properties": orjson.dumps(properties).decode()},
        **values,
    )


def where(lab: Lab, name: str = "vm1") -> list[str]:
    return [node for node, found in lab.nodes.nodes.items() if name in found.guests]


def test_a_creation_from_an_image(lab: Lab) -> None:
    lab.network()
    job = lab.run(image())
    instance = lab.master.config.instance("vm1")
    assert job.ops[0].result == [instance.primary_node]
    assert where(lab) == [instance.primary_node]
    assert instance.admin_state == "up"
    assert instance.disks[0].path == f"/fake/disks/{instance.disks[0].uuid}"
    ((_, filled),) = lab.calls("image_fill")
    assert filled["image_format"] == "raw"
    assert filled["customization"] == {
        "hostname": "web1",
        "keys": ["ssh-ed25519 A"],
        "user_data_b64": "aGk=",
        "addresses": [
            {
                "mac": instance.nics[0].mac,
                "address": "192.0.2.2",
                "prefix": 28,
                "gateway": "192.0.2.1",
            }
        ],
    }
    assert "image-copy-progress vm1 100" in [entry[3] for entry in job.ops[0].log]
    assert lab.master.config.pending() == []


def test_nodes_get_every_parameter_filled_in(lab: Lab) -> None:
    lab.succeed(create(beparams={"maxmem": 64}))
    ((_, started),) = lab.calls("instance_start")
    assert started["instance"]["beparams"] == {
        "maxmem": 64,
        "minmem": 64,
        "memory": 64,
        "vcpus": 1,
        "auto_balance": True,
        "always_failover": False,
        "spindle_use": 1,
    }
    assert lab.master.config.instance("vm1").beparams == {"maxmem": 64, "minmem": 64}


def test_an_instance_need_not_be_started(lab: Lab) -> None:
    lab.succeed(create(start=False))
    assert lab.master.config.instance("vm1").admin_state == "down"
    assert where(lab) == []


@pytest.mark.parametrize(
    ("wish", "code", "text"),
    [
        ({"instance_name": "a b"}, errors.ECODE_INVAL, "Invalid instance name"),
        ({"forthcoming": True}, errors.ECODE_INVAL, "forthcoming"),
        ({"instance_communication": True}, errors.ECODE_INVAL, "network of its own"),
        ({"pnode": "nosuch"}, errors.ECODE_NOENT, "Node 'nosuch' not known"),
        ({"mode": "import"}, errors.ECODE_INVAL, "No export found"),
        ({"mode": "remote-import"}, errors.ECODE_INVAL, "Missing source handshake"),
        ({"disk_template": "gluster"}, errors.ECODE_INVAL, "not enabled"),
        ({"disk_template": "diskless", "disks": [{"size": 1}]}, errors.ECODE_INVAL, "Diskless"),
        ({"disk_template": "file", "disks": [{}]}, errors.ECODE_INVAL, "Missing disk size"),
        ({"disk_template": "file", "disks": [{"size": "x"}]}, errors.ECODE_INVAL, "disk size"),
        ({"disk_template": "file", "disks": [{"size": 0}]}, errors.ECODE_INVAL, "disk size"),
        ({"hypervisor": "xen-pvm"}, errors.ECODE_STATE, "not enabled"),
        ({"os_type": "absent"}, errors.ECODE_INVAL, "OS 'absent' not in supported OS list"),
        ({"os_type": "image", "disks": [{"size": 1}]}, errors.ECODE_INVAL, "img_id"),
        ({"beparams": {"maxmem": 1, "minmem": 2}}, errors.ECODE_INVAL, "must not be larger"),
        ({"hvparams": {"acpi": [1]}}, errors.ECODE_INVAL, "acpi"),
        ({"nics": [{"network": "nosuch"}]}, errors.ECODE_NOENT, "Network 'nosuch' not found"),
        ({"nics": [{"ip": "pool"}]}, errors.ECODE_INVAL, "network must be passed"),
        ({"nics": [{"ip": "1.2.3"}]}, errors.ECODE_INVAL, "Invalid IP"),
        ({"nics": [{"mac": "1"}]}, errors.ECODE_INVAL, "Invalid MAC"),
        ({"nics": [{"colour": "x"}]}, errors.ECODE_INVAL, "colour"),
        ({"nics": [{"mode": "x"}]}, errors.ECODE_INVAL, "NIC mode"),
        ({"beparams": {"maxmem": 10**9}}, errors.ECODE_NORES, "Not enough memory"),
        ({"disks": [{"size": "9T"}]}, errors.ECODE_NORES, "Not enough disk"),
        ({"group_name": "nosuch"}, errors.ECODE_NOENT, "Node group 'nosuch' not found"),
    ],
)
def test_refused_creations_change_nothing(
    lab: Lab, wish: dict[str, Any], code: str, text: str
) -> None:
    kind, (message, found) = lab.fail(create(**wish))
    assert (kind, found) == ("OpPrereqError", code)
    assert text in message
    assert lab.master.config.instances() == []
    assert lab.calls("disk_create") == lab.calls("instance_start") == []
    assert lab.master.locks.locks() == []


@pytest.mark.parametrize("name", ["maxmem", "colour"])
def test_parameters_of_no_such_name_or_type(lab: Lab, name: str) -> None:
    kind, (message,) = lab.fail(create(beparams={name: "x"}))
    assert kind == "TypeEnforcementError"
    assert name in message


def test_a_name_is_taken_once(lab: Lab) -> None:
    lab.succeed(create())
    assert lab.fail(create()) == [
        "OpPrereqError",
        ["Instance 'vm1' is already in the cluster", "already_exists"],
    ]


@pytest.mark.parametrize("broken", ["DISK_CREATE", "IMAGE_FILL", "INSTANCE_START"])
def test_a_failed_creation_takes_everything_back(lab: Lab, broken: str) -> None:
    lab.network()
    lab.nodes.fail(getattr(calls, broken), "out of order")
    kind, (text,) = lab.fail(image())
    assert kind == "OpExecError"
    assert "out of order" in text
    assert lab.master.config.instances() == []
    assert lab.master.config.pending() == []
    assert all(not node.disks and not node.guests for node in lab.nodes.nodes.values())
    lab.nodes.heal(getattr(calls, broken))
    lab.succeed(image())
    assert lab.master.config.instance("vm1").nics[0].ip == "192.0.2.2"


def test_a_failed_image_copy_says_why(lab: Lab) -> None:
    lab.network()
    lab.nodes._task_status = lambda node, **_: {  # type: ignore[method-assign]
        "state": "failed",
        "percent": 3,
        "message": "no such image",
    }
    assert lab.fail(image()) == [
        "OpExecError",
        ["Could not copy the image for vm1: no such image"],
    ]


def test_an_image_copy_lost_by_its_node_is_begun_again(lab: Lab) -> None:
    lab.network()
    forgot: list[str] = []

    def forget(node: str, call: str, arguments: dict[str, Any]) -> None:
        if call == "task_status" and not forgot:
            forgot.append(node)
            lab.nodes.nodes[node].tasks.clear()

    lab.nodes.on_call = forget
    lab.succeed(image())
    assert len(lab.calls("image_fill")) == 2


def test_power(lab: Lab) -> None:
    lab.succeed(create())
    node = lab.master.config.instance("vm1").primary_node
    for _ in range(2):
        lab.succeed(opcodes.OpInstanceShutdown(instance_name="vm1"))
        assert where(lab) == []
        assert lab.master.config.instance("vm1").admin_state == "down"
    for _ in range(2):
        lab.succeed(opcodes.OpInstanceStartup(instance_name="vm1"))
        assert where(lab) == [node]
        assert lab.master.config.instance("vm1").admin_state == "up"


def test_power_changes_may_leave_the_wished_state_alone(lab: Lab) -> None:
    lab.succeed(create())
    lab.succeed(opcodes.OpInstanceShutdown(instance_name="vm1", no_remember=True))
    assert where(lab) == []
    assert lab.master.config.instance("vm1").admin_state == "up"


@pytest.mark.parametrize("kind", ["soft", "hard", "full"])
@pytest.mark.parametrize("running", [True, False])
def test_a_reboot_ends_with_a_running_instance(lab: Lab, kind: str, running: bool) -> None:
    lab.succeed(create(start=running))
    lab.succeed(opcodes.OpInstanceReboot(instance_name="vm1", reboot_type=kind))
    assert len(where(lab)) == 1
    assert lab.master.config.instance("vm1").admin_state == "up"
    assert len(lab.calls("instance_reboot")) == (running and kind != "full")


@pytest.mark.parametrize(
    "op",
    [
        opcodes.OpInstanceStartup,
        opcodes.OpInstanceShutdown,
        opcodes.OpInstanceReboot,
        opcodes.OpInstanceRemove,
        opcodes.OpInstanceSetParams,
    ],
)
def test_an_unknown_instance_is_said_to_be_unknown(lab: Lab, op: type[opcodes.OpCode]) -> None:
    assert lab.fail(op(instance_name="absent")) == [  # type: ignore[call-arg]
        "OpPrereqError",
        ["Instance 'absent' not known", "unknown_entity"],
    ]


def test_removal_leaves_nothing(lab: Lab) -> None:
    lab.network()
    lab.succeed(image())
    lab.succeed(opcodes.OpInstanceRemove(instance_name="vm1"))
    assert lab.master.config.instances() == []
    assert all(not node.disks and not node.guests for node in lab.nodes.nodes.values())
    assert [arguments["name"] for _, arguments in lab.calls("instance_forget")] == ["vm1"]
    lab.succeed(image())
    assert lab.master.config.instance("vm1").nics[0].ip == "192.0.2.2"


def test_a_removal_that_fails_keeps_the_instance(lab: Lab) -> None:
    lab.network()
    lab.succeed(image())
    lab.nodes.fail(calls.DISK_REMOVE, "busy")
    lab.fail(opcodes.OpInstanceRemove(instance_name="vm1"))
    assert lab.master.config.instance("vm1") is not None
    lab.succeed(opcodes.OpInstanceRemove(instance_name="vm1", ignore_failures=True))


def modify(**values: Any) -> opcodes.OpInstanceSetParams:
    return opcodes.OpInstanceSetParams(instance_name="vm1", **values)


def test_parameters_change_and_return_to_defaults(lab: Lab) -> None:
    lab.succeed(create())
    result = lab.succeed(modify(beparams={"maxmem": 256, "vcpus": 2}, hvparams={"acpi": False}))
    assert result == [["hv/acpi", False], ["be/maxmem", 256], ["be/vcpus", 2]]
    instance = lab.master.config.instance("vm1")
    assert instance.beparams == {"maxmem": 256, "vcpus": 2}
    assert instance.hvparams == {"acpi": False}
    lab.succeed(modify(beparams={"maxmem": "default"}))
    assert lab.master.config.instance("vm1").beparams == {"vcpus": 2}


def test_nics_are_added_changed_and_removed(lab: Lab) -> None:
    lab.network()
    lab.succeed(create(nics=[{}]))
    lab.succeed(modify(nics=[["add", {"network": "net1", "ip": "pool", "name": "front"}]]))
    _, second = lab.master.config.instance("vm1").nics
    assert (second.ip, second.link, second.name) == ("192.0.2.2", "br0", "front")
    result = lab.succeed(modify(nics=[["modify", "front", {"ip": "192.0.2.9"}]]))
    assert result == [["nic.ip/1", "192.0.2.9"]]
    changed = lab.master.config.instance("vm1").nics[1]
    assert (changed.uuid, changed.mac, changed.ip) == (second.uuid, second.mac, "192.0.2.9")
    lab.succeed(modify(nics=[["remove", 0, {}]]))
    assert lab.master.config.instance("vm1").nics == (changed,)
    assert lab.calls("hotplug_nic") == []


def test_hotplug_reaches_a_running_guest(lab: Lab) -> None:
    lab.network()
    lab.succeed(create())
    lab.succeed(modify(nics=[["add", {"network": "net1", "ip": "pool"}]], hotplug=True))
    ((node, plugged),) = lab.calls("hotplug_nic")
    assert plugged["action"] == "add"
    assert plugged["nic"] == lab.master.config.instance("vm1").nics[0].to_dict()
    assert node == lab.master.config.instance("vm1").primary_node


def test_a_failed_hotplug_changes_nothing_unless_only_wished_for(lab: Lab) -> None:
    lab.succeed(create())
    lab.nodes.fail(calls.HOTPLUG_NIC, "no slot")
    lab.fail(modify(nics=[["add", {}]], hotplug=True))
    assert lab.master.config.instance("vm1").nics == ()
    lab.succeed(modify(nics=[["add", {}]], hotplug_if_possible=True))
    assert len(lab.master.config.instance("vm1").nics) == 1


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({}, errors.ECODE_INVAL),
        ({"instance_communication": True}, errors.ECODE_INVAL),
        ({"disks": [["add", {"size": 1}]]}, errors.ECODE_INVAL),
        ({"nics": [["remove", 5, {}]]}, errors.ECODE_NOENT),
        ({"nics": [["add", {}]] * 9}, errors.ECODE_STATE),
        ({"beparams": {"maxmem": 10**9}}, errors.ECODE_NORES),
        ({"offline": True}, errors.ECODE_STATE),
    ],
)
def test_refused_changes(lab: Lab, wish: dict[str, Any], code: str) -> None:
    lab.succeed(create())
    before = lab.master.config.instance("vm1")
    kind, (_, found) = lab.fail(modify(**wish))
    assert (kind, found) == ("OpPrereqError", code)
    assert lab.master.config.instance("vm1") == before


def test_query_data_shows_configuration_and_life(lab: Lab) -> None:
    lab.network()
    lab.succeed(image())
    shown = lab.succeed(opcodes.OpInstanceQueryData(instances=["vm1"]))["vm1"]
    assert (shown["config_state"], shown["run_state"]) == ("up", "up")
    assert shown["nics"][0][2] == "192.0.2.2"
    assert shown["nics"][0][8]["reservations"] == "0010000000000000"
    assert shown["nics"][0][8]["ext_reservations"] == "1100000000000001"
    assert shown["disks"][0]["size"] == 64
    static = lab.succeed(opcodes.OpInstanceQueryData(static=True))
    assert static["vm1"]["run_state"] is None


def test_tags(lab: Lab) -> None:
    lab.succeed(create())
    for kind, name in (("instance", "vm1"), ("cluster", None), ("node", "node2.local")):
        lab.succeed(opcodes.OpTagsSet(kind=kind, name=name, tags=["a", "b"]))
        lab.succeed(opcodes.OpTagsSet(kind=kind, name=name, tags=["b", "c"]))
        lab.succeed(opcodes.OpTagsDel(kind=kind, name=name, tags=["a"]))
    assert lab.master.config.instance("vm1").tags == ("b", "c")
    assert lab.master.config.cluster().tags == ("b", "c")
    assert lab.master.config.node("node2.local").tags == ("b", "c")
    assert lab.fail(opcodes.OpTagsDel(kind="cluster", tags=["a"]))[1][1] == errors.ECODE_NOENT
    assert lab.fail(opcodes.OpTagsSet(kind="cluster", tags=["a b"]))[0] == "TagError"


def test_verify_finds_contradictions(lab: Lab) -> None:
    assert lab.succeed(opcodes.OpClusterVerifyConfig()) is True
    lab.succeed(create())
    instance = lab.master.config.instance("vm1")
    lab.master.config.commit([instance.replace(primary_node="gone")])
    job = lab.run(opcodes.OpClusterVerifyConfig(error_codes=True))
    assert job.ops[0].result is False
    found = [entry[3] for entry in job.ops[0].log]
    assert "  - ERROR:EINSTANCEBADNODE:instance:vm1:unknown node gone" in found
    ignoring = opcodes.OpClusterVerifyConfig(ignore_errors=["EINSTANCEBADNODE"])
    assert lab.succeed(ignoring) is True


def test_an_instance_can_be_named_by_its_uuid(lab: Lab) -> None:
    lab.succeed(create())
    uuid = lab.master.config.instance("vm1").uuid
    lab.succeed(opcodes.OpInstanceShutdown(instance_name=uuid))
    assert lab.master.config.instance("vm1").admin_state == "down"
