"""A cloud in one process: rows, a fake cluster, and its events as an event daemon sends them."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from synnefo.core import messages
from synnefo.core.caller import Caller
from synnefo.core.naming import instance_name
from synnefo.db.models import (
    Address,
    Backend,
    Commission,
    Domain,
    Flavor,
    Image,
    Intent,
    Network,
    Project,
    QuotaLimit,
    QuotaUsage,
    Server,
    Subnet,
    User,
)
from synnefo.dispatcher.consumer import Consumer
from synnefo.dispatcher.submission import Submitter
from synnefo.intents.compute import servers
from synnefo.intents.server_request import ServerRequest
from synnefo.ports import Delivery
from synnefo.rapi.fake import FakeCluster
from synnefo.reconciler.loop import Reconciler
from synnefo.reconciler.overdue import as_messages
from tests.integration.api.world import added


class Killed(BaseException):
    """The process dies here."""


class TestClock:
    """The machine's clock, moved on by tests."""

    __test__ = False

    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> datetime:
        return timezone.now() + timedelta(seconds=self.ahead)

    def monotonic(self) -> float:
        return self.now().timestamp()


class DyingCluster(FakeCluster):
    """Dies before or after the next submission, once."""

    die: str = ""

    def _submit(self, *arguments: Any) -> int:
        if self.die == "before":
            self.die = ""
            raise Killed
        job = super()._submit(*arguments)
        if self.die == "after":
            self.die = ""
            raise Killed
        return job


class Spine:
    """Everything between a user's wish and the backend."""

    def __init__(self) -> None:
        now = timezone.now()
        domain = added(Domain, id="default", name="Default")
        self.project = added(Project, domain=domain, name="demo")
        self.user = added(User, domain=domain, name="demo", password="!")
        self.caller = Caller(
            self.user.id, "demo", self.project.id, "demo", frozenset({"member"}), "req-1"
        )
        for resource in ("instances", "cores", "ram"):
            added(QuotaLimit, project=self.project, resource=resource, limit=1_000_000)
        self.flavor = added(Flavor, flavor_id="1", name="m1.tiny", vcpus=1, ram=128, disk=1)
        self.huge = added(Flavor, flavor_id="99", name="huge", vcpus=1, ram=40_000, disk=1)
        self.image = added(
            Image,
            project=self.project,
            name="tiny",
            status="active",
            visibility="public",
            disk_format="raw",
            container_format="bare",
            size=1000,
            created_at=now,
            updated_at=now,
        )
        self.network = added(
            Network,
            project=self.project,
            name="public",
            public=True,
            created_at=now,
            updated_at=now,
        )
        self.subnet = added(
            Subnet,
            network=self.network,
            cidr="10.9.0.0/24",
            gateway="10.9.0.1",
            pool_start="10.9.0.1",
            pool_end="10.9.0.20",
            created_at=now,
            updated_at=now,
        )
        self.cluster = DyingCluster("cluster.fake")
        self.backend = added(
            Backend, name="cluster.fake", url="https://x", username="x", password_encrypted="x"
        )
        self.clock = TestClock()
        self.submitter = self.new_dispatcher("first")
        self.reconciler = Reconciler(lambda _: self.cluster, self.clock, 30.0)
        self.published: list[messages.OpStatus] = []
        self._published_jobs: set[tuple[int, int, str]] = set()

    # --- users

    def request(self, name: str = "web", **changes: Any) -> ServerRequest:
        values: dict[str, Any] = {
            "name": name,
            "flavor_id": "1",
            "image_id": str(self.image.uuid),
            "networks": "auto",
        }
        return ServerRequest(**(values | changes))

    def create(self, name: str = "web", **changes: Any) -> Server:
        return servers.create(self.caller, self.request(name, **changes))

    def act(self, server: Server, action: str, **arguments: Any) -> Server:
        return servers.act(self.caller, str(server.uuid), action, arguments)

    def delete(self, server: Server) -> None:
        servers.delete(self.caller, str(server.uuid))

    # --- processes

    def new_dispatcher(self, name: str) -> Submitter:
        submitter = Submitter(lambda _: self.cluster, self.clock, "snf", inline=True)
        submitter._worker = name  # As if it were another process.
        return submitter

    def dispatch(self, rounds: int = 4) -> None:
        """Claim, send and record until nothing is left to do now."""
        for _ in range(rounds):
            self.submitter.round()
            self.submitter.record()
            self.clock.ahead += 0.3

    def events(self) -> list[messages.OpStatus]:
        """What the event daemon has to say that it has not said."""
        new = []
        for job_id in range(1, self.cluster.latest_job() + 1):
            for message in as_messages(self.cluster.job(job_id), self.cluster.name):
                key = (message.job_id, message.op_index, message.status)
                if key not in self._published_jobs:
                    self._published_jobs.add(key)
                    new.append(message)
        return new

    def deliver(self, some: list[messages.OpStatus]) -> None:
        consumer = Consumer(self.clock)
        for message in some:
            consumer.handle(Delivery("snf-events-op", "ganeti.snf.event.op", message.encode()))

    def settle(self) -> None:
        """Let both paths do their work."""
        self.dispatch()
        self.deliver(self.events())
        self.dispatch()
        self.deliver(self.events())

    # --- looking

    def state(self, server: Server) -> tuple[str, str | None]:
        server.refresh_from_db()
        return server.state, server.task

    def instance(self, server: Server) -> str:
        return instance_name("snf", server.pk)

    def instances(self) -> set[str]:
        return {one.name for one in self.cluster.instances()}

    def jobs_of(self, intent: Intent) -> list[int]:
        """All jobs that were made of an intent."""
        found = []
        for job_id in range(1, self.cluster.latest_job() + 1):
            for op in self.cluster.job(job_id).ops:
                if f"intent={intent.uuid}" in str(op.input.get("reason")):
                    found.append(job_id)
        return found

    def used(self) -> dict[str, int]:
        return dict(QuotaUsage.objects.values_list("resource", "used"))

    def audit(self) -> None:
        """What must hold whenever things are quiet."""
        assert not Intent.objects.filter(state__in=Intent.UNFINISHED).exists()
        for intent in Intent.objects.all():
            assert len(self.jobs_of(intent)) <= 1
            assert intent.state != Intent.State.FAILED or intent.cause
        living = Server.objects.exclude(state="DELETED")
        assert not living.exclude(task=None).exists()
        assert not living.filter(state="BUILD").exists()
        charged = living.exclude(state="ERROR").select_related("flavor")
        ledger = {
            "instances": len(charged),
            "cores": sum(one.flavor.vcpus for one in charged),
            "ram": sum(one.flavor.ram for one in charged),
        }
        used = {"instances": 0, "cores": 0, "ram": 0} | self.used()
        assert used == ledger
        assert not Commission.objects.filter(state="ISSUED").exists()
        assert Address.objects.count() == sum(one.ports.count() for one in living)
        assert self.instances() == {self.instance(one) for one in charged}


def shuffled(some: list[Any], seed: int) -> list[Any]:
    """Another order, with everything twice."""
    twice = some * 2
    random.Random(seed).shuffle(twice)
    return twice
