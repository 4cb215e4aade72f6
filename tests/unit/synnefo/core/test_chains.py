"""Wishes of several jobs by the rules alone: each part once, and never after somebody took over."""

from dataclasses import dataclass, field

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synnefo.core import server_reports
from synnefo.core.server_actions import ACTIONS
from synnefo.core.server_states import JobStatus
from tests.unit.synnefo.core.convergence import OF_ACTION, Backend, Frontend, Job, at_rest, new

CHAINS = (
    ["resize", "resize_restart"],
    ["rebuild_stop", "rebuild", "rebuild_start"],
    ["rescue_stop", "rescue_add", "rescue_start"],
    ["shelve_stop", "shelve_save"],
)
OUTCOMES = ["done", "done", "done", "done", "refused", "canceled"]
MANY = settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],  # Machines are shared.
)


@dataclass
class Chained(Frontend):
    """As `observations/chains.py` goes on; `recorded` are the parts that wait for their job."""

    then: dict[int, list[str]] = field(default_factory=dict)
    recorded: list[tuple[int, str]] = field(default_factory=list)
    every: list[str] = field(default_factory=list)

    def record(self, intent, actions):
        first, *self.then[intent] = actions
        self.wish(intent, first)
        self.recorded.append((intent, first))
        self.every.append(first)

    def deliver(self, message):
        intent, task = message.job.intent, self.known.task
        action = self.intents.get(intent)
        super().deliver(message)
        ended = action is not None and intent not in self.intents
        good = message.status is JobStatus.SUCCESS
        rest = self.then.get(intent)
        if ended and good and rest and task is ACTIONS[action].task:
            self.record(intent + 100, rest)


def _begun():
    frontend, backend = new(), Backend()
    chained = Chained(frontend.known, intents=frontend.intents, jobs=frontend.jobs)
    chained.deliver(backend.run(Job(1, server_reports.CREATE, 0, "done")))
    return chained, backend


def _run_one(chained, backend, number, outcome):
    """The oldest part becomes a job, which ends."""
    intent, action = chained.recorded.pop(0)
    chained.jobs[intent] = number
    return backend.run(Job(number, OF_ACTION[action], intent, outcome))


@MANY
@given(
    st.sampled_from(CHAINS),
    st.lists(st.sampled_from(OUTCOMES), min_size=8, max_size=8),
    st.randoms(use_true_random=False),
    st.booleans(),
)
def test_each_part_once_whatever_becomes_of_the_messages(chain, outcomes, chance, deleted):
    chained, backend = _begun()
    chained.record(1, chain)
    told, number = [], 1
    for outcome in outcomes:
        number += 1
        if chained.recorded:
            told.append(_run_one(chained, backend, number, outcome))
        if deleted and chance.random() < 0.2 and 50 not in chained.then:
            chained.record(50, ["delete"])
        for message in chance.choices(told, k=chance.randrange(4)) if told else []:
            chained.deliver(message)
        if chance.random() < 0.3:
            chained.turn(backend)
    for _ in range(8):
        number += 1
        if chained.recorded:
            _run_one(chained, backend, number, "done")  # Nobody is told of it.
        chained.turn(backend)
    assert not chained.turn(backend)
    at_rest(chained, backend)
    assert len(set(chained.every)) == len(chained.every)
    parts = [action for action in chained.every if action in chain]
    assert parts == chain[: len(parts)]
