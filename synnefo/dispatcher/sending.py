"""One attempt to make a job of an intent. No transaction is open while a cluster is asked.

Before a second attempt the cluster is asked for a job of this intent: its id is in the reason.
"""

from __future__ import annotations

from datetime import timedelta

from synnefo.core import naming
from synnefo.core.messages import FINAL_STATUSES, Origin
from synnefo.core.server_states import ServerState
from synnefo.db.models import Intent
from synnefo.dispatcher import jobs
from synnefo.dispatcher.instances import networks_of
from synnefo.dispatcher.networks import NetworkPreparer
from synnefo.dispatcher.outcomes import Gone, Later, Outcome, Refused, Submitted
from synnefo.intents.submission import LOOKS_AFTER_A_CLAIM, LOOKS_AFTER_SILENCE, Claim
from synnefo.ports import (
    Clock,
    Cluster,
    ClusterBusy,
    ClusterDenied,
    ClusterRefused,
    ClusterUnreachable,
    NotFound,
)

SETTLE = 2.0  # Between two looks: a request may still be on its way.
SETTLE_AFTER_SILENCE = 6.0
NETWORK_SOON = 0.2
NEEDING_NETWORKS = frozenset({"create", "attach_port", "readdress_port"})
BUILD_SOON = 5.0
LONGEST_PAUSE = 30.0
PATIENCE = {"create": timedelta(minutes=30), "delete": timedelta(days=1)}
PATIENCE_ELSE = timedelta(minutes=10)


class Sender:
    """Asks clusters; shared by threads."""

    def __init__(self, clock: Clock, prefix: str) -> None:
        self._clock = clock
        self._prefix = prefix
        self._networks = NetworkPreparer(clock, prefix)

    def send(self, claim: Claim, cluster: Cluster, until: float) -> Outcome:
        """Submit unless a job exists already; nothing is sent after `until` (monotonic)."""
        intent, looks = claim.intent, claim.looks_needed
        try:
            if looks and (outcome := self._look(intent, looks, cluster)) is not None:
                return outcome
            looks = 0
            if (outcome := self._prepare(intent, cluster)) is not None:
                return outcome
        except (ClusterUnreachable, ClusterRefused) as error:
            # Looks in a row count: while nobody could be asked, something may have arrived.
            again = max(looks, LOOKS_AFTER_A_CLAIM) if looks else 0
            return self._later(intent, str(error), looks=again)
        if self._clock.monotonic() > until:
            return Later(0.0, 0, "the claim ran out before it was sent")
        if claim.looks_needed and intent.cause and self._waited_too_long(intent):
            # Now it is certain that what was tried before made no job.
            return Refused(self._not_taken(intent, intent.cause))
        return self._submit(intent, cluster)

    def _look(self, intent: Intent, looks: int, cluster: Cluster) -> Outcome | None:
        """Its job, or when to look again; None when it is certain that there is none."""
        began = self._clock.monotonic()
        job_id = cluster.find_job_by_reason(f"synnefo:intent={intent.uuid}", intent.since_job)
        if job_id is not None:
            return Submitted(job_id)
        if looks == 1:
            return None
        pause = SETTLE if looks <= LOOKS_AFTER_A_CLAIM else SETTLE_AFTER_SILENCE
        # Where looks take long, jobs take long to be accepted.
        pause = max(pause, 2 * (self._clock.monotonic() - began))
        return Later(pause, looks - 1, intent.cause or "looking for its job")

    def _prepare(self, intent: Intent, cluster: Cluster) -> Outcome | None:
        server = intent.server
        if intent.action in NEEDING_NETWORKS and server.backend_id is not None:
            wanted = networks_of(server)
            if not self._networks.ready(server.backend_id, cluster, wanted, origin(intent, False)):
                return Later(NETWORK_SOON, 0, "its network is being made on the backend")
        if intent.action == "delete" and server.state in {ServerState.ERROR, ServerState.BUILD}:
            # What failed to be built may have left nothing to remove; what was given up may come.
            building = self._build_under_way(server.pk, cluster)
            try:
                cluster.instance(naming.instance_name(self._prefix, server.pk))
            except NotFound:
                if building is not None:
                    return Later(BUILD_SOON, 0, f"its build, job {building}, has not ended")
                return Gone()
        return None

    @staticmethod
    def _build_under_way(server_id: int, cluster: Cluster) -> int | None:
        """The job of a creation that has not ended, though its intent may have."""
        create = Intent.objects.filter(server=server_id, action="create").last()
        if create is None or not create.attempts:
            return None
        job_id = create.job_id
        if job_id is None:
            text = f"synnefo:intent={create.uuid}"
            job_id = cluster.find_job_by_reason(text, create.since_job)
        try:
            ended = job_id is None or cluster.job(job_id).status in FINAL_STATUSES
        except NotFound:
            ended = True
        return None if ended else job_id

    def _submit(self, intent: Intent, cluster: Cluster) -> Outcome:
        try:
            return Submitted(self._ask(intent, cluster))
        except ClusterUnreachable as error:
            looks = LOOKS_AFTER_A_CLAIM if error.perhaps_done else 0
            looks = LOOKS_AFTER_SILENCE if error.silent else looks
            return self._later(intent, str(error), looks=looks)
        except ClusterBusy as error:
            # It says that it did nothing; looking once costs less than believing that.
            return self._later(intent, str(error), looks=1)
        except ClusterDenied as error:
            return self._later(intent, str(error), looks=0)
        except NotFound as error:
            return Gone() if intent.action == "delete" else Refused(error.message)
        except ClusterRefused as error:
            self._networks.forget(intent.server.backend_id or 0)
            return Refused(error.message)

    def _ask(self, intent: Intent, cluster: Cluster) -> int:
        return jobs.submit(jobs.Order(intent, cluster, self._prefix, origin(intent).text()))

    def _later(self, intent: Intent, cause: str, *, looks: int) -> Outcome:
        """Again after a growing pause; what has waited too long without a job has failed."""
        if not looks and self._waited_too_long(intent):
            return Refused(self._not_taken(intent, cause))
        pause = min(LONGEST_PAUSE, 0.5 * 2 ** min(intent.attempts, 10))
        return Later(max(pause, SETTLE if looks else 0), looks, cause, backend_away=True)

    def _waited_too_long(self, intent: Intent) -> bool:
        return self._clock.now() - intent.created_at > _patience(intent)

    @staticmethod
    def _not_taken(intent: Intent, cause: str) -> str:
        return f"The backend did not take it within {_patience(intent)}: {cause}"


def _patience(intent: Intent) -> timedelta:
    return PATIENCE.get(intent.action, PATIENCE_ELSE)


def origin(intent: Intent, with_intent: bool = True) -> Origin:
    """Who caused a job. Jobs that only prepare another one do not carry the intent's id."""
    return Origin(
        intent=str(intent.uuid) if with_intent else None,
        request=intent.request_id,
        actor=str(intent.arguments.get("actor") or ""),
    )
