"""A real master dies with the answer to a submission, and a candidate takes over: one job.

The dispatcher knows nothing of the first master's answer; it finds the job on the new master by
its reason. The master's folder is lost with it: what is found is the candidate's copy.
"""

import json

import pytest

from synnefo import wiring
from synnefo.db.models import Intent
from synnefo.dispatcher.submission import Submitter
from synnefo.intents import submission
from synnefo.rapi.client import RapiCluster
from tests.conformance.own_cluster import PASSWORD, USER, own_cluster
from tests.integration.spine.conftest import Rings
from tests.integration.spine.spine import Spine
from tests.system.cloud import wait_until

pytestmark = [pytest.mark.system, pytest.mark.django_db]
NODES = 2


@pytest.fixture(scope="module")
def cluster():
    with own_cluster(NODES, hooks=False) as made:
        yield made


@pytest.fixture
def world(db, cluster):
    with wiring.replace(doorbell=Rings()):
        made = Spine()
        url = f"https://127.0.0.1:{cluster.port}"
        made.cluster = RapiCluster(url, USER, PASSWORD, cluster.settings.tls.ca)
        yield made
        made.cluster.close()


def _submit(world):
    """What a dispatcher does until all have jobs; time goes by in between."""
    world.submitter = Submitter(lambda _: world.cluster, world.clock, "snf", inline=True)

    def done():
        world.dispatch(1)
        world.clock.ahead += 3
        return not submission.anything_to_do()

    wait_until(done, "all intents have jobs", 90)


def _jobs(cluster, intent):
    paths = (*cluster.queue.glob("job-*"), *cluster.queue.glob("archive/*/job-*"))
    return [path for path in paths if f"intent={intent.uuid}" in json.dumps(path.read_text())]


def test_the_job_is_found_on_the_candidate_that_took_over(world, cluster):
    world.create("first")
    _submit(world)  # The network is there from now on.
    intent = Intent.objects.get(server=world.create("second"))
    world.submitter.round()  # It is accepted, and whoever asked forgets the answer.
    [accepted] = _jobs(cluster, intent)
    cluster.kill("master")
    cluster.queue.rename(cluster.queue.with_name("lost with its machine"))
    taken = cluster.command("gnt-cluster", "master-failover", "--node", cluster.nodes[1])
    assert taken.returncode == 0, taken.stderr
    cluster.start_master()
    world.clock.ahead += 60  # The lease of the dispatcher that forgot.
    _submit(world)
    intent.refresh_from_db()
    assert intent.job_id == int(accepted.name.removeprefix("job-"))
    assert [path.name for path in _jobs(cluster, intent)] == [accepted.name]
