"""Each rule is seen to complain; a cloud in order is seen to pass."""

from dataclasses import replace

import pytest

from tests.chaos.audit import INVARIANTS, audit, counts, fair_windows
from tests.chaos.facts import (
    ActivityRow,
    AddressRow,
    Card,
    CommissionRow,
    Facts,
    InstanceRow,
    IntentRow,
    JobRow,
    ServerRow,
    VolumeRow,
)
from tests.chaos.journal import Accepted, Answer, Journal, Window

CARD = Card("snf-nic-1", "aa:00:00:00:00:01", "198.18.0.11", "snf-net-1")
SERVER = ServerRow(
    1, "u1", "p", "ACTIVE", None, placed=True, metadata={"round": "4"}, vcpus=1, ram=128,
    cards=(CARD,), disks=("snf-vol-1", "snf-vol-3"),
)  # fmt: skip
GONE = replace(SERVER, id=2, uuid="u2", state="DELETED", placed=False, cards=(), disks=())
TAKES = {"instances": 1, "cores": 1, "ram": 128}
BACK = {"instances": -1, "cores": -1, "ram": -128}


def in_order():
    """A server that runs, and one that came and went; an administrator rebooted the first."""
    facts = Facts(
        servers=[SERVER, GONE],
        intents=[
            IntentRow("i1", 1, "p", "create", "SUCCEEDED", 1, "", "r1", "k1"),
            IntentRow("i2", 2, "p", "create", "SUCCEEDED", 2, "", "r2", "k2"),
            IntentRow("i3", 2, "p", "delete", "SUCCEEDED", 3, "", "r3", None),
        ],
        activities=[ActivityRow(1, 4, "reboot", "gnt-instance")],
        commissions=[
            CommissionRow("p", 1, TAKES, "ACCEPTED"),
            CommissionRow("p", 2, TAKES, "ACCEPTED"),
            CommissionRow("p", 2, BACK, "ACCEPTED"),
        ],
        usage={"p": dict(TAKES)},
        addresses=[AddressRow(1, "198.18.0.11", 1)],
        volumes=[VolumeRow(3, "v3", "in-use", 1, 1), VolumeRow(4, "v4", "available", None)],
        instances=[
            InstanceRow("snf-1", 1, True, (CARD,), ("snf-vol-1", "snf-vol-3")),
            InstanceRow("root1-1", None, False),
        ],
        jobs=[
            JobRow(1, "success", "OP_INSTANCE_CREATE", "snf-1", 1, "i1", "ada"),
            JobRow(2, "success", "OP_INSTANCE_CREATE", "snf-2", 2, "i2", "ada"),
            JobRow(3, "success", "OP_INSTANCE_REMOVE", "snf-2", 2, "i3", "ada"),
            JobRow(4, "success", "OP_INSTANCE_REBOOT", "snf-1", 1, None, "gnt-instance"),
        ],
        backlog={"events": 0},
    )
    journal = Journal(
        accepted=[
            Accepted("ada", "create", "u1", key="k1"),
            Accepted("ada", "create", "u1", key="k1"),
            Accepted("ada", "create", "u2", key="k2"),
            Accepted("ada", "delete", "u2", "r3"),
            Accepted("ada", "metadata", "u1", count=4),
        ],
        made={"v3", "v4", "v5"},
        discarded={"v5"},
    )
    return facts, journal


def first(rows, **changes):
    rows[0] = replace(rows[0], **changes)


def test_a_cloud_in_order_passes():
    assert audit(*in_order()) == []
    assert counts([]) == dict.fromkeys(INVARIANTS, 0)


def test_a_deletion_may_be_repeated():
    facts, journal = in_order()
    journal.accepted.append(Accepted("ada", "delete", "u2", "r9"))
    assert audit(facts, journal) == []


def test_an_administrator_may_be_faster_with_a_removal():
    facts, journal = in_order()
    facts.intents[2] = replace(facts.intents[2], job=None)
    facts.jobs[2] = replace(facts.jobs[2], status="error", error="unknown_entity")
    assert audit(facts, journal) == []


BREAKS = {
    "an accepted server is not there": (1, lambda f, j: f.servers.pop(1)),
    "a key leads to another server": (1, lambda f, j: first(f.intents, server=2)),
    "an accepted wish has no intent": (
        1,
        lambda f, j: j.accepted.append(Accepted("ada", "reboot", "u1", "r9")),
    ),
    "an accepted deletion has no intent": (
        1,
        lambda f, j: j.accepted.append(Accepted("ada", "delete", "u1", "r9")),
    ),
    "accepted metadata is older": (1, lambda f, j: first(f.servers, metadata={"round": "3"})),
    "an intent has not ended": (1, lambda f, j: first(f.intents, state="SUBMITTED")),
    "a failure has no cause": (1, lambda f, j: first(f.intents, state="FAILED")),
    "a server is still being built": (1, lambda f, j: first(f.servers, state="BUILD")),
    "a task never ended": (1, lambda f, j: first(f.servers, task="rebooting")),
    "a volume is lost": (1, lambda f, j: f.volumes.pop()),
    "a volume never came to rest": (1, lambda f, j: first(f.volumes, status="detaching")),
    "a volume is at two servers": (2, lambda f, j: first(f.volumes, attachments=2)),
    "a volume is at no server": (3, lambda f, j: first(f.volumes, server=None)),
    "a volume outlives its server there": (3, lambda f, j: first(f.volumes, server=2)),
    "the disks differ": (3, lambda f, j: first(f.instances, disks=("snf-vol-1",))),
    "two jobs for one intent": (2, lambda f, j: f.jobs.append(replace(f.jobs[0], id=9))),
    "two servers for one key": (
        2,
        lambda f, j: j.accepted.append(Accepted("ada", "create", "u2", key="k1")),
    ),
    "a commission is open": (2, lambda f, j: first(f.commissions, state="ISSUED")),
    "usage is not the sum": (2, lambda f, j: f.usage["p"].update(ram=256)),
    "a server is charged twice": (2, lambda f, j: f.commissions.append(f.commissions[0])),
    "a deleted server is charged": (2, lambda f, j: f.commissions.pop()),
    "an address has two holders": (2, lambda f, j: f.addresses.append(f.addresses[0])),
    "an address is on two cards": (
        2,
        lambda f, j: f.instances.append(InstanceRow("snf-9", 9, True, (CARD,))),
    ),
    "an instance has no server": (
        3,
        lambda f, j: f.instances.append(InstanceRow("snf-2", 2, True)),
    ),
    "a server has no instance": (3, lambda f, j: f.instances.pop(0)),
    "the states differ": (3, lambda f, j: first(f.instances, running=False)),
    "the node does not answer": (3, lambda f, j: first(f.instances, running=None)),
    "the cards differ": (3, lambda f, j: first(f.instances, cards=())),
    "an address outlives its server": (3, lambda f, j: first(f.addresses, server=2)),
    "a job has not ended": (3, lambda f, j: first(f.jobs, status="running")),
    "a message is a dead letter": (5, lambda f, j: f.dead_letters.append("events: no JSON")),
    "messages wait": (6, lambda f, j: f.backlog.update(events=3)),
    "a success was not heard of": (
        6,
        lambda f, j: first(f.intents, state="FAILED", cause="Timed out."),
    ),
    "an intent knows another job": (6, lambda f, j: first(f.intents, job=None)),
    "an administrator's job is in no log": (7, lambda f, j: f.activities.clear()),
    "nobody did it": (7, lambda f, j: first(f.activities, actor="")),
    "a stranger was told": (8, lambda f, j: j.complain(8, "ada's list shows bob-1")),
}


@pytest.mark.parametrize("what", BREAKS)
def test_what_is_broken_is_complained_of(what):
    invariant, spoil = BREAKS[what]
    facts, journal = in_order()
    spoil(facts, journal)
    found = audit(facts, journal)
    assert invariant in {one.invariant for one in found}
    assert counts(found)[invariant] >= 1


def test_nobody_can_note_what_was_in_a_message_that_was_taken_away():
    facts, journal = in_order()
    facts.activities.clear()
    journal.lost.add(4)
    assert audit(facts, journal) == []


STANDS = Window("stall", "master", 100.0, 120.0)


def stand_still(reads, *others):
    facts, journal = in_order()
    journal.windows = [STANDS, *others]
    journal.reads = journal.writes = reads
    return facts, journal


def test_who_waited_for_a_frozen_cluster_is_found():
    slow = [Answer(101.0, 120.2, good=True)]
    assert counts(audit(*stand_still(slow)))[4] == 1
    assert counts(audit(*stand_still(slow)))[5] == 1


def test_one_answer_in_the_middle_is_enough():
    assert audit(*stand_still([Answer(101.0, 101.2, good=True)])) == []


def test_nobody_is_blamed_for_what_something_else_may_have_caused():
    slow = [Answer(101.0, 120.2, good=True)]
    assert audit(*stand_still(slow, Window("kill", "api", 95.0, 95.0))) == []
    frozen = Window("freeze", "dispatcher", 111.0, 113.0)
    assert counts(audit(*stand_still(slow, frozen))) == dict.fromkeys(INVARIANTS, 0) | {4: 1}


def test_a_stand_still_counts_only_when_somebody_asked():
    _, journal = stand_still([])
    assert list(fair_windows(journal, set(), journal.reads)) == []
    _, journal = stand_still([Answer(101.0, 101.1, good=True)])
    assert list(fair_windows(journal, set(), journal.reads)) == [STANDS]
