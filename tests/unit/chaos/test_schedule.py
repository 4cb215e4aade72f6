from itertools import islice

from tests.chaos import administrators, people
from tests.chaos.schedule import EVERY, KINDS, QUIET_BEFORE_A_STALL, plan, steps

TARGETS = {
    "kill": ["api", "dispatcher", "master"],
    "freeze": ["api", "dispatcher", "master"],
    "cut": ["node1", "node2"],
    "fill": ["bus"],
    "clock": ["node1", "node2"],
    "reorder": ["messages"],
}
PAIRS = {(kind, target) for kind, targets in TARGETS.items() for target in targets}


def test_a_seed_makes_one_plan():
    assert plan(7, 600, TARGETS) == plan(7, 600, TARGETS)
    assert plan(7, 600, TARGETS) != plan(8, 600, TARGETS)


def test_the_order_in_which_targets_are_named_does_not_matter():
    mirrored = {kind: list(reversed(TARGETS[kind])) for kind in reversed(list(TARGETS))}
    assert plan(7, 600, mirrored) == plan(7, 600, TARGETS)


def test_every_target_has_its_turn_before_any_has_a_second_one():
    found = [(fault.kind, fault.target) for fault in plan(3, 600, TARGETS)]
    for start in range(0, len(found) - len(PAIRS), len(PAIRS)):
        assert set(found[start : start + len(PAIRS)]) == PAIRS


def test_faults_are_in_order_and_over_before_the_end():
    for seed in range(50):
        found = plan(seed, 120, TARGETS)
        assert [fault.at for fault in found] == sorted(fault.at for fault in found)
        assert all(fault.at + fault.seconds <= 120 for fault in found)
        assert all(0 <= fault.seconds <= KINDS[fault.kind].longest for fault in found)


def test_two_minutes_hold_twenty_faults_and_thirty_hold_two_hundred():
    for seed in range(20):
        assert len(plan(seed, 120, TARGETS)) >= 20
        assert len(plan(seed, 1800, TARGETS)) >= 200
    assert len(plan(1, 1800, TARGETS)) <= 1800 / (0.5 * EVERY)


def test_a_longer_run_begins_like_a_shorter_one():
    short = plan(5, 120, TARGETS)[:-3]
    assert plan(5, 1800, TARGETS)[: len(short)] == short


def test_every_second_stall_of_the_cluster_is_met_by_nothing_else():
    for seed in range(20):
        found = plan(seed, 1800, {**TARGETS, "stall": ["master"], "delay": ["messages"]})
        stalls = [fault for fault in found if fault.kind == "stall"][1::2]
        assert len(stalls) >= 5
        for stall in stalls:
            others = [fault for fault in found if fault is not stall]
            before = [one for one in others if one.at < stall.at]
            assert all(
                one.at + one.seconds <= stall.at - QUIET_BEFORE_A_STALL + 0.02 for one in before
            )
            assert all(one.at >= stall.at + stall.seconds for one in others if one.at > stall.at)


def test_every_person_has_steps_of_their_own():
    ada = list(islice(steps(1, "ada", people.MIX), 300))
    assert ada == list(islice(steps(1, "ada", people.MIX), 300))
    assert ada != list(islice(steps(1, "bob", people.MIX), 300))
    assert {step.word for step in ada} == set(people.MIX)


def test_administrators_do_all_they_can():
    found = list(islice(steps(1, "root1", administrators.MIX), 300))
    assert {step.word for step in found} == set(administrators.MIX)
