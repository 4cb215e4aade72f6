"""The database converges to the backend, whatever becomes of the messages.

Jobs run in the order of their ids where a test does not say otherwise. Not shown here: cards,
sizes and disks, which every look at the backend compares whole.
"""

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synnefo.core import server_reports
from tests.unit.synnefo.core.convergence import OF_ACTION, Backend, Frontend, Job, at_rest, new

MANY = settings(
    max_examples=500,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],  # Machines are shared.
)
ADMINISTRATORS = [
    "OP_INSTANCE_STARTUP",
    "OP_INSTANCE_SHUTDOWN",
    "OP_INSTANCE_REBOOT",
    "OP_INSTANCE_SET_PARAMS",
    "OP_INSTANCE_MIGRATE",
    "OP_INSTANCE_REMOVE",
]
OUTCOMES = ["done", "done", "done", "refused", "broken", "canceled"]
STEPS = st.lists(
    st.tuples(
        st.sampled_from([*ADMINISTRATORS, "start", "stop", "reboot", "delete"]),
        st.sampled_from(OUTCOMES),
    ),
    max_size=6,
)
CREATION = st.sampled_from(OUTCOMES)
CHOICES = st.lists(st.integers(0, 9999), max_size=24)


def _jobs(creation: str, steps: list[tuple[str, str]]) -> list[Job]:
    """The creation is job 1 and intent 0; what a user asked for carries an intent, too."""
    jobs = [Job(1, server_reports.CREATE, 0, creation)]
    for number, (what, outcome) in enumerate(steps, 2):
        intent = number if what in OF_ACTION else None
        jobs.append(Job(number, OF_ACTION.get(what, what), intent, outcome))
    return jobs


def _wishes(frontend: Frontend, steps: list[tuple[str, str]]) -> None:
    for number, (what, _) in enumerate(steps, 2):
        if what in OF_ACTION:
            frontend.wish(number, what)
            frontend.jobs[number] = number


def _as_if_in_order(creation: str, steps: list[tuple[str, str]]) -> tuple[Frontend, Backend]:
    """Nothing lost, nothing late: what everybody else has to come to."""
    frontend, backend = new(), Backend()
    _wishes(frontend, steps)
    for job in _jobs(creation, steps):
        frontend.deliver(backend.run(job))
    _calm(frontend, backend)
    return frontend, backend


def _calm(frontend: Frontend, backend: Backend, forgotten: set[int] | None = None) -> None:
    """One turn repairs; a second one finds nothing."""
    frontend.turn(backend, forgotten)
    assert not frontend.turn(backend, forgotten)
    at_rest(frontend, backend)


@MANY
@given(CREATION, STEPS, st.randoms(use_true_random=False), st.integers(1, 2))
def test_any_order_and_number_of_messages_comes_to_the_same(creation, steps, chance, copies):
    """Without loss, no periodic look is needed: only those that doubts ask for."""
    expected, _ = _as_if_in_order(creation, steps)
    frontend, backend = new(), Backend()
    _wishes(frontend, steps)
    messages = [backend.run(job) for job in _jobs(creation, steps)] * copies
    chance.shuffle(messages)
    for message in messages:
        frontend.deliver(message)
    if frontend.doubted:
        frontend.turn(backend)
    at_rest(frontend, backend)
    same = replace(frontend.known, seen=expected.known.seen, launched=expected.known.launched)
    assert same == expected.known
    assert frontend.charged == expected.charged


@MANY
@given(CREATION, STEPS, CHOICES, st.sets(st.integers(1, 7)))
def test_loss_repetition_and_looks_in_between(creation, steps, choices, forgotten):
    """Each choice lets a job run, a message arrive (again), a look begin, an old one be used, or a
    wish be given up.
    """
    frontend, backend = new(), Backend()
    _wishes(frontend, steps)
    waiting, messages, looks = _jobs(creation, steps), [], []
    for choice in choices:
        kind, which = choice % 6, choice // 6
        if kind in {0, 1} and waiting:
            messages.append(backend.run(waiting.pop(0)))
        elif kind == 2 and messages:
            frontend.deliver(messages[which % len(messages)])
        elif kind == 3:
            looks.append(frontend.look(backend))
        elif kind == 4 and looks:
            frontend.repair(looks[which % len(looks)])
        elif kind == 5 and which % 3 == 0:
            frontend.give_up(which)
    for job in waiting:
        messages.append(backend.run(job))
    _calm(frontend, backend, forgotten)
    for choice in choices[::-1]:  # Very late ones.
        frontend.deliver(messages[choice % len(messages)])
    _calm(frontend, backend, forgotten)


@MANY
@given(CREATION, STEPS, CHOICES, st.randoms(use_true_random=False))
def test_jobs_that_overtake_each_other(creation, steps, choices, chance):
    """A backend may run a later job first: then the order of ids is not the order of deeds."""
    frontend, backend = new(), Backend()
    _wishes(frontend, steps)
    jobs = _jobs(creation, steps)
    chance.shuffle(jobs)
    messages = [backend.run(job) for job in jobs]
    for choice in choices:
        frontend.deliver(messages[choice % len(messages)])
    _calm(frontend, backend)


@MANY
@given(CREATION, STEPS, st.randoms(use_true_random=False))
def test_whoever_sees_an_overtaking_has_a_doubt(creation, steps, chance):
    """Messages in the order of deeds: where ids say otherwise, one look at once is enough."""
    frontend, backend = new(), Backend()
    _wishes(frontend, steps)
    jobs = _jobs(creation, steps)
    chance.shuffle(jobs)
    for job in jobs:
        frontend.deliver(backend.run(job))
    if frontend.doubted:
        frontend.turn(backend)
    at_rest(frontend, backend)


@MANY
@given(st.lists(st.sampled_from(ADMINISTRATORS), min_size=3, max_size=6), CHOICES)
def test_what_was_heard_since_a_look_began_wins(operations, choices):
    frontend, backend = new(), Backend()
    jobs = _jobs("done", [(one, "done") for one in operations])
    messages = [backend.run(job) for job in jobs]
    for choice in choices:
        look = frontend.look(backend)
        frontend.deliver(messages[choice % len(messages)])
        heard = frontend.known
        frontend.repair(look)
        assert heard.seen == look.seen or frontend.known.state is heard.state


@MANY
@given(CREATION, STEPS, st.lists(st.booleans(), max_size=4), CHOICES)
def test_what_happens_without_a_job_is_found_by_looking(creation, steps, powers, choices):
    """Guests power off, hosts restart them, somebody uses the hypervisor's own tools."""
    frontend, backend = new(), Backend()
    _wishes(frontend, steps)
    messages = [backend.run(job) for job in _jobs(creation, steps)]
    for choice in choices:
        frontend.deliver(messages[choice % len(messages)])
    for up in powers:
        backend.running = backend.exists and up
        stale = frontend.look(backend)
        frontend.turn(backend)
        frontend.repair(stale)
    _calm(frontend, backend)


@MANY
@given(CREATION, STEPS, CHOICES)
def test_every_message_twice_equals_once(creation, steps, choices):
    frontend, backend = new(), Backend()
    _wishes(frontend, steps)
    messages = [backend.run(job) for job in _jobs(creation, steps)]
    for choice in choices:
        message = messages[choice % len(messages)]
        frontend.deliver(message)
        once = frontend.known, frontend.charged
        frontend.deliver(message)
        assert (frontend.known, frontend.charged) == once
