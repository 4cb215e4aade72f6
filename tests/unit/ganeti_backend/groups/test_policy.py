"""Instance policies: the rule itself, and what it stops."""

from __future__ import annotations

from typing import Any

import pytest

from ganeti_backend import errors, objects, opcodes
from ganeti_backend.parameters import ipolicy
from tests.unit.ganeti_backend.core.conftest import Lab

SPEC = ipolicy.Spec(memory=128, cpus=1, disks=[1024], nics=1, spindles=1, template="file")


def pair(**high: int) -> dict[str, dict[str, int]]:
    known = ipolicy.DEFAULTS["minmax"][0]
    wider = {**known["max"], **{name.replace("_", "-"): value for name, value in high.items()}}
    return {"min": known["min"], "max": wider}


def policy(*pairs: dict[str, dict[str, int]], **values: Any) -> dict[str, Any]:
    return {
        **ipolicy.DEFAULTS,
        "minmax": list(pairs) or [pair()],
        "disk-templates": ["file", "diskless"],
        **values,
    }


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"memory_size": 64}, "memory-size value 128 is not in range [4, 64]"),
        ({"disk_size": 512}, "disk-size/0 value 1024 is not in range [4, 512]"),
        ({"disk_count": 0}, "disk-count value 1 is not in range [0, 0]"),
        ({"nic_count": 0}, "nic-count value 1 is not in range [0, 0]"),
    ],
)
def test_each_limit(limits: dict[str, int], words: str) -> None:
    assert ipolicy.violations(policy(), SPEC) == []
    assert ipolicy.violations(policy(pair(**limits)), SPEC) == [words]


def test_one_of_several_pairs_is_enough() -> None:
    small, large = pair(memory_size=64), pair(memory_size=256)
    assert ipolicy.violations(policy(small, large), SPEC) == []
    both = pair(memory_size=64, nic_count=0)
    assert len(ipolicy.violations(policy(both, small), SPEC)) == 1


def test_templates_and_diskless_instances() -> None:
    none = ipolicy.Spec(memory=128, cpus=1, disks=[], nics=0, spindles=1, template="diskless")
    tight = policy({"min": {**pair()["min"], "disk-count": 1}, "max": pair()["max"]})
    assert ipolicy.violations(tight, none) == []
    (found,) = ipolicy.violations(policy(**{"disk-templates": ["drbd"]}), SPEC)
    assert found == "Disk template file is not allowed (allowed templates: drbd)"


def test_changes_keep_the_rest() -> None:
    own = ipolicy.merged({"vcpu-ratio": 2.0}, {"minmax": [pair()]})
    assert set(own) == {"vcpu-ratio", "minmax"}
    assert ipolicy.merged(own, {"minmax": "default", "vcpu-ratio": "default"}) == {}
    std = ipolicy.DEFAULTS["std"]
    assert ipolicy.merged({}, {"std": std}, inherits=False) == {"std": std}


@pytest.mark.parametrize(
    "wrong",
    [
        {"minmax": [{"min": {}}]},
        {"minmax": [{"min": {}, "max": {}}]},
        {"minmax": [{"min": {**pair()["min"], "x": 1}, "max": pair()["max"]}]},
        {"minmax": [{"min": {**pair()["min"], "cpu-count": "1"}, "max": pair()["max"]}]},
        {"minmax": "all"},
        {"vcpu-ratio": 0},
        {"vcpu-ratio": True},
        {"disk-templates": []},
        {"colour": "blue"},
    ],
)
def test_refused_changes(wrong: dict[str, Any]) -> None:
    with pytest.raises(errors.OpPrereqError):
        ipolicy.merged({}, wrong)


def test_contradictions() -> None:
    upside_down = {"min": pair()["max"], "max": pair()["min"]}
    with pytest.raises(errors.OpPrereqError, match="min/max"):
        ipolicy.check(policy(upside_down))
    with pytest.raises(errors.OpPrereqError, match="std"):
        ipolicy.check(policy(pair(memory_size=64)))


def test_a_group_overrides_the_cluster() -> None:
    cluster = objects.Cluster(name="c", uuid="c", ipolicy={"vcpu-ratio": 3.0, "spindle-ratio": 3.0})
    group = objects.NodeGroup(name="g", uuid="g", ipolicy={"vcpu-ratio": 5.0})
    filled = ipolicy.of_group(cluster, group)
    assert (filled["vcpu-ratio"], filled["spindle-ratio"]) == (5.0, 3.0)
    assert filled["disk-templates"] == ["file", "diskless"]


@pytest.fixture
def tight(lab: Lab) -> Lab:
    change = {"ipolicy": {"minmax": [pair(cpu_count=2, disk_count=1)]}}
    lab.succeed(opcodes.OpGroupSetParams(group_name="default", **change))
    return lab


def create(**values: Any) -> opcodes.OpInstanceCreate:
    return opcodes.OpInstanceCreate(instance_name="vm1", **values)


def modify(**values: Any) -> opcodes.OpInstanceSetParams:
    return opcodes.OpInstanceSetParams(instance_name="vm1", **values)


def test_a_creation_is_stopped(tight: Lab) -> None:
    text, code = tight.fail(create(beparams={"vcpus": 4}))[1]
    assert code == "wrong_input"
    assert "cpu-count value 4 is not in range [1, 2]" in text
    tight.succeed(create(beparams={"vcpus": 4}, ignore_ipolicy=True))


def test_a_change_is_stopped(tight: Lab) -> None:
    tight.succeed(create(disk_template="file", disks=[{"size": 16}]))
    text, code = tight.fail(modify(beparams={"vcpus": 4}))[1]
    assert (code, "cpu-count" in text) == ("wrong_input", True)
    another = modify(disks=[["add", -1, {"size": 16}]])
    assert "disk-count" in tight.fail(another)[1][0]
    tight.succeed(modify(beparams={"vcpus": 4}, ignore_ipolicy=True))
    tight.succeed(modify(hvparams={"boot_order": "disk"}))


def test_a_verification_tells_who_breaks_it(tight: Lab) -> None:
    tight.succeed(create(beparams={"vcpus": 4}, ignore_ipolicy=True))
    job = tight.run(opcodes.OpClusterVerifyConfig(error_codes=True))
    assert job.ops[0].result is False
    found = [str(entry[3]) for entry in job.ops[0].log]
    assert any("EINSTANCEPOLICY" in text and "vm1" in text for text in found)


def test_a_verification_counts_candidates(lab: Lab) -> None:
    node = lab.master.config.node("node2.local")
    assert node is not None
    lab.master.config.commit([node.replace(master_candidate=False)])
    job = lab.run(opcodes.OpClusterVerifyConfig())
    texts = [str(entry[3]) for entry in job.ops[0].log]
    assert any("Not enough master candidates: actual 2, target 3" in text for text in texts)
