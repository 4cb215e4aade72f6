from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from ganeti_backend import opcodes
from ganeti_backend.node_rpc import calls, live
from ganeti_backend.node_rpc.calls import Call
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


class SilentNodes(FakeNodeClient):
    """Keeps callers waiting (SLOW says so), and answers the knocking when it is let to."""

    def __init__(self) -> None:
        super().__init__(["node1.local"])
        self.nodes["node1.local"].reachable = False
        self.answers = threading.Event()
        self.knocked = threading.Event()

    def call(self, node: str, call: Call, /, timeout: float | None = None, **arguments: Any) -> Any:
        if call is calls.VERSION:
            self.knocked.set()
            self.answers.wait(timeout)
            self.nodes[node].reachable = True
        return super().call(node, call, timeout, **arguments)


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> SilentNodes:
    monkeypatch.setattr(live, "SLOW", -1.0)
    monkeypatch.setattr(live, "KNOCK_EVERY", 0.0)
    return SilentNodes()


def test_nobody_waits_for_a_node_that_is_silent(silent: SilentNodes) -> None:
    reader = LiveReader(silent, lambda: list(silent.nodes))
    for _ in range(3):
        assert reader.live().node("node1.local") is None
        reader.forget_running()
    assert len([call for _, call, _ in silent.asked if call != "version"]) <= 2
    silent.answers.set()
    reader.close()


def test_it_counts_again_as_soon_as_it_answers(silent: SilentNodes) -> None:
    reader = LiveReader(silent, lambda: list(silent.nodes))
    assert reader.infos()["node1.local"] is None
    assert silent.knocked.wait(10)
    silent.answers.set()
    deadline = time.monotonic() + 10
    while reader.infos()["node1.local"] is None:
        assert time.monotonic() < deadline, "it answers, and still nobody asks it"
    reader.close()
