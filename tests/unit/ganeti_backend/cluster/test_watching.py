from __future__ import annotations

from typing import Any

import pytest

from ganeti_backend import objects
from ganeti_backend.watcher import watching
from ganeti_backend.watcher.watching import Memory, View


def node(name: str, **values: Any) -> objects.Node:
    return objects.Node(name=name, uuid=f"uuid-{name}", **values)


def instance(name: str = "web1", **values: Any) -> objects.Instance:
    found = {"primary_node": "n1", "admin_state": "up", **values}
    return objects.Instance(name=name, uuid=f"uuid-{name}", **found)


def view(*instances: objects.Instance, **values: Any) -> View:
    given: dict[str, Any] = {
        "now": 1000.0,
        "nodes": [node("n1"), node("n2")],
        "instances": instances,
        "infos": {"n1": {"bootid": "a"}, "n2": {"bootid": "b"}},
        "running": {"n1": {}, "n2": {}},
        "busy": (),
        "user_may_stop": lambda _instance: False,
    }
    return View(**{**given, **values})


def opcodes(decision: watching.Decision) -> list[str]:
    return [op["OP_ID"] for _, op in decision.jobs]


RUNNING = {"state": "running"}


def test_what_should_run_and_does_not_is_started() -> None:
    decision = watching.decide(view(instance()), Memory())
    assert [op for _, op in decision.jobs] == [
        {"OP_ID": "OP_INSTANCE_STARTUP", "instance_name": "web1"}
    ]
    assert decision.memory.tries["web1"].count == 1


@pytest.mark.parametrize(
    "change",
    [
        {"admin_state": "down"},
        {"admin_state": "offline"},
        {"primary_node": "n3"},  # Which says nothing.
        {"arriving_at": "n2"},
    ],
)
def test_what_is_left_alone(change: dict[str, Any]) -> None:
    assert not watching.decide(view(instance(**change)), Memory()).jobs


def test_what_runs_is_left_alone() -> None:
    found = watching.decide(view(instance(), running={"n1": {"web1": RUNNING}, "n2": {}}), Memory())
    assert not found.jobs
    assert not found.notes


def test_what_runs_elsewhere_is_not_started_a_second_time() -> None:
    found = watching.decide(view(instance(), running={"n1": {}, "n2": {"web1": RUNNING}}), Memory())
    assert not found.jobs
    assert found.notes == ["instance web1 runs on n2"]


def test_what_a_job_works_on_is_left_to_it() -> None:
    assert not watching.decide(view(instance(), busy={"web1"}), Memory()).jobs


def test_after_five_tries_it_is_left_and_said_so() -> None:
    memory = Memory()
    for _ in range(watching.MAX_TRIES):
        decision = watching.decide(view(instance()), memory)
        assert len(decision.jobs) == 1
        memory = decision.memory
    decision = watching.decide(view(instance()), memory)
    assert not decision.jobs
    assert decision.notes == ["instance web1 does not stay up: left alone after 5 restarts"]
    later = watching.decide(view(instance(), now=1000.0 + 9 * 3600), decision.memory)
    assert opcodes(later) == ["OP_INSTANCE_STARTUP"]


def test_a_success_resets_the_count() -> None:
    memory = watching.decide(view(instance()), Memory()).memory
    up = view(instance(), running={"n1": {"web1": RUNNING}, "n2": {}})
    decision = watching.decide(up, memory)
    assert decision.notes == ["instance web1 runs again"]
    assert not decision.memory.tries


def test_an_instance_that_is_gone_is_forgotten() -> None:
    memory = watching.decide(view(instance()), Memory()).memory
    assert not watching.decide(view(), memory).memory.tries


def test_counts_outlast_the_silence_of_a_node() -> None:
    memory = watching.decide(view(instance()), Memory()).memory
    silent = view(instance(), running={"n1": None, "n2": {}}, infos={})
    assert watching.decide(silent, memory).memory.tries["web1"].count == 1


@pytest.mark.parametrize(("allowed", "wanted"), [(True, "SHUTDOWN"), (False, "STARTUP")])
def test_a_guest_stopped_from_inside(allowed: bool, wanted: str) -> None:
    inside = {"n1": {"web1": {"state": "shutdown"}}, "n2": {}}
    found = view(instance(), running=inside, user_may_stop=lambda _instance: allowed)
    assert opcodes(watching.decide(found, Memory())) == [f"OP_INSTANCE_{wanted}"]


def test_a_silent_node_is_marked_from_the_second_round_on() -> None:
    silent = view(running={"n1": None, "n2": {}})
    first = watching.decide(silent, Memory())
    assert not first.jobs
    assert "node n1 does not answer" in first.notes[0]
    second = watching.decide(silent, first.memory)
    assert opcodes(second) == ["OP_TAGS_SET"]
    marked = view(nodes=[node("n1", tags=(watching.MARK,)), node("n2")])
    assert opcodes(watching.decide(marked, second.memory)) == ["OP_TAGS_DEL"]


def test_an_offline_node_is_not_expected_to_answer() -> None:
    found = view(nodes=[node("n1", offline=True)], running={"n1": None})
    assert not watching.decide(found, Memory()).notes


def test_disks_are_activated_when_the_secondary_was_restarted() -> None:
    mirrored = instance(disk_template="drbd", secondary_node="n2")
    runs = {"n1": {"web1": RUNNING}, "n2": {}}
    memory = watching.decide(view(mirrored, running=runs), Memory()).memory
    assert not watching.decide(view(mirrored, running=runs), memory).jobs
    again = {"n1": {"bootid": "a"}, "n2": {"bootid": "c"}}
    decision = watching.decide(view(mirrored, running=runs, infos=again), memory)
    assert opcodes(decision) == ["OP_INSTANCE_ACTIVATE_DISKS"]
    assert not watching.decide(view(mirrored, running=runs, infos=again), decision.memory).jobs


def test_a_start_makes_disks_usable_by_itself() -> None:
    mirrored = instance(disk_template="drbd", secondary_node="n2")
    memory = Memory(boots={"n1": "a", "n2": "b"})
    again = {"n1": {"bootid": "x"}, "n2": {"bootid": "b"}}
    assert opcodes(watching.decide(view(mirrored, infos=again), memory)) == ["OP_INSTANCE_STARTUP"]


def test_disks_are_verified_now_and_then() -> None:
    disk = objects.Disk(uuid="d1", size=1, template="file")
    found = view(instance(disks=(disk,)))
    assert len(watching.verifications(found, ["default"], 0.0, 900.0)) == 1
    assert not watching.verifications(found, ["default"], 500.0, 900.0)
    assert not watching.verifications(view(instance()), ["default"], 0.0, 900.0)


def test_degraded_disks_are_activated_and_lost_ones_told() -> None:
    result = [{"n3": "no answer"}, ["web1", "web2"], {"web3": [["n1", "/disk"]]}]
    found = watching.repairs([result], {"web2"})
    assert [op["instance_name"] for _, op in found.jobs] == ["web1"]
    assert len(found.notes) == 2


def test_the_memory_survives_its_file() -> None:
    silent = view(instance(), running={"n1": {}, "n2": None})
    memory = watching.decide(silent, Memory()).memory
    assert Memory.from_dict(memory.to_dict()) == memory
