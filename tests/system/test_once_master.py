"""Dispatchers are killed over a real master, and the master itself: one job per intent.

The clock is the machine's: between two looks for a job there is the time that a request may need.
"""

import pytest
from django.db import connections

from synnefo import wiring
from synnefo.db.models import Intent
from synnefo.dispatcher.submission import Submitter
from synnefo.intents import submission
from synnefo.rapi.client import RapiCluster
from tests.conformance.own_cluster import PASSWORD, USER, own_cluster
from tests.integration.once.conftest import (  # noqa: F401  # Fixtures of what is killed.
    quick_folder,
    sqlite_file,
)
from tests.integration.once.crashing import Child
from tests.integration.spine.conftest import Rings
from tests.integration.spine.spine import Spine
from tests.system.cloud import wait_until

pytestmark = [pytest.mark.system, pytest.mark.django_db(transaction=True)]
NODES = 2
KILLS, EVERY = 24, 23  # At lines 23, 46 and so on of what each dispatcher executes.
SOON = 120


class World(Spine):
    """The spine over a real master."""

    def __init__(self, cluster) -> None:
        super().__init__()
        self.url = f"https://127.0.0.1:{cluster.port}"
        self.proof = cluster.settings.tls.ca
        self.clock = wiring.SystemClock()
        self.dial()

    def dial(self) -> None:
        self.cluster = RapiCluster(self.url, USER, PASSWORD, self.proof)

    def submit(self) -> None:
        """What a dispatcher does until all intents have jobs."""
        submitter = Submitter(lambda _: self.cluster, self.clock, "snf", inline=True)

        def done():
            submitter.round()
            submitter.record()
            return not submission.actions_to_do()

        wait_until(done, "all intents have jobs", SOON)

    def hang_up(self) -> None:
        """Children must not talk over connections of their parent."""
        connections.close_all()
        self.cluster.close()
        self.dial()


@pytest.fixture(scope="module")
def cluster():
    with own_cluster(NODES, hooks=False) as made:
        yield made


@pytest.fixture
def world(sqlite_file, cluster):  # noqa: F811  # A fixture.
    with wiring.replace(doorbell=Rings()):
        made = World(cluster)
        made.create("first")
        made.submit()  # The network is there from now on.
        yield made
        made.cluster.close()


def _wait_for_jobs(cluster):
    """While a job writes its state anew, a look into the folder may pass its file by."""

    def ended():
        jobs = cluster.rapi().ask("GET", "/2/jobs?bulk=1").body
        return {job["status"] for job in jobs} <= {"success", "error", "canceled"}

    wait_until(ended, "all jobs have ended", SOON)


def _jobs(cluster, intent):
    kept = "job-*[0-9]"  # Not those that are being written.
    paths = (*cluster.queue.glob(kept), *cluster.queue.glob(f"archive/*/{kept}"))
    return [path.name for path in paths if f"intent={intent.uuid}" in path.read_text()]


def test_each_dispatcher_is_killed_and_the_next_one_goes_on(world, cluster):
    killed = 0
    for number in range(1, KILLS + 1):
        world.create(str(number), networks="none")
        world.hang_up()
        killed += Child(world.submit, number * EVERY).killed
    assert killed > KILLS / 2
    world.submit()
    _wait_for_jobs(cluster)
    found = {str(intent): _jobs(cluster, intent) for intent in Intent.objects.all()}
    assert len(found) == KILLS + 1
    assert {len(jobs) for jobs in found.values()} == {1}, found


def test_the_job_is_found_on_the_candidate_that_took_over(world, cluster):
    """The old master's folder is lost with it: what is found is the candidate's copy."""
    intent = Intent.objects.get(server=world.create("second"))
    forgetting = Submitter(lambda _: world.cluster, world.clock, "snf", inline=True)
    forgetting.round()  # It is accepted, and the answer is never recorded.
    [accepted] = _jobs(cluster, intent)
    Intent.objects.filter(pk=intent.pk).update(claimed_until=world.clock.now())
    cluster.kill("master")
    cluster.queue.rename(cluster.queue.with_name("lost with its machine"))
    taken = cluster.command("gnt-cluster", "master-failover", "--node", cluster.nodes[1])
    assert taken.returncode == 0, taken.stderr
    cluster.start_master()
    world.submit()
    intent.refresh_from_db()
    assert intent.job_id == int(accepted.removeprefix("job-"))
    assert _jobs(cluster, intent) == [accepted]
