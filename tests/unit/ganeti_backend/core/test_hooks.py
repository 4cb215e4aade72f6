"""Names and values of hook variables, held against captures of Ganeti 3.0.2."""

from __future__ import annotations

from typing import Any

from ganeti_backend import opcodes
from ganeti_backend.node_rpc import calls
from tests.unit.ganeti_backend.core.conftest import Lab

COMMON = {
    "GANETI_CLUSTER",
    "GANETI_DATA_DIR",
    "GANETI_HOOKS_PATH",
    "GANETI_HOOKS_PHASE",
    "GANETI_HOOKS_VERSION",
    "GANETI_MASTER",
    "GANETI_OBJECT_TYPE",
    "GANETI_OP_CODE",
    "PATH",
}
ABOUT_INSTANCE = """
    HV_migration_mode NIC0_NETWORK_TAGS
    BE_always_failover BE_auto_balance BE_maxmem BE_minmem BE_spindle_use BE_vcpus
    DISK0_MODE DISK0_NAME DISK0_SIZE DISK0_UUID DISK_COUNT DISK_TEMPLATE HYPERVISOR MAXMEM MEMORY
    MINMEM NAME NIC0_BRIDGE NIC0_IP NIC0_LINK NIC0_MAC NIC0_MODE NIC0_NAME NIC0_NETWORK_GATEWAY
    NIC0_NETWORK_MAC_PREFIX NIC0_NETWORK_NAME NIC0_NETWORK_SUBNET NIC0_NETWORK_UUID NIC0_UUID
    NIC0_VLAN NIC_COUNT OS_TYPE PRIMARY SECONDARIES STATUS TAGS VCPUS
"""


def hooks(lab: Lab) -> list[tuple[str, str, str]]:
    return [(node, a["hooks_path"], a["phase"]) for node, a in lab.calls("hooks_run")]


def environment(lab: Lab, path: str, phase: str) -> dict[str, Any]:
    found = [
        a["env"]
        for _, a in lab.calls("hooks_run")
        if (a["hooks_path"], a["phase"]) == (path, phase)
    ]
    return found[-1]


def create(lab: Lab) -> None:
    lab.network()
    lab.succeed(
        opcodes.OpInstanceCreate(
            instance_name="vm1",
            pnode="node1.local",
            disk_template="file",
            start=False,
            disks=[{"size": 16, "name": "root"}],
            tags=["owner:demo"],
            os_type="noop",
            nics=[{"network": "net1", "ip": "pool", "name": "nic0"}],
            beparams={"minmem": 16, "maxmem": 16},
        )
    )


def test_the_variables_of_a_creation(lab: Lab) -> None:
    create(lab)
    pre = environment(lab, "instance-add", "pre")
    own = {f"GANETI_INSTANCE_{name}" for name in ABOUT_INSTANCE.split()}
    assert set(pre) == COMMON | own | {"GANETI_ADD_MODE", "GANETI_OP_TARGET"}
    expected = {
        "GANETI_ADD_MODE": "create",
        "GANETI_HOOKS_PATH": "instance-add",
        "GANETI_HOOKS_VERSION": "2",
        "GANETI_OBJECT_TYPE": "INSTANCE",
        "GANETI_OP_TARGET": "vm1",
        "GANETI_OP_CODE": "OP_INSTANCE_CREATE",
        "GANETI_INSTANCE_STATUS": "False",
        "GANETI_INSTANCE_NIC0_IP": "192.0.2.2",
        "GANETI_INSTANCE_NIC0_BRIDGE": "br0",
        "GANETI_INSTANCE_TAGS": "owner:demo",
        "GANETI_INSTANCE_BE_auto_balance": "True",
        "GANETI_INSTANCE_DISK0_SIZE": "16",
        "GANETI_MASTER": "node1.local",
        "PATH": "/sbin:/bin:/usr/sbin:/usr/bin",
    }
    assert {name: pre[name] for name in expected} == expected
    assert pre["GANETI_INSTANCE_NIC0_MAC"].startswith("aa:00:01:")
    assert all(isinstance(value, str) for value in pre.values())


def test_post_hooks_see_before_and_after(lab: Lab) -> None:
    create(lab)
    pre, post = (environment(lab, "instance-add", phase) for phase in ("pre", "post"))
    for name, value in pre.items():
        if name not in COMMON:
            assert post[name] == value
            assert name.replace("GANETI_", "GANETI_POST_", 1) in post
    assert post["GANETI_HOOKS_PHASE"] == "post"
    assert post["GANETI_POST_INSTANCE_DISK0_DEV_TYPE"] == "file"


def test_a_change_shows_the_new_nics_before_it_happens(lab: Lab) -> None:
    create(lab)
    lab.succeed(
        opcodes.OpInstanceSetParams(
            instance_name="vm1",
            nics=[["add", {"network": "net1", "ip": "pool"}]],
            beparams={"maxmem": 32},
        )
    )
    pre = environment(lab, "instance-modify", "pre")
    assert pre["GANETI_INSTANCE_NIC_COUNT"] == "2"
    assert pre["GANETI_INSTANCE_NIC1_IP"] == "192.0.2.3"
    assert pre["GANETI_INSTANCE_MAXMEM"] == "32"
    assert pre["GANETI_INSTANCE_BE_maxmem"] == "16"


def test_hooks_run_where_ganeti_runs_them(lab: Lab) -> None:
    lab.network()
    nodes = ["node1.local", "node2.local", "node3.local"]
    assert sorted(hooks(lab)) == sorted(
        [
            ("node1.local", "network-add", "pre"),
            ("node1.local", "network-add", "post"),
            ("node1.local", "config-update", "post"),
            *[(node, "network-connect", phase) for node in nodes for phase in ("pre", "post")],
        ]
    )
    lab.nodes.asked.clear()
    lab.succeed(opcodes.OpInstanceCreate(instance_name="vm1", pnode="node2.local"))
    both = ("node1.local", "node2.local")
    assert sorted(hooks(lab)) == sorted(
        (node, "instance-add", phase) for node in both for phase in ("pre", "post")
    )
    lab.nodes.asked.clear()
    lab.succeed(opcodes.OpInstanceRemove(instance_name="vm1"))
    assert sorted(hooks(lab)) == [
        ("node1.local", "instance-remove", "post"),
        ("node1.local", "instance-remove", "pre"),
        ("node2.local", "instance-remove", "post"),
    ]


def test_a_refusing_pre_hook_stops_the_job_with_its_output(lab: Lab) -> None:
    lab.nodes.hook_results["instance-add", "pre"] = [["00-check", "error", "not today"]]
    result = lab.fail(opcodes.OpInstanceCreate(instance_name="vm1", pnode="node1.local"))
    assert result == ["HooksAbort", [[("node1.local", "00-check", "not today")]]]
    assert lab.master.config.instance("vm1") is None
    assert lab.calls("instance_start") == []


def test_a_failing_post_hook_is_only_reported(lab: Lab) -> None:
    lab.nodes.hook_results["instance-add", "post"] = [["00-tell", "timeout", "slow"]]
    job = lab.run(opcodes.OpInstanceCreate(instance_name="vm1", pnode="node1.local"))
    assert job.status == "success"
    texts = [entry[3] for entry in job.ops[0].log]
    assert " - WARNING: post hook 00-tell on node node1.local: timeout: slow" in texts


def test_a_dry_run_ends_after_the_pre_hooks(lab: Lab) -> None:
    create(lab)
    lab.nodes.asked.clear()
    lab.succeed(opcodes.OpInstanceShutdown(instance_name="vm1", dry_run=True))
    assert hooks(lab) == [("node1.local", "instance-stop", "pre")]
    assert lab.calls(calls.INSTANCE_SHUTDOWN.name) == []
