"""Intents → jobs: claim some, have them sent by the crews, commit what came of it in batches.

A kill at any point loses nothing: before the claim nothing happened; after it the lease runs out
and the job, if there is one, is found by its reason. The doorbell wakes the loop; by itself it
looks every five seconds only.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

from django.db import DatabaseError, InterfaceError, OperationalError, connection

from synnefo.db import rings
from synnefo.db.ended_connections import drop_ended
from synnefo.db.models import Backend
from synnefo.db.transactions import forgo_power_cuts, writing
from synnefo.dispatcher import metrics, workers
from synnefo.dispatcher.capacity import Capacities
from synnefo.dispatcher.crews import NO_BACKEND, Crews
from synnefo.dispatcher.outcomes import Gone, Later, Outcome, Refused, Submitted
from synnefo.dispatcher.sending import PATIENCE, Sender
from synnefo.intents import submission
from synnefo.intents.submission import Claim
from synnefo.observations import servers
from synnefo.ports import Clock, Cluster, ClusterError, ClusterUnreachable, Listening
from synnefo.telemetry import logs

log = logging.getLogger(__name__)

AT_ONCE = submission.MOST_AT_ONCE
LOOK_EVERY = 5.0
ASK_AGAIN_AFTER = 2.0
# Where several came at once more are on their way: each look costs much, one more intent little.
GATHER = 0.1
NEW_CONNECTION_AFTER = 1.0  # The database may be on its way back.
# When creations are looked at again that found room only where nobody can be asked just now: as the
# backend cannot be reached, or has enough to do.
REACHED_AGAIN, DONE_SOON = timedelta(seconds=1), timedelta(seconds=0.1)
SEND_WITHIN = 20.0  # Of the claim's lease; the rest is for the answer.
DATABASE_AWAY = (InterfaceError, OperationalError)
Clusters = Callable[[Backend], Cluster]


class Submitter:
    """The submitting half of a dispatcher."""

    def __init__(
        self, clusters: Clusters, clock: Clock, prefix: str, *, inline: bool = False
    ) -> None:
        self._clusters = clusters
        self._clock = clock
        self._worker = workers.own_name()
        self._sender = Sender(clock, prefix)
        self._crews = Crews(clock, inline=inline)
        self._capacities = Capacities(clusters, clock, self._crews)
        self._results: queue.SimpleQueue[tuple[Claim, Outcome] | None] = queue.SimpleQueue()
        self._canceled: set[tuple[int, int]] = set()  # backend and job: each counts its own
        self._held_back = False
        self._closing = threading.Event()
        self._looked_for_dead = -LOOK_EVERY

    # --- claiming

    def run(self, listening: Listening, stop: threading.Event) -> None:
        """Claim whenever somebody rings, until stopped."""
        recording = threading.Thread(target=self._record_until_closed, name="recording")
        recording.start()
        try:
            while not stop.is_set():
                self._look(listening, stop)
        finally:  # Also after a mistake: who waits for this thread to end starts the next one.
            self._crews.close()
            self._closing.set()
            self._results.put(None)
            recording.join()

    def _look(self, listening: Listening, stop: threading.Event) -> None:
        """Claim once, then wait for a ring or as long as nothing is due."""
        try:
            claimed = self.round()
            if 1 < claimed < AT_ONCE:
                stop.wait(GATHER)
            pause = 0.0 if claimed else self._pause()
        except DatabaseError:
            log.exception("the database did not answer; trying again")
            connection.close()
            pause = 1.0
        if listening.get(pause) is not None:
            while listening.get(0) is not None:
                continue  # One look answers all rings so far.

    def round(self) -> int:
        """Claim and hand out once; how many were claimed."""
        now, moment = self._clock.now(), self._clock.monotonic()
        if moment - self._looked_for_dead >= LOOK_EVERY:
            self._looked_for_dead = moment
            self._free_claims_of_the_dead()
        actions = submission.actions_to_do()
        if not actions:
            return 0
        self._cancel(submission.overtaken(now) if "delete" in actions else ())
        without = self._crews.unavailable()
        self._held_back = bool(without)
        again = REACHED_AGAIN if self._crews.resting() else DONE_SOON
        claims = submission.claim(self._worker, now, AT_ONCE, without, again)
        for claim in claims:
            self._hand_out(claim, moment + SEND_WITHIN)
        return len(claims)

    def _pause(self) -> float:
        pause = min(LOOK_EVERY, self._crews.shortest_rest(LOOK_EVERY))
        due = submission.next_due(self._clock.now())
        if due is not None:
            pause = min(pause, max(0.02, (due - self._clock.now()).total_seconds()))
        return pause

    def _free_claims_of_the_dead(self) -> None:
        if dead := workers.dead_among(submission.claimers()):
            submission.expire_claims_of(dead, self._clock.now())

    def _hand_out(self, claim: Claim, until: float) -> None:
        backend_id = claim.intent.server.backend_id or NO_BACKEND
        if claim.intent.action == "delete" and not claim.intent.server.placed:
            backend_id = NO_BACKEND
        self._crews.do(backend_id, lambda: self._attempt(claim, until))

    # --- sending, in the crews' threads

    def _attempt(self, claim: Claim, until: float) -> None:
        intent, begun = claim.intent, self._clock.monotonic()
        with logs.following(request=intent.request_id, intent=str(intent.uuid)):
            outcome = self._tried(claim, until)
        metrics.SUBMITTING.observe(self._clock.monotonic() - begun)
        metrics.SUBMISSIONS.labels(intent.action, type(outcome).__name__.lower()).inc()
        if isinstance(outcome, Later) and outcome.backend_away:
            self._crews.rest(intent.server.backend_id or NO_BACKEND, outcome.seconds)
        self._results.put((claim, outcome))

    def _tried(self, claim: Claim, until: float) -> Outcome:
        try:
            drop_ended()
            outcome = self._outcome(claim, until)
            job = outcome.job_id if isinstance(outcome, Submitted) else None
            what = f"{claim.intent.action} of server {claim.intent.server_id}"
            log.info("%s: %s", what, outcome, extra=logs.about(job=job))
        except DATABASE_AWAY as error:
            log.warning("could not submit %s: %s", claim.intent.uuid, error)
            connection.close()
            outcome = Later(NEW_CONNECTION_AFTER, submission.LOOKS_AFTER_A_CLAIM, repr(error))
        except Exception as error:  # A crew lives on; the intent is tried again by its lease.
            log.exception("could not submit %s", claim.intent.uuid)
            outcome = Later(10.0, submission.LOOKS_AFTER_A_CLAIM, repr(error))
        return outcome

    def _outcome(self, claim: Claim, until: float) -> Outcome:
        intent = claim.intent
        if intent.action == "delete" and not intent.server.placed:
            return Gone()
        if claim.no_room:
            without = {*self._capacities.look(), *self._crews.unavailable()}
            reason = submission.place_again(intent, without)
            if reason:
                # Room may be where nobody answers: that is waited for, but not for ever.
                late = self._clock.now() - intent.created_at > PATIENCE["create"]
                may_be = without and not late
                return Later(1.0, claim.looks_needed, reason) if may_be else Refused(reason)
            claim = Claim(intent, claim.looks_needed)
        backend = intent.server.backend
        if backend is None:
            return Refused("The server was never placed on a backend.")
        return self._sender.send(claim, self._clusters(backend), until)

    def _cancel(self, overtaken: Sequence[tuple[int, int]]) -> None:
        """Ask once for what a deletion overtakes; if it runs already, its end is awaited."""
        self._canceled.intersection_update(overtaken)
        unavailable = self._crews.unavailable()
        for backend_id, job_id in overtaken:
            if (backend_id, job_id) not in self._canceled and backend_id not in unavailable:
                self._canceled.add((backend_id, job_id))
                self._crews.do(backend_id, partial(self._ask_to_cancel, backend_id, job_id))

    def _ask_to_cancel(self, backend_id: int, job_id: int) -> None:
        try:
            self._clusters(Backend.objects.get(pk=backend_id)).cancel(job_id)
        except ClusterUnreachable as error:
            log.info("job %s is not canceled yet: %s", job_id, error)
            self._crews.rest(backend_id, ASK_AGAIN_AFTER)
            self._canceled.discard((backend_id, job_id))
        except ClusterError as error:
            log.info("job %s is not canceled: %s", job_id, error)
        except DatabaseError as error:
            log.warning("job %s is not canceled yet: %s", job_id, error)
            self._canceled.discard((backend_id, job_id))
            connection.close()

    # --- recording, in one thread

    def record(self) -> int:
        """Commit what has come so far in one transaction; how much it was."""
        batch = []
        while not self._results.empty():
            if (one := self._results.get()) is not None:
                batch.append(one)
        if batch:
            self._commit(batch)
        return len(batch)

    def _record_until_closed(self) -> None:
        forgo_power_cuts()  # A job that is forgotten is found by its reason.
        while (first := self._results.get()) is not None:
            batch = [first]
            while len(batch) < AT_ONCE and not self._results.empty():
                one = self._results.get()
                if one is None:
                    self._results.put(None)
                    break
                batch.append(one)
            self._commit_surely(batch)

    def _commit_surely(self, batch: list[tuple[Claim, Outcome]]) -> None:
        """A result that can never be written is not lost: its job is found by its reason.

        A database that comes back gets it, or its claim would have to run out first.
        """
        until = self._clock.monotonic() + submission.LEASE.total_seconds()
        while True:
            try:
                self._commit(batch)
                return
            except DATABASE_AWAY as error:
                log.warning("%d results are not recorded yet: %s", len(batch), error)
                connection.close()
                if self._clock.monotonic() > until or self._closing.wait(NEW_CONNECTION_AFTER):
                    return
            except Exception:  # The thread has to live on: all results come through it.
                log.exception("%d results could not be recorded; their claims run out", len(batch))
                connection.close()
                return

    def _commit(self, batch: list[tuple[Claim, Outcome]]) -> None:
        now = self._clock.now()
        with writing():
            submission.submitted(
                [(c.intent, o.job_id) for c, o in batch if isinstance(o, Submitted)], now
            )
            for claim, outcome in batch:
                if not isinstance(outcome, Submitted):
                    self._end_or_put_back(claim, outcome, now)
            if self._held_back or any(isinstance(outcome, Later) for _, outcome in batch):
                rings.intents_recorded()

    def _end_or_put_back(self, claim: Claim, outcome: Outcome, now: datetime) -> None:
        """Only while the claim holds: whoever took the intent over may know better."""
        if isinstance(outcome, Later):
            self._put_back(claim, outcome)
        elif submission.holds(claim.intent, self._worker):
            if isinstance(outcome, Refused):
                servers.refused(claim.intent, outcome.sentence, now)
            else:
                servers.vanished(claim.intent.server_id, now)

    def _put_back(self, claim: Claim, outcome: Later) -> None:
        not_before = self._clock.now() + timedelta(seconds=outcome.seconds)
        submission.put_back(
            claim.intent, self._worker, not_before, outcome.looks_needed, outcome.cause
        )
