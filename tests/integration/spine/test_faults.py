"""Nothing lost, nothing twice: kills, lost answers, lost, repeated and reordered events."""

import itertools
import os
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError, connection

from synnefo.core.messages import Origin
from synnefo.db.models import Backend, Intent, Server
from synnefo.dispatcher import submission as submitting
from synnefo.dispatcher import workers
from synnefo.dispatcher.networks import NetworkPreparer
from synnefo.dispatcher.outcomes import Gone, Later, Refused, Submitted
from synnefo.intents import submission
from synnefo.intents.network import backend_networks
from synnefo.ports import ClusterBusy, ClusterRefused, NetworkReport
from synnefo.rapi.fake import FakeCluster
from tests.integration.spine.spine import Killed, shuffled


def _with_network(spine):
    """The first server has the network made; the jobs under test are then single ones."""
    spine.create("first")
    spine.settle()


@pytest.mark.parametrize("moment", ["before", "after"])
def test_dispatcher_killed_around_the_submission(spine, moment):
    _with_network(spine)
    server = spine.create()
    spine.cluster.die = moment
    with pytest.raises(Killed):
        spine.submitter.round()
    spine.submitter = spine.new_dispatcher("second")
    spine.dispatch()
    intent = Intent.objects.get(server=server)
    assert intent.state == "SUBMITTING"  # The lease of the dead still counts.
    spine.clock.ahead += 60
    spine.dispatch()
    spine.clock.ahead += 5
    spine.settle()
    assert len(spine.jobs_of(intent)) == 1
    assert spine.state(server) == ("ACTIVE", None)
    spine.audit()


def test_dispatcher_killed_before_it_recorded_the_answer(spine):
    _with_network(spine)
    server = spine.create()
    spine.submitter.round()  # Sent; the answer is in memory only.
    spine.submitter = spine.new_dispatcher("second")
    spine.deliver(spine.events())  # The event comes first and ends the intent.
    assert spine.state(server) == ("ACTIVE", None)
    spine.clock.ahead += 60
    spine.settle()
    assert len(spine.jobs_of(Intent.objects.get(server=server))) == 1
    spine.audit()


def test_claims_of_a_dead_process_are_freed_at_once(spine):
    _with_network(spine)
    server = spine.create()
    spine.cluster.die = "after"
    with pytest.raises(Killed):
        spine.submitter.round()
    here, _, started = workers.own_name().rsplit(":", 2)
    dead = f"{here}:{2**22 + 1}:{started}"  # No process has so high a number.
    Intent.objects.filter(server=server).update(claimed_by=dead)
    spine.submitter = spine.new_dispatcher("second")
    spine.dispatch()
    assert Intent.objects.get(server=server).state == "SUBMITTED"
    spine.settle()
    spine.audit()


def test_of_another_machine_nothing_is_known():
    """Machines may have one name, and containers of one machine cannot see each other."""
    here, pid, started = workers.own_name().rsplit(":", 2)
    assert len(workers.own_name()) <= Intent._meta.get_field("claimed_by").max_length
    name, boot, namespace = here.split("/")
    others = [f"{name}/{boot[::-1]}x/{namespace}", f"{name}/{boot}/1", name]
    alike = [f"{other}:{2**22 + 1}:{started}" for other in others]
    assert workers.dead_among(alike) == []
    reused = f"{here}:{pid}:{started}1"
    assert workers.dead_among([reused, workers.own_name()]) == [reused]


def test_the_dead_are_dead_before_their_parent_asks():
    here = workers.own_name().rsplit(":", 2)[0]
    with subprocess.Popen(["sleep", "600"]) as child:
        name = f"{here}:{child.pid}:{workers._started(child.pid)}"
        assert workers.dead_among([name]) == []
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # It ended, and stays a zombie.
        assert workers.dead_among([name]) == [name]


def test_lost_answer(spine):
    _with_network(spine)
    server = spine.create()
    spine.cluster.lose_answers = True
    spine.dispatch(1)
    spine.cluster.lose_answers = False
    assert Intent.objects.get(server=server).state == "RECORDED"
    spine.clock.ahead += 60
    spine.settle()
    assert len(spine.jobs_of(Intent.objects.get(server=server))) == 1
    assert spine.state(server) == ("ACTIVE", None)
    spine.audit()


def test_backend_away_for_a_while(spine):
    server = spine.create()
    spine.cluster.away = True
    spine.dispatch()
    assert Intent.objects.get(server=server).state == "RECORDED"
    assert spine.state(server) == ("BUILD", "spawning")
    spine.cluster.away = False
    for _ in range(4):
        spine.clock.ahead += 31
        spine.settle()
    assert spine.state(server) == ("ACTIVE", None)
    spine.audit()


def test_backend_away_for_too_long(spine):
    server = spine.create()
    spine.cluster.away = True
    spine.dispatch()
    spine.clock.ahead += 3600
    for _ in range(4):
        spine.clock.ahead += 31
        spine.dispatch()
    assert spine.state(server) == ("ERROR", None)
    assert "did not take it" in server.fault["message"]
    assert spine.used()["instances"] == 0


def test_backend_busy_for_too_long(spine, monkeypatch):
    _with_network(spine)

    def full(*_):
        raise ClusterBusy(503, "Job queue is full, needs archiving")

    monkeypatch.setattr(spine.cluster, "submit_create", full)
    server = spine.create()
    spine.dispatch()
    assert spine.state(server) == ("BUILD", "spawning")
    spine.clock.ahead += 3600
    for _ in range(6):
        spine.clock.ahead += 31
        spine.dispatch()
    assert spine.state(server) == ("ERROR", None)
    assert "needs archiving" in server.fault["message"]
    assert spine.used()["instances"] == 1


def test_an_old_wish_is_tried_when_there_was_no_dispatcher(spine):
    _with_network(spine)
    server = spine.create()
    spine.clock.ahead += 7200
    spine.settle()
    assert spine.state(server) == ("ACTIVE", None)


def _taken_over(spine):
    """A claim of a dispatcher that froze, and of the one that took the intent over."""
    _with_network(spine)
    server = spine.create()
    (frozen,) = submission.claim("frozen", spine.clock.now(), 10)
    spine.clock.ahead += 60
    (second,) = submission.claim("frozen", spine.clock.now(), 10)
    return server, frozen, second


@pytest.mark.parametrize("outcome", [Refused("no"), Gone(), Later(0.0, 0, "ran out")])
def test_what_a_claim_that_ran_out_has_to_say_counts_no_more(spine, outcome):
    """Not even when it is the same process that claimed it anew."""
    server, frozen, _ = _taken_over(spine)
    spine.submitter._worker = "frozen"
    spine.submitter._results.put((frozen, outcome))
    spine.submitter.record()
    intent = Intent.objects.get(server=server)
    assert (intent.state, intent.looks_needed) == ("SUBMITTING", 2)
    assert spine.state(server) == ("BUILD", "spawning")


def test_a_job_counts_also_when_its_claim_ran_out(spine):
    server, frozen, second = _taken_over(spine)
    submission.put_back(second.intent, "frozen", spine.clock.now(), 2, "slow")
    spine.submitter._results.put((frozen, Submitted(77)))
    spine.submitter.record()
    intent = Intent.objects.get(server=server)
    assert (intent.state, intent.job_id) == ("SUBMITTED", 77)


def test_a_crew_forgets_a_broken_connection_to_the_database(spine, monkeypatch):
    server = spine.create()
    closed = []

    def broken(*_):
        raise OperationalError("the server closed the connection unexpectedly")

    monkeypatch.setattr(spine.submitter._sender, "send", broken)
    monkeypatch.setattr(connection, "close", lambda: closed.append(True))
    spine.dispatch(1)
    assert closed
    assert Intent.objects.get(server=server).state == "RECORDED"


def test_results_wait_for_a_database_that_comes_back(spine, monkeypatch):
    server = spine.create()
    spine.submitter.round()
    commit, tries = spine.submitter._commit, []

    def away_at_first(batch):
        tries.append(len(batch))
        if len(tries) < 3:
            raise OperationalError("the server closed the connection unexpectedly")
        return commit(batch)

    monkeypatch.setattr(submitting, "NEW_CONNECTION_AFTER", 0.0)
    monkeypatch.setattr(submitting, "forgo_power_cuts", lambda: None)
    monkeypatch.setattr(connection, "close", lambda: None)
    monkeypatch.setattr(spine.submitter, "_commit", away_at_first)
    spine.submitter._results.put(None)
    spine.submitter._record_until_closed()
    assert tries == [1, 1, 1]
    assert Intent.objects.get(server=server).state != "SUBMITTING"


def test_results_are_left_to_their_claims_when_the_database_stays_away(spine, monkeypatch):
    server = spine.create()
    spine.submitter.round()

    def away(_):
        spine.clock.ahead += submission.LEASE.total_seconds()
        raise OperationalError("the server closed the connection unexpectedly")

    monkeypatch.setattr(submitting, "NEW_CONNECTION_AFTER", 0.0)
    monkeypatch.setattr(submitting, "forgo_power_cuts", lambda: None)
    monkeypatch.setattr(connection, "close", lambda: None)
    monkeypatch.setattr(spine.submitter, "_commit", away)
    spine.submitter._results.put(None)
    spine.submitter._record_until_closed()
    assert Intent.objects.get(server=server).state == "SUBMITTING"


def test_refusal(spine, monkeypatch):
    _with_network(spine)

    def refuse(*_):
        raise ClusterRefused(400, "no such OS")

    monkeypatch.setattr(spine.cluster, "submit_create", refuse)
    server = spine.create()
    spine.dispatch()
    assert spine.state(server) == ("ERROR", None)
    assert server.fault["message"] == "no such OS"
    spine.cluster.away = True  # It never got there: no backend is needed to remove it.
    spine.delete(server)
    spine.dispatch()
    assert spine.state(server) == ("DELETED", None)
    spine.cluster.away = False
    spine.audit()


def test_one_slow_backend_holds_up_no_other(spine):
    other = Backend.objects.create(
        name="other", url="https://y", username="x", password_encrypted="x"
    )
    server = spine.create()
    Intent.objects.update(backend=other)
    assert submission.claim("w", spine.clock.now(), 10, [other.pk]) == []
    Intent.objects.update(backend=None)
    assert len(submission.claim("w", spine.clock.now(), 10, [other.pk])) == 1
    server.refresh_from_db()
    assert server.backend == spine.backend


def test_nobody_is_refused_while_a_backend_rests(spine):
    spine.create()
    assert submission.claim("w", spine.clock.now(), 10, [spine.backend.pk]) == []
    assert Intent.objects.get().state == "RECORDED"
    spine.clock.ahead += 2
    spine.settle()
    spine.audit()


def test_two_dispatchers_claim_each_intent_once(spine):
    for number in range(6):
        spine.create(str(number))
    now = spine.clock.now()
    first, second = submission.claim("a", now, 4), submission.claim("b", now, 4)
    claimed = [one.intent.pk for one in first + second]
    assert len(claimed) == len(set(claimed)) == 6
    assert submission.claim("c", now, 4) == []


@pytest.mark.parametrize("seed", range(20))
def test_events_repeated_and_reordered(spine, seed):
    server = spine.create()
    spine.dispatch()
    name = spine.instance(server)
    spine.cluster.submit_shutdown(name, "admin")
    spine.cluster.submit_startup(name, "admin")
    spine.cluster.submit_reboot(name, "admin")
    spine.cluster.submit_shutdown(name, "admin")
    spine.deliver(shuffled(spine.events(), seed))
    assert spine.state(server) == ("STOPPED", None)
    assert server.launched_at is not None
    spine.audit()


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_second_create_of_the_same_name_changes_nothing(spine, order):
    _with_network(spine)
    server = spine.create()
    spine.dispatch()
    intent = Intent.objects.get(server=server)
    from synnefo.dispatcher.instances import instance_of

    # As if a frozen dispatcher had sent it once more after its lease.
    spine.cluster.submit_create(instance_of(server, "snf"), f"synnefo:intent={intent.uuid}")
    found = spine.events()
    some = [*found, found[-1]][:3]
    spine.deliver([some[i] for i in order])
    assert spine.state(server)[0] == "ACTIVE"
    assert spine.used()["instances"] == 2


def test_lost_events_are_found_by_looking(spine):
    server = spine.create()
    spine.dispatch()
    spine.clock.ahead += 60
    spine.reconciler.turn(spine.backend)
    assert spine.state(server) == ("ACTIVE", None)
    name = spine.instance(server)
    spine.cluster.submit_shutdown(name, "admin")
    spine.reconciler.turn(spine.backend)
    assert spine.state(server) == ("STOPPED", None)
    spine.cluster.submit_remove(name, "admin")
    spine.reconciler.turn(spine.backend, [server.pk])
    assert spine.state(server) == ("DELETED", None)
    spine.audit()


def test_lost_job_of_a_build(spine):
    _with_network(spine)
    spine.cluster.holding = True
    server = spine.create()
    spine.dispatch()
    spine.cluster._jobs.popitem()
    spine.clock.ahead += 60
    spine.reconciler.turn(spine.backend)
    assert spine.state(server) == ("ERROR", None)
    assert spine.used()["instances"] == 1
    spine.audit()


def test_removed_by_both(spine):
    server = spine.create()
    spine.settle()
    spine.cluster.submit_remove(spine.instance(server), "admin")
    spine.delete(server)
    spine.dispatch()
    events = spine.events()
    spine.deliver(events[1:])  # "not known"; the administrator's removal is lost.
    assert spine.state(server) == ("ACTIVE", "deleting")
    spine.reconciler.turn(spine.backend, [server.pk])
    assert spine.state(server) == ("DELETED", None)
    spine.audit()


def test_error_that_runs_is_charged_again(spine):
    _with_network(spine)
    spine.cluster.holding = True
    server = spine.create()
    spine.dispatch()
    from synnefo.observations import servers

    servers.lost(server.pk, "nobody builds it", spine.clock.now())
    assert spine.state(server) == ("ERROR", None)
    assert spine.used()["instances"] == 1
    spine.cluster.run()
    spine.reconciler.turn(spine.backend)
    assert spine.state(server) == ("ACTIVE", None)
    assert server.fault is None
    assert spine.used()["instances"] == 2
    spine.audit()


def test_orphans_are_left_alone(spine):
    server = spine.create()
    spine.settle()
    Server.objects.filter(pk=server.pk).update(state="DELETED", deleted_at=spine.clock.now())
    look = spine.reconciler.turn(spine.backend)
    assert [one.kind for one in look.drifts] == ["orphan"]
    assert spine.instances() == {spine.instance(server)}


def test_cards_are_found_by_looking(spine):
    server = spine.create()
    spine.settle()
    spine.reconciler.turn(spine.backend)
    port = server.ports.get()
    assert port.mac_address == spine.cluster.instance(spine.instance(server)).nics[0].mac
    assert spine.reconciler.turn(spine.backend).drifts == []


class _Full(FakeCluster):
    """Has the network already."""

    def networks(self):
        return [NetworkReport("snf-net-1", "u", "10.0.0.0/24", None, None, 1, 1, ("default",))]


def test_a_frozen_backend_holds_up_no_other_while_networks_are_looked_for(spine, monkeypatch):
    frozen, looking = threading.Event(), threading.Event()
    # The other threads do not see what this test has not committed.
    ranges = {1: "10.0.0.0/24"}
    monkeypatch.setattr(backend_networks, "ranges_of", lambda networks: ranges)

    class Frozen(_Full):
        def groups(self):
            looking.set()
            frozen.wait(20)
            return super().groups()

    preparer = NetworkPreparer(spine.clock, "snf")
    with ThreadPoolExecutor(2) as pool:
        try:
            held = pool.submit(preparer.ready, 98, Frozen(), [1], Origin())
            assert looking.wait(5)
            ready = pool.submit(preparer.ready, 99, _Full(), [1], Origin())
            assert ready.result(5)
        finally:
            frozen.set()
    assert held.result()
