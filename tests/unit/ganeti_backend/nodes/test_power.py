"""Powercycle and the out-of-band helper: a real program, called without a shell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ganeti_backend import opcodes
from tests.unit.ganeti_backend.core.conftest import Lab

HELPER = """#!/bin/sh
echo "$1 $2" >> {log}
case "$1" in
power-status) echo '{{"powered": false}}' ;;
health) echo '[["fan", "OK"], ["disk", "CRITICAL"]]' ;;
power-cycle) echo "no such machine" >&2; exit 1 ;;
esac
"""


@pytest.fixture
def log(lab: Lab, tmp_path: Path) -> Path:
    log, helper = tmp_path / "log", tmp_path / "oob; touch gone"
    helper.write_text(HELPER.format(log=log))
    helper.chmod(0o755)
    change = {"ndparams": {"oob_program": str(helper)}}
    lab.succeed(opcodes.OpGroupSetParams(group_name="default", **change))
    return log


def oob(command: str, *names: str, **values: Any) -> opcodes.OpOobCommand:
    fast = {"power_delay": 0.0, **values}
    return opcodes.OpOobCommand(command=command, node_names=list(names), **fast)


def powered(lab: Lab, name: str = "node2.local") -> bool:
    found = lab.master.config.node(name)
    assert found is not None
    return found.powered


def test_status_and_health(lab: Lab, log: Path) -> None:
    job = lab.run(oob("power-status", "node2.local"))
    assert job.ops[0].result == [[(0, "node2.local"), (0, {"powered": False})]]
    assert any("it really is False" in str(entry[3]) for entry in job.ops[0].log)
    job = lab.run(oob("health"))
    assert [row[0][1] for row in job.ops[0].result] == [f"node{n}.local" for n in (1, 2, 3)]
    assert any("'disk' on node node3.local" in str(entry[3]) for entry in job.ops[0].log)
    assert log.read_text().splitlines()[0] == "power-status node2.local"


def test_off_and_on(lab: Lab, log: Path) -> None:
    text, code = lab.fail(oob("power-off", "node2.local"))[1]
    assert (code, "not marked offline" in text) == ("wrong_state", True)
    lab.succeed(opcodes.OpNodeSetParams(node_name="node2.local", offline=True))
    lab.succeed(oob("power-off", "node2.local"))
    assert not powered(lab)
    dark = opcodes.OpNodeSetParams(node_name="node2.local", offline=False)
    assert lab.fail(dark)[1][1] == "wrong_state"
    lab.succeed(oob("power-on", "node2.local"))
    assert powered(lab)
    lab.succeed(dark)


def test_the_record_can_be_mended_by_hand(lab: Lab, log: Path) -> None:
    lab.succeed(opcodes.OpNodeSetParams(node_name="node2.local", powered=False))
    assert not powered(lab)


def test_a_failing_helper_leaves_the_record(lab: Lab, log: Path) -> None:
    job = lab.run(oob("power-cycle", "node2.local"))
    assert job.ops[0].result == [[(0, "node2.local"), (2, None)]]
    assert any("no such machine" in str(entry[3]) for entry in job.ops[0].log)


def test_a_helper_that_talks_nonsense(lab: Lab, tmp_path: Path) -> None:
    helper = tmp_path / "oob"
    helper.write_text("#!/bin/sh\necho yes\n")
    helper.chmod(0o755)
    change = {"ndparams": {"oob_program": str(helper)}}
    lab.succeed(opcodes.OpNodeSetParams(node_name="node2.local", **change))
    rows = lab.succeed(oob("power-status"))
    assert [row[1] for row in rows] == [(3, None), (2, None), (3, None)]


def test_the_master_is_never_switched_off(lab: Lab, log: Path) -> None:
    text, code = lab.fail(oob("power-cycle", "node1.local"))[1]
    assert code == "wrong_input"
    assert "power-cycle node1.local" in text
    rows = lab.succeed(oob("power-off", ignore_status=True))
    assert [row[0][1] for row in rows] == ["node2.local", "node3.local"]
    assert lab.fail(oob("power-on", "node9"))[1][1] == "unknown_entity"


def test_powercycle(lab: Lab) -> None:
    lab.succeed(opcodes.OpInstanceCreate(instance_name="vm1", pnode="node2.local"))
    answer = lab.succeed(opcodes.OpNodePowercycle(node_name="node2.local"))
    assert answer == "Reboot scheduled in 5 seconds"
    assert lab.nodes.nodes["node2.local"].guests == {}
    master = opcodes.OpNodePowercycle(node_name="node1.local")
    assert lab.fail(master)[1][1] == "wrong_input"
    lab.succeed(master.replace(force=True))
    lab.succeed(opcodes.OpNodeSetParams(node_name="node3.local", offline=True))
    offline = opcodes.OpNodePowercycle(node_name="node3.local")
    assert lab.fail(offline)[1][1] == "wrong_state"


def test_restricted_commands(lab: Lab) -> None:
    lab.nodes.nodes["node2.local"].commands["uptime"] = "up 3 days\n"
    op = opcodes.OpRestrictedCommand(command="uptime", nodes=["node1.local", "node2.local"])
    refused, done = lab.succeed(op)
    assert done == [True, "up 3 days\n"]
    assert refused[0] is False
    assert "uptime" in refused[1]
    assert lab.fail(op.replace(nodes=["node9"]))[1][1] == "unknown_entity"
