"""Debian's allocator `hail` works as a plug-in: every request it knows, with real answers."""

import json

import pytest

from ganeti_backend import errors, opcodes, settings
from ganeti_backend.iallocator import plugin
from ganeti_backend.node_rpc.fake import FakeNodeClient
from ganeti_backend.units import placement
from tests.unit.ganeti_backend.moves.conftest import DISKS, Lab

pytestmark = [pytest.mark.conformance, pytest.mark.system]
NODES = [f"node{number}.local" for number in range(1, 7)]


@pytest.fixture
def lab(tmp_path):
    """Six nodes, two in a group of their own."""
    try:
        plugin.find("hail", str(tmp_path))
    except errors.OpPrereqError:
        pytest.skip("no hail: the package ganeti-htools is not installed")
    lab = Lab(tmp_path)
    lab.settings = settings.for_state(tmp_path, 0, range(1, 7))
    lab.nodes = FakeNodeClient(NODES)
    lab.start(patience=0.3)
    lab.succeed(opcodes.OpGroupAdd(group_name="far"))
    lab.succeed(opcodes.OpGroupAssignNodes(group_name="far", nodes=NODES[4:]))
    cluster = lab.master.config.cluster()
    lab.master.config.commit([cluster.touched(0.0, default_iallocator="hail")])
    yield lab
    lab.master.stop()


def create(lab, name, template, **values):
    disks = DISKS.get(template, [{"size": 64}])
    wish = {"instance_name": name, "disk_template": template, "disks": disks, **values}
    return lab.succeed(opcodes.OpInstanceCreate(**wish))


def ask(lab, **values):
    return json.loads(lab.succeed(opcodes.OpTestAllocator(direction="out", **values)))


@pytest.mark.parametrize("template", ["drbd", "sharedfile", "rbd", "ext", "plain", "diskless"])
def test_it_places_every_kind_of_instance(lab, template):
    nodes = create(lab, "vm1", template)
    assert len(set(nodes)) == (2 if template == "drbd" else 1)
    groups = {lab.master.config.node(name).group for name in nodes}
    assert len(groups) == 1


def test_it_spreads_instances_and_sees_those_that_are_there(lab):
    for number in range(6):
        create(lab, f"vm{number}", "plain", beparams={"maxmem": 2000})
    used = {item.primary_node for item in lab.master.config.instances()}
    assert len(used) >= 5


def test_what_does_not_fit_is_refused_in_its_words(lab):
    wish = opcodes.OpInstanceCreate(instance_name="huge", beparams={"maxmem": 100_000})
    kind, (message, code) = lab.fail(wish)
    assert (kind, code) == ("OpPrereqError", errors.ECODE_NORES)
    assert message.startswith("Can't compute nodes using iallocator 'hail'")
    assert "FailMem" in message


def test_it_says_where_a_shared_instance_migrates_to(lab):
    (before,) = create(lab, "vm1", "sharedfile")
    lab.succeed(opcodes.OpInstanceMigrate(instance_name="vm1"))
    after = lab.instance.primary_node
    assert after != before
    config = lab.master.config
    assert config.node(after).group == config.node(before).group
    lab.settled()


def test_it_places_many_at_once(lab):
    wanted = [
        {"instance_name": f"vm{number}", "disk_template": "drbd", "disks": [{"size": 16}]}
        for number in range(4)
    ]
    result = lab.succeed(opcodes.OpInstanceMultiAlloc(instances=wanted))
    assert result["failed"] == []
    assert sorted(result["allocatable"]) == [f"vm{number}" for number in range(4)]
    for done, job_id in result["jobs"]:
        assert done
        assert lab.wait(job_id).status == "success"


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("primary-only", {"OP_INSTANCE_MIGRATE"}),
        ("secondary-only", {"OP_INSTANCE_REPLACE_DISKS"}),
        ("all", {"OP_INSTANCE_MIGRATE", "OP_INSTANCE_REPLACE_DISKS"}),
    ],
)
def test_its_evacuations_are_opcodes_of_ours(lab, mode, expected):
    create(lab, "vm1", "drbd", pnode=NODES[0], snode=NODES[1])
    said = ask(lab, mode="node-evacuate", instances=["vm1"], evac_mode=mode)
    found = plugin.moves("hail", said["result"])
    assert [name for name, _, _ in found.moved] == ["vm1"], found.failed
    assert {op["OP_ID"] for job in found.jobs for op in job} == expected
    assert {op.OP_ID for job in placement.jobs(found) for op in job} == expected


def test_it_takes_an_instance_to_another_group(lab):
    (before,) = create(lab, "vm1", "sharedfile")
    result = lab.succeed(opcodes.OpInstanceChangeGroup(instance_name="vm1"))
    for done, job_id in result["jobs"]:
        assert done
        assert lab.wait(job_id).status == "success"
    config = lab.master.config
    assert config.node(lab.instance.primary_node).group != config.node(before).group
    lab.settled()


def test_it_leaves_out_nodes_that_are_offline_drained_or_silent(lab):
    config = lab.master.config
    changed = [config.node(NODES[0]).touched(0.0, offline=True)]
    changed.append(config.node(NODES[1]).touched(0.0, drained=True))
    config.commit(changed)
    lab.nodes.nodes[NODES[2]].reachable = False
    for number in range(3):
        (node,) = create(lab, f"vm{number}", "diskless")
        assert node in NODES[3:]


def test_exclusion_tags_are_obeyed(lab):
    config = lab.master.config
    config.commit([config.cluster().touched(0.0, tags=("htools:iextags:service",))])
    used = [create(lab, f"vm{number}", "diskless", tags=["service:dns"])[0] for number in range(4)]
    assert len(set(used)) == 4
