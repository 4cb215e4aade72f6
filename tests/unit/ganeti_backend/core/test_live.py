from __future__ import annotations

import pytest

from ganeti_backend import opcodes
from ganeti_backend.node_rpc import live
from ganeti_backend.node_rpc.fake import FakeNodeClient
from ganeti_backend.node_rpc.live import LiveReader
from tests.unit.ganeti_backend.core.conftest import Lab


def test_answers_are_kept_for_a_while_and_silence_is_marked() -> None:
    nodes = FakeNodeClient()
    nodes.nodes["node2.local"].reachable = False
    reader = LiveReader(nodes, lambda: list(nodes.nodes))
    for _ in range(3):
        data = reader.live()
        assert data.node("node1.local")["memory_total"] > 0
        assert data.node("node2.local") is None
        assert data.instances("node2.local") is None
        assert data.instances("node3.local") == {}
    assert len([call for _, call, _ in nodes.asked if call == "node_info"]) == 3
    reader.close()


def test_a_look_after_a_job_sees_what_the_job_did(lab: Lab) -> None:
    lab.succeed(opcodes.OpInstanceCreate(instance_name="vm1", pnode="node1.local"))
    for op in (opcodes.OpInstanceShutdown, opcodes.OpInstanceStartup) * 3:
        lab.succeed(op(instance_name="vm1"))
        running = "vm1" in lab.master.live().instances("node1.local")
        assert running == (op is opcodes.OpInstanceStartup)


def test_a_node_that_kept_us_waiting_in_vain_may_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "SLOW", -1.0)
    nodes = FakeNodeClient(["node1.local"])
    nodes.nodes["node1.local"].reachable = False
    reader = LiveReader(nodes, lambda: list(nodes.nodes))
    for _ in range(3):
        assert reader.live().node("node1.local") is None
        reader.forget_running()
    assert len(nodes.asked) <= 2
    reader.close()
