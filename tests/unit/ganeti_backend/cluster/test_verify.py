from __future__ import annotations

from typing import Any

from ganeti_backend import objects, opcodes
from ganeti_backend.node_rpc import calls
from ganeti_backend.queue.jobs import JobStatus
from tests.unit.ganeti_backend.core.conftest import Lab


def create(lab: Lab, name: str = "web1", **values: Any) -> objects.Instance:
    given = {"pnode": "node1.local", **values}
    lab.succeed(opcodes.OpInstanceCreate(instance_name=name, **given))
    return instance(lab, name)


def instance(lab: Lab, name: str = "web1") -> objects.Instance:
    found = lab.master.config.instance(name)
    assert found is not None
    return found


def mirrored(lab: Lab, name: str = "web1", **values: Any) -> objects.Instance:
    return create(
        lab, name, disk_template="drbd", disks=[{"size": 100}], snode="node2.local", **values
    )


def verify(lab: Lab, **values: Any) -> tuple[bool, list[str]]:
    """The result, and the findings as code, kind, name and text."""
    op = opcodes.OpClusterVerifyGroup(group_name="default", error_codes=True, **values)
    job = lab.run(op)
    assert job.status == JobStatus.SUCCESS, job.ops[0].result
    lines = [entry[3].removeprefix("  - ") for entry in job.ops[0].log]
    return job.ops[0].result, [line for line in lines if not line.startswith(("*", "NOTICE"))]


def codes(lab: Lab) -> list[str]:
    good, found = verify(lab)
    assert good == (not found)
    return [line.split(":")[1] for line in found]


def test_the_jobs_of_a_verification(lab: Lab) -> None:
    lab.succeed(opcodes.OpGroupAdd(group_name="rack2"))
    jobs = lab.succeed(opcodes.OpClusterVerify(skip_checks=["nplusone_mem"]))["jobs"]
    assert [good for good, _ in jobs] == [True, True, True]
    config, *groups = [lab.wait(job_id) for _, job_id in jobs]
    assert config.ops[0].input.OP_ID == "OP_CLUSTER_VERIFY_CONFIG"
    assert [job.ops[0].input.target for job in groups] == ["default", "rack2"]
    assert all(job.ops[0].input.depends == [[config.id, []]] for job in groups)
    assert all(job.ops[0].result is True for job in (config, *groups))


def test_the_jobs_are_made_once(lab: Lab) -> None:
    jobs = lab.succeed(opcodes.OpClusterVerify(group_name="default"))["jobs"]
    assert len(jobs) == 1
    assert lab.fail(opcodes.OpClusterVerify(group_name="absent"))[1][1] == "unknown_entity"
    assert lab.fail(opcodes.OpClusterVerifyGroup(group_name="absent"))[1][1] == "unknown_entity"


def test_nothing_is_found_where_all_is_well(lab: Lab) -> None:
    mirrored(lab)
    create(lab, "web2")
    lab.succeed(opcodes.OpInstanceShutdown(instance_name="web2"))
    assert verify(lab) == (True, [])


def test_a_silent_node(lab: Lab) -> None:
    create(lab)
    lab.nodes.nodes["node1.local"].reachable = False
    found = verify(lab)[1]
    assert found[0].startswith("ERROR:ENODERPC:node:node1.local:")
    assert len([line for line in found if "EINSTANCEDOWN" in line]) == 0


def test_a_lost_instance(lab: Lab) -> None:
    create(lab)
    guest = lab.nodes.nodes["node1.local"].guests.pop("web1")
    assert codes(lab) == ["EINSTANCEDOWN"]
    lab.nodes.nodes["node2.local"].guests["web1"] = guest
    assert codes(lab) == ["EINSTANCEDOWN", "EINSTANCEWRONGNODE"]


def test_an_unknown_instance(lab: Lab) -> None:
    create(lab)
    guests = lab.nodes.nodes["node1.local"].guests
    guests["stranger"] = dict(guests["web1"])
    assert verify(lab)[1] == ["ERROR:ENODEORPHANINSTANCE:node:node1.local:unknown instance "
                              "stranger runs"]  # fmt: skip


def test_one_that_runs_and_should_not(lab: Lab) -> None:
    found = create(lab)
    lab.master.config.commit([found.replace(admin_state="down")])
    assert codes(lab) == ["EINSTANCEWRONGNODE"]


def test_one_on_an_offline_node(lab: Lab) -> None:
    mirrored(lab, pnode="node3.local")
    node = lab.master.config.node("node3.local")
    assert node is not None
    lab.master.config.commit([node.replace(offline=True, master_candidate=False)])
    good, found = verify(lab)
    assert not good
    assert "EINSTANCEBADNODE" in found[0]


def test_disks_that_are_gone_degraded_or_nobodys(lab: Lab) -> None:
    disk = mirrored(lab).disks[0].uuid
    nodes = lab.nodes.nodes
    del nodes["node2.local"].disks[disk]
    assert codes(lab) == ["EINSTANCEMISSINGDISK"]
    nodes["node2.local"].disks[disk] = 100
    del nodes["node1.local"].peers[disk]
    assert codes(lab) == ["EINSTANCEFAULTYDISK"]
    nodes["node1.local"].peers[disk] = "node2.local"
    nodes["node3.local"].disks["nobodys"] = 10
    assert codes(lab) == ["ENODEORPHANLV"]


def test_a_node_that_could_not_take_over(lab: Lab) -> None:
    mirrored(lab, beparams={"minmem": 4096, "maxmem": 4096})
    lab.nodes.nodes["node2.local"].memory = 2048
    lab.master._live._infos.forget()
    assert codes(lab) == ["ENODEN1"]
    assert verify(lab, skip_checks=["nplusone_mem"]) == (True, [])


def test_hooks_have_their_say(lab: Lab) -> None:
    lab.nodes.hook_results[("cluster-verify", "post")] = [["00-disk", "error", "worn out"]]
    good, found = verify(lab)
    assert not good
    assert len(found) == 3
    assert "Script 00-disk failed, output: worn out" in found[0]


def test_what_is_to_be_ignored_is_a_warning(lab: Lab) -> None:
    create(lab)
    del lab.nodes.nodes["node1.local"].guests["web1"]
    good, found = verify(lab, ignore_errors=["EINSTANCEDOWN"])
    assert good
    assert found[0].startswith("WARNING:EINSTANCEDOWN:")


def test_findings_for_people(lab: Lab) -> None:
    create(lab)
    del lab.nodes.nodes["node1.local"].guests["web1"]
    job = lab.run(opcodes.OpClusterVerifyGroup(group_name="default"))
    text = "  - ERROR: instance web1: not running on its primary node node1.local"
    assert text in [entry[3] for entry in job.ops[0].log]


# Disks.


def test_disks_are_verified_by_group(lab: Lab) -> None:
    disk = mirrored(lab).disks[0].uuid
    create(lab, "web2", disk_template="file", disks=[{"size": 10}], pnode="node3.local")
    op = opcodes.OpGroupVerifyDisks(group_name="default")
    assert lab.succeed(op) == [{}, [], {}]
    del lab.nodes.nodes["node1.local"].peers[disk]
    assert lab.succeed(op) == [{}, ["web1"], {}]
    lost = instance(lab, "web2").disks[0]
    del lab.nodes.nodes["node3.local"].disks[lost.uuid]
    assert lab.succeed(op) == [{}, ["web1"], {"web2": [["node3.local", lost.path]]}]
    lab.nodes.nodes["node3.local"].reachable = False
    silent, inactive, missing = lab.succeed(op)
    assert (list(silent), inactive, missing) == (["node3.local"], ["web1"], {})
    jobs = lab.succeed(opcodes.OpClusterVerifyDisks())["jobs"]
    assert lab.wait(jobs[0][1]).ops[0].result[1] == ["web1"]


def test_sizes_are_corrected(lab: Lab) -> None:
    disk = create(lab, disk_template="file", disks=[{"size": 10}]).disks[0]
    assert lab.succeed(opcodes.OpClusterRepairDiskSizes()) == []
    lab.nodes.nodes["node1.local"].disks[disk.uuid] = 20
    result = lab.succeed(opcodes.OpClusterRepairDiskSizes(instances=["web1"]))
    assert result == [["web1", 0, "size", 20]]
    assert instance(lab).disks[0].size == 20
    fail = lab.fail(opcodes.OpClusterRepairDiskSizes(instances=["absent"]))
    assert fail[1][1] == "unknown_entity"


def test_sizes_that_cannot_be_seen_stay(lab: Lab) -> None:
    create(lab, disk_template="file", disks=[{"size": 10}])
    lab.nodes.fail(calls.DISK_STATUS, "no")
    assert lab.succeed(opcodes.OpClusterRepairDiskSizes()) == []
