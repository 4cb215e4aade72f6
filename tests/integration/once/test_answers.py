"""A RAPI that accepts and then fails its caller in every way: one job per intent all the same."""

from __future__ import annotations

import os
import threading

import pytest

from synnefo import wiring
from synnefo.db import sealing
from synnefo.db.models import Backend, Intent
from synnefo.dispatcher.submission import Submitter
from synnefo.intents import submission
from tests.integration.once import certificate
from tests.integration.once.named_cluster import NamedCluster
from tests.integration.once.recording_rapi import Queue, RecordingRapi
from tests.integration.spine.spine import Spine

# Of the client's patience only so much that an answer held back makes it give up.
ANSWER_WITHIN = 1.0


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    proof = tmp_path_factory.mktemp("tls") / "ca.pem"
    return proof, certificate.make(proof)


@pytest.fixture
def rapi(tls):
    made = RecordingRapi(context=tls[1])
    yield made
    made.release.set()
    made.close()


class World(Spine):
    """The spine, speaking TLS to the recording RAPI."""

    def __init__(self, rapi, proof) -> None:
        super().__init__()
        self.rapi = rapi
        self.cluster = NamedCluster(rapi.url, "synnefo", "x", proof, answer_within=ANSWER_WITHIN)

    def to_the_end(self) -> None:
        """Time goes by until all has jobs; only then do the events come, so that none helped."""
        for _ in range(100):
            self.dispatch(1)
            if not submission.actions_to_do():
                break
            self.clock.ahead += 2
        self.deliver(self.events())
        left = Intent.objects.filter(state__in=Intent.UNFINISHED)
        assert not left.exists(), list(left.values())


@pytest.fixture
def world(db, doorbell, rapi, tls):
    with wiring.replace(doorbell=doorbell):
        made = World(rapi, tls[0])
        made.create("first")  # Has the network made, so that what follows are single requests.
        made.to_the_end()
        yield made
        made.cluster.close()


def status(code, text='{"code": 500, "message": "Internal"}'):
    def fault(handler, asked):
        handler.server.rapi.do(asked)
        handler.raw(code, text)

    return fault


def cut(sent):
    """Accepted, then the connection ends after so many bytes of the answer."""

    def fault(handler, asked):
        _, number = handler.server.rapi.do(asked)
        body = str(number)
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n"
        handler.wfile.write((head + body)[:sent].encode())
        handler.wfile.flush()
        handler.hang_up()

    return fault


def garbage(handler, asked):
    """Accepted; then something that is no TLS comes over the connection."""
    handler.server.rapi.do(asked)
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
    handler.wfile.flush()
    os.write(handler.connection.fileno(), b"\x17\x03\x03\x00\x20" + b"no record of TLS at all!" * 2)
    handler.hang_up()


def late_answer(handler, asked):
    """Accepted at once, answered when nobody waits any more."""
    answer = handler.server.rapi.do(asked)
    handler.server.rapi.release.wait(60)
    handler.answer(*answer)


def never_arrived(handler, asked):
    """The connection ended before the request was taken."""
    handler.hang_up()


FAULTS = {
    "500": status(500),
    "502": status(502, "<html>Bad gateway</html>"),
    "503": status(503, "<html>Service unavailable</html>"),
    "503 queue full": status(503, '{"code": 503, "message": "Job queue is full, needs archiving"}'),
    "500 drained": status(500, '{"code": 500, "message": "Queue drained"}'),
    "504": status(504, '{"code": 504, "message": "Gateway Timeout"}'),
    "429": status(429, "Too many requests"),
    "200 and null": status(200, "null"),
    "200 and no JSON": status(200, "<html>"),
    "cut before the answer": cut(0),
    "cut in the status line": cut(9),
    "cut in the headers": cut(24),
    "cut before the body": cut(-1),
    "garbage in TLS": garbage,
    "answered too late": late_answer,
    "never arrived": never_arrived,
}


@pytest.mark.parametrize("name", FAULTS)
def test_one_job_whatever_is_answered(world, name):
    server = world.create()
    world.rapi.faults.append(FAULTS[name])
    world.to_the_end()
    assert not world.rapi.faults, "the fault was met"
    assert len(world.rapi.queue.of(Intent.objects.get(server=server).uuid)) == 1
    assert world.state(server) == ("ACTIVE", None)
    world.audit()


@pytest.mark.parametrize("name", ["500", "503", "cut in the headers", "answered too late"])
def test_every_action_is_done_once(world, name):
    server = world.create()
    world.to_the_end()
    for action, arguments in (("reboot", {"type": "HARD"}), ("stop", {}), ("start", {})):
        world.rapi.faults.append(FAULTS[name])
        world.act(server, action, **arguments)
        world.to_the_end()
    world.rapi.faults.append(FAULTS[name])
    world.delete(server)
    world.to_the_end()
    jobs = [world.rapi.queue.of(one.uuid) for one in Intent.objects.filter(server=server)]
    assert [len(some) for some in jobs] == [1] * 5
    assert world.state(server) == ("DELETED", None)
    world.audit()


@pytest.mark.parametrize("restarted", [False, True], ids=["", "and the dispatcher restarted"])
def test_a_request_that_is_accepted_long_after_the_client_gave_up(world, restarted):
    taken = threading.Event()

    def late(handler, asked):
        world.rapi.release.wait(60)
        answer = world.rapi.do(asked)
        taken.set()
        handler.answer(*answer)

    server = world.create()
    world.rapi.faults.append(late)
    for _ in range(12):  # Half a minute goes by for the dispatcher.
        if restarted:
            world.submitter = Submitter(lambda _: world.cluster, world.clock, "snf", inline=True)
        world.dispatch(1)
        world.clock.ahead += 2.5
    assert Intent.objects.get(server=server).state in {"RECORDED", "SUBMITTING"}
    world.rapi.release.set()
    assert taken.wait(30)
    world.to_the_end()
    assert len(world.rapi.queue.of(Intent.objects.get(server=server).uuid)) == 1
    world.audit()


def test_looks_that_are_left_outlive_a_dispatcher(world):
    """A claim after a timeout is not worth less than the timeout itself."""
    server = world.create()
    Intent.objects.filter(server=server).update(looks_needed=submission.LOOKS_AFTER_SILENCE)
    submission.claim("elsewhere:1:1", world.clock.now(), 10)
    assert Intent.objects.get(server=server).looks_needed == submission.LOOKS_AFTER_SILENCE


@pytest.fixture
def candidate(rapi, tls):
    """Another master over the same queue."""
    made = RecordingRapi(rapi.queue, tls[1])
    yield made
    made.close()


@pytest.mark.parametrize("killed", [False, True], ids=["", "with the dispatcher"])
def test_the_failover_master_is_asked_for_the_job(world, rapi, tls, candidate, killed):
    password = sealing.seal("x")
    Backend.objects.update(url=rapi.url, password_encrypted=password, ca_file=str(tls[0]))

    def accept_and_die(handler, asked):
        rapi.do(asked)
        rapi.dead = True
        handler.hang_up()

    world.submitter = Submitter(wiring.cluster, world.clock, "snf", inline=True)
    server = world.create()
    rapi.faults.append(accept_and_die)
    world.submitter.round()
    if killed:
        world.submitter = Submitter(wiring.cluster, world.clock, "snf", inline=True)
        world.clock.ahead += 60
    else:
        world.submitter.record()
    assert rapi.dead
    world.dispatch(3)
    assert Intent.objects.get(server=server).job_id is None
    Backend.objects.update(url=candidate.url)
    world.cluster.close()
    world.cluster = NamedCluster(candidate.url, "synnefo", "x", tls[0])
    world.to_the_end()
    assert isinstance(candidate.queue, Queue)
    assert len(candidate.queue.of(Intent.objects.get(server=server).uuid)) == 1
    assert world.state(server) == ("ACTIVE", None)
    world.audit()
    wiring.cluster(Backend.objects.get()).close()
