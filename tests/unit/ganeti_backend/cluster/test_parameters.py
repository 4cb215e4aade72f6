from __future__ import annotations

from typing import Any

import pytest

from ganeti_backend import opcodes
from ganeti_backend.errors import OpPrereqError
from ganeti_backend.objects import Cluster
from tests.unit.ganeti_backend.core.conftest import Lab


def change(lab: Lab, **values: Any) -> Cluster:
    assert lab.succeed(opcodes.OpClusterSetParams(**values)) is None
    return lab.master.config.cluster()


def refused(lab: Lab, **values: Any) -> tuple[str, str]:
    kind, (text, code) = lab.fail(opcodes.OpClusterSetParams(**values))
    assert kind == "OpPrereqError"
    return text, code


def create(lab: Lab, **values: Any) -> None:
    lab.succeed(opcodes.OpInstanceCreate(instance_name="web1", pnode="node1.local", **values))


def test_backend_parameters_are_merged(lab: Lab) -> None:
    before = lab.master.config.cluster().serial_no
    cluster = change(lab, beparams={"vcpus": 3, "maxmem": 512})
    assert cluster.fill_beparams({})["vcpus"] == 3
    assert cluster.serial_no == before + 1
    cluster = change(lab, beparams={"vcpus": "default"})
    filled = cluster.fill_beparams({})
    assert (filled["vcpus"], filled["maxmem"]) == (1, 512)


def test_parameters_of_hypervisors_and_systems_have_an_order(lab: Lab) -> None:
    change(lab, hvparams={"fake": {"a": 1, "b": 1, "c": 1}})
    cluster = change(lab, os_hvp={"image": {"fake": {"b": 2, "c": 2}}})
    assert cluster.fill_hvparams("fake", {"c": 3}, "image+small") == {"a": 1, "b": 2, "c": 3}
    assert cluster.fill_hvparams("fake", {"c": 3}, "other") == {"a": 1, "b": 1, "c": 3}
    cluster = change(lab, os_hvp={"image": {"fake": {"b": None, "c": None}}})
    assert cluster.os_hvp == {}


def test_parameters_of_systems(lab: Lab) -> None:
    change(lab, osparams={"image": {"img_format": "raw", "x": "1"}})
    cluster = change(lab, osparams={"image": {"x": None}})
    assert cluster.osparams == {"image": {"img_format": "raw"}}
    cluster = change(lab, hidden_os=[["add", "image"]], blacklisted_os=[["add", "noop"]])
    assert (cluster.hidden_os, cluster.blacklisted_os) == (("image",), ("noop",))
    assert change(lab, hidden_os=[["remove", "image"]]).hidden_os == ()


def test_other_parameters(lab: Lab) -> None:
    script = lab.settings.data_dir / "iallocators" / "mine"
    script.parent.mkdir()
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    cluster = change(
        lab,
        nicparams={"link": "br1"},
        ndparams={"spindle_count": 4},
        diskparams={"drbd": {"metavg": "meta"}},
        mac_prefix="AA:BB:CC",
        default_iallocator="mine",
        reserved_lvs=["swap"],
        vg_name="",
        max_running_jobs=7,
    )
    assert cluster.fill_nicparams({})["link"] == "br1"
    assert (cluster.ndparams, cluster.mac_prefix) == ({"spindle_count": 4}, "aa:bb:cc")
    assert cluster.diskparams == {"drbd": {"metavg": "meta"}}
    assert cluster.default_iallocator == "mine"
    shown = lab.succeed(opcodes.OpClusterQuery())
    assert (shown["reserved_lvs"], shown["max_running_jobs"]) == (["swap"], 7)
    assert (shown["volume_group_name"], shown["vg_name"]) == (None, None)


@pytest.mark.parametrize(
    "values",
    [
        {"beparams": {"minmem": 512, "maxmem": 128}},
        {"nicparams": {"mode": "nosuch"}},
        {"nicparams": {"nosuch": "x"}},
        {"hvparams": {"nosuch": {"a": 1}}},
        {"ndparams": {"nosuch": 1}},
        {"diskparams": {"drbd": {"nosuch": 1}}},
        {"enabled_hypervisors": []},
        {"enabled_hypervisors": ["kvm"]},
        {"enabled_disk_templates": []},
        {"enabled_disk_templates": ["nosuch"]},
        {"ipolicy": {"nosuch": 1}},
        {"mac_prefix": "aa"},
        {"default_iallocator": "nosuch"},
        {"default_iallocator": "../nosuch"},
        {"uid_pool": [[2, 1]]},
        {"uid_pool": [[1, 2**32]]},
        {"remove_uids": [[5, 5]]},
        {"hv_state": {"nosuch": {"mem_node": 1}}},
        {"hv_state": {"kvm": 1}},
        {"disk_state": {"file": {"x": {"disk_total": 1}}}},
        {"disk_state": {"plain": 1}},
        {"file_storage_dir": "/elsewhere"},
    ],
)
def test_what_makes_no_sense_is_refused(lab: Lab, values: dict[str, Any]) -> None:
    before = lab.master.config.cluster()
    assert refused(lab, **values)[1] == "wrong_input"
    assert lab.master.config.cluster() is before


@pytest.mark.parametrize(
    "values",
    [{"candidate_pool_size": 0}, {"hvparams": {"fake": 1}}, {"hidden_os": [["x", "y"]]},
     {"enabled_user_shutdown": 1}],
)  # fmt: skip
def test_wrong_types_make_no_job(values: dict[str, Any]) -> None:
    with pytest.raises(OpPrereqError):
        opcodes.OpClusterSetParams(**values)


def test_an_unknown_backend_parameter(lab: Lab) -> None:
    assert lab.fail(opcodes.OpClusterSetParams(beparams={"nosuch": 1}))


def test_a_disk_template_stays_disabled(lab: Lab) -> None:
    create(lab, disk_template="file", disks=[{"size": 10}])
    text, code = refused(lab, enabled_disk_templates=["diskless"])
    assert "file" in text
    assert code == "wrong_state"
    change(lab, enabled_disk_templates=["file", "diskless"])
    lab.master.stop()
    lab.start()
    assert lab.master.config.cluster().enabled_disk_templates == ("file", "diskless")
    assert "drbd" in change(lab, enabled_disk_templates=["drbd", "file"]).enabled_disk_templates


def test_a_larger_pool_is_filled(lab: Lab) -> None:
    def candidates() -> int:
        return sum(node.master_candidate for node in lab.master.config.nodes())

    change(lab, candidate_pool_size=1)
    lab.succeed(opcodes.OpNodeSetParams(node_name="node3.local", master_candidate=False))
    assert candidates() == 2
    change(lab, candidate_pool_size=10)
    assert candidates() == 3


def test_instances_that_violate_the_new_policy_are_named(lab: Lab) -> None:
    create(lab)
    policy = lab.succeed(opcodes.OpClusterQuery())["ipolicy"]
    pair = policy["minmax"][0]
    low = {"min": {**pair["min"], "memory-size": 4}, "max": {**pair["max"], "memory-size": 64}}
    std = {**policy["std"], "memory-size": 64}
    job = lab.run(opcodes.OpClusterSetParams(ipolicy={"minmax": [low], "std": std}))
    assert any("violate it: web1" in entry[3] for entry in job.ops[0].log)
    assert lab.run(opcodes.OpClusterVerifyConfig()).ops[0].result is False


def test_hooks_hear_of_a_change(lab: Lab) -> None:
    change(lab, vg_name="vg1")
    ran = [a for _, a in lab.calls("hooks_run") if a["hooks_path"] == "cluster-modify"]
    assert [a["phase"] for a in ran] == ["pre", "post"]
    assert ran[0]["env"]["GANETI_NEW_VG_NAME"] == "vg1"
    assert ran[0]["env"]["GANETI_OP_TARGET"] == "cluster.local"
    updates = [a for _, a in lab.calls("hooks_run") if a["hooks_path"] == "config-update"]
    assert len(updates) == 1


def test_a_hook_can_refuse_a_change(lab: Lab) -> None:
    lab.nodes.hook_results[("cluster-modify", "pre")] = [["00-no", "error", "never"]]
    before = lab.master.config.cluster()
    assert lab.fail(opcodes.OpClusterSetParams(candidate_pool_size=3))[0] == "HooksAbort"
    assert lab.master.config.cluster() is before


# Reading, naming, ending.


def test_a_few_facts(lab: Lab) -> None:
    op = opcodes.OpClusterConfigQuery(output_fields=["master_node", "cluster_name"])
    assert lab.succeed(op) == ["node1.local", "cluster.local"]
    assert lab.fail(opcodes.OpClusterConfigQuery(output_fields=["nosuch"]))[1][1] == "wrong_input"


def test_tags_are_read(lab: Lab) -> None:
    lab.succeed(opcodes.OpTagsSet(kind="node", name="node1.local", tags=["b", "a"]))
    for locking in (True, False):
        op = opcodes.OpTagsGet(kind="node", name="node1.local", use_locking=locking)
        assert lab.succeed(op) == ["a", "b"]
    assert lab.fail(opcodes.OpTagsGet(kind="node", name="absent"))[1][1] == "unknown_entity"
    assert lab.succeed(opcodes.OpTagsSearch(pattern="a")) == [["/nodes/node1.local", "a"]]


def test_the_cluster_is_renamed(lab: Lab) -> None:
    assert lab.succeed(opcodes.OpClusterRename(name="new.local")) == "new.local"
    assert lab.master.config.cluster().name == "new.local"
    assert lab.fail(opcodes.OpClusterRename(name="new.local"))[1][1] == "wrong_input"
    lab.master.stop()
    lab.start()
    assert lab.master.config.cluster().name == "new.local"


def test_the_configuration_goes_to_all_candidates_again(lab: Lab) -> None:
    before = len(lab.calls("replica_update"))
    assert lab.succeed(opcodes.OpClusterRedistConf()) is None
    assert len(lab.calls("replica_update")) > before


def test_only_an_empty_cluster_is_destroyed(lab: Lab) -> None:
    assert "still 2 node(s)" in lab.fail(opcodes.OpClusterDestroy())[1][0]
    for name in ("node2.local", "node3.local"):
        lab.succeed(opcodes.OpNodeRemove(node_name=name))
    create(lab)
    assert "still 1 instance(s)" in lab.fail(opcodes.OpClusterDestroy())[1][0]
    lab.succeed(opcodes.OpInstanceRemove(instance_name="web1"))
    assert lab.succeed(opcodes.OpClusterDestroy()) == "node1.local"
    ran = [a["phase"] for _, a in lab.calls("hooks_run") if a["hooks_path"] == "cluster-destroy"]
    assert ran == ["post"]


def test_the_hooks_of_a_new_cluster(lab: Lab) -> None:
    assert lab.succeed(opcodes.OpClusterPostInit()) is True
    ran = [a["phase"] for _, a in lab.calls("hooks_run") if a["hooks_path"] == "cluster-init"]
    assert ran == ["post"]


def test_what_is_said_of_hypervisors_and_disks_is_kept(lab: Lab) -> None:
    change(lab, hv_state={"kvm": {"mem_node": 512, "cpu_node": "2"}})
    cluster = change(lab, hv_state={"kvm": {"mem_node": "default"}, "fake": {"mem_hv": 1}})
    assert cluster.hv_state == {"kvm": {"cpu_node": 2}, "fake": {"mem_hv": 1}}
    cluster = change(lab, disk_state={"plain": {"xenvg": {"disk_reserved": 5}}})
    cluster = change(lab, disk_state={"plain": {"other": {"disk_total": 7}}})
    assert cluster.disk_state == {
        "plain": {"xenvg": {"disk_reserved": 5}, "other": {"disk_total": 7}}
    }


@pytest.mark.parametrize(
    "values",
    [
        {"hv_state": {"kvm": {"nosuch": 1}}},
        {"hv_state": {"kvm": {"mem_node": "much"}}},
        {"disk_state": {"plain": {"xenvg": {"nosuch": 1}}}},
    ],
)
def test_parameters_of_states_are_checked(lab: Lab, values: dict[str, Any]) -> None:
    assert lab.fail(opcodes.OpClusterSetParams(**values))[0] == "TypeEnforcementError"


def test_the_pool_of_user_ids(lab: Lab) -> None:
    change(lab, uid_pool=[[6000, 6000], [5000, 5010]])
    change(lab, add_uids=[[7000, 7001]], modify_etc_hosts=True)
    shown = lab.succeed(opcodes.OpClusterQuery())
    assert shown["uid_pool"] == [[5000, 5010], [6000, 6000], [7000, 7001]]
    assert "modify_etc_hosts" not in shown
    change(lab, remove_uids=[[6000, 6000]])
    assert lab.succeed(opcodes.OpClusterQuery())["uid_pool"] == [[5000, 5010], [7000, 7001]]
