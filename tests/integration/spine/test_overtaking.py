"""A deletion has the backend cancel what is under way, once each and on the backend it is meant."""

from __future__ import annotations

from synnefo import wiring
from synnefo.db.models import Backend, Intent, Server
from synnefo.ports import ClusterUnreachable
from synnefo.rapi.fake import FakeCluster
from tests.integration.spine.spine import Spine


class Deaf(FakeCluster):
    """Remembers what it is to cancel, and cannot be reached for that at first."""

    def __init__(self, name: str, failures: int = 0) -> None:
        super().__init__(name)
        self.asked: list[int] = []
        self.failures = failures

    def cancel(self, job_id: int) -> bool:
        self.asked.append(job_id)
        if len(self.asked) <= self.failures:
            raise ClusterUnreachable("it does not answer")
        return super().cancel(job_id)


class Two(Spine):
    """The spine with two clusters, whose jobs have the same numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.clusters = {self.backend.pk: Deaf("cluster.fake")}
        second = Backend.objects.create(
            name="second.fake", url="https://y", username="x", password_encrypted="x"
        )
        self.clusters[second.pk] = Deaf("second.fake")
        self.submitter._clusters = lambda backend: self.clusters[backend.pk]

    def waiting_create(self, backend_id: int) -> Server:
        """A server whose job waits in the queue of this backend, which knows the network."""
        Backend.objects.update(drained=True)
        Backend.objects.filter(pk=backend_id).update(drained=False)
        self.cluster = self.clusters[backend_id]
        self._published_jobs.clear()
        self.create("other")
        self.settle()
        self.cluster.holding = True
        server = self.create()
        self.dispatch()
        return server


def job_of(server: Server) -> int | None:
    return Intent.objects.get(server=server, action="create").job_id


def test_jobs_of_two_backends_may_have_one_number(db, doorbell):
    with wiring.replace(doorbell=doorbell):
        spine = Two()
        servers = [spine.waiting_create(one) for one in spine.clusters]
        (number,) = {job_of(one) for one in servers}
        for server in servers:
            spine.delete(server)
        spine.dispatch()
        spine.dispatch()
    assert [one.asked for one in spine.clusters.values()] == [[number], [number]]


def test_what_could_not_be_asked_is_asked_again(spine):
    spine.cluster = Deaf("cluster.fake", failures=1)
    spine.create("other")
    spine.settle()
    spine.cluster.holding = True
    server = spine.create()
    spine.dispatch()
    spine.delete(server)
    spine.dispatch(1)
    assert len(spine.cluster.asked) == 1
    spine.clock.ahead += 10
    spine.dispatch()
    assert spine.cluster.asked == [job_of(server)] * 2
    assert spine.cluster.job(job_of(server)).status == "canceled"
