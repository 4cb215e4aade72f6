"""A dispatcher that is killed between any two lines of a submission: one job per intent.

Each case is killed before its first line, its second, and so on until it comes to its end. Another
dispatcher then does the rest, the events are taken in, and everything is counted.
"""

from __future__ import annotations

import copy
import gc
from collections.abc import Callable

import pytest
from django.db import connection

from synnefo.db.models import Intent
from synnefo.dispatcher.submission import Submitter
from synnefo.intents import submission
from tests.integration.once.crashing import Child, crashes
from tests.integration.once.named_cluster import NamedCluster
from tests.integration.spine.spine import Spine

pytestmark = pytest.mark.django_db(transaction=True)
DEAD = "elsewhere:1:1"  # Of another machine: only its lease tells that it is gone.


class World(Spine):
    """The spine over real sockets; dispatchers have the names of their processes."""

    def __init__(self, rapi) -> None:
        super().__init__()
        self.rapi = rapi
        self.cluster = NamedCluster(rapi.url, "synnefo", "x")

    def hang_up(self) -> None:
        """Children must not talk over connections of their parent."""
        self.cluster.close()
        self.cluster = NamedCluster(self.rapi.url, "synnefo", "x")

    def start_dispatcher(self) -> None:
        self.submitter = Submitter(lambda _: self.cluster, self.clock, "snf", inline=True)

    def submit(self) -> None:
        """What one dispatcher does until its intents have jobs."""
        self.start_dispatcher()
        for _ in range(4):
            self.submitter.round()
            self.submitter.record()
            self.clock.ahead += 0.3
            if not submission.actions_to_do():
                return

    def recover(self) -> None:
        """Another dispatcher, and the events of all jobs; then everything is counted."""
        self.start_dispatcher()
        for _ in range(40):
            self.dispatch(2)
            self.deliver(self.events())
            if not Intent.objects.filter(state__in=Intent.UNFINISHED).exists():
                break
            self.clock.ahead += 5
        self.audit()


@pytest.fixture
def world(database, rapi):
    made = World(rapi)
    yield made
    made.cluster.close()


def _active(world):
    server = world.create()
    world.submit()
    world.deliver(world.events())
    return server


def create(world):
    _active(world)
    world.create()


def first_create(world):
    """Its network is made before."""
    world.create()


def create_several(world):
    _active(world)
    for number in range(3):
        world.create(str(number))


def stop(world):
    world.act(_active(world), "stop")


def delete(world):
    world.delete(_active(world))


def delete_what_was_never_made(world):
    world.delete(world.create())


def job_of_the_dead(world):
    """Who was killed before had sent it, and told nobody."""
    _active(world)
    world.create()
    world.start_dispatcher()
    world.submitter._worker = DEAD
    world.submitter.round()


def claim_of_the_dead(world):
    """Who was killed before had sent nothing."""
    _active(world)
    world.create()
    submission.claim(DEAD, world.clock.now(), 10)


CASES = {  # How many jobs carry an intent in the end, and of which lines it is killed.
    create: (2, 1),
    delete: (2, 11),
    job_of_the_dead: (2, 9),
    first_create: (1, 29),
    create_several: (4, 41),
    stop: (2, 9),
    delete_what_was_never_made: (0, 15),
    claim_of_the_dead: (2, 31),
}


def _finish_of(world) -> Callable[[], None]:
    def finish() -> None:
        # The lease of a dispatcher on another machine runs out.
        world.clock.ahead += 60
        for _ in range(3):
            world.submit()
            world.clock.ahead += 3

    return finish


@pytest.fixture
def frozen_objects():
    """A fork is cheap as long as nobody touches what it shares."""
    gc.collect()
    gc.freeze()
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()


@pytest.mark.system  # Hundreds of processes are killed, too many for the fast tests.
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
@pytest.mark.usefixtures("frozen_objects")
def test_killed_before_any_line(world, database, rapi, case):
    case(world)
    expected, step = CASES[case]
    if connection.vendor != "sqlite":
        step = max(step, 120)  # Putting back costs much more there.
    again = _finish_of(world) if case.__name__.endswith("of_the_dead") else world.submit
    world.hang_up()
    database.keep()
    kept = copy.deepcopy(rapi.queue)

    def restore():
        database.restore()
        rapi.restore(kept)

    left = {}
    points = 0
    for place in crashes(again, restore, step):
        points += 1
        rapi.settle()  # What was sent in the last moment arrives before anybody looks for it.
        state = f"{database.content()}\n{rapi.queue}"
        if state in left:
            continue  # The same was left by another kill, and recovered from.
        left[state] = place
        recovered = Child(world.recover)
        assert recovered.code == 0, f"killed at {place}\n{recovered.said}"
        jobs = [op for op in rapi.queue.jobs.values() if "intent=" in op["reason"][0][1]]
        assert len(jobs) == expected, f"killed at {place}: {jobs}"
    print(f"{case.__name__}: {points} kills left {len(left)} different states")
    assert points > (15 if connection.vendor == "sqlite" else 0)
