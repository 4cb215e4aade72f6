"""Operators' way with what could not be handled: list, show, retry, drop, on each bus."""

import io
import json
import threading

import pytest
from django.core.management import CommandError, call_command

from synnefo import wiring
from synnefo.bus.memory import MemoryBus
from synnefo.bus.spool import SpoolBus
from synnefo.bus.topology import Topology
from synnefo.core.messages import OpStatus
from synnefo.dispatcher.consumer import Consumer

TOPOLOGY = Topology("snf")
EVENTS = "snf-events-op"
GOOD = OpStatus(
    job_id=7, status="success", operation="OP_INSTANCE_STARTUP", instance="snf-1", cluster="c"
).encode()


@pytest.fixture(params=["memory", "spool"])
def bus(request, tmp_path):
    """A bus with three letters that a dispatcher gave up: two of a queue, one of another."""
    pauses = (0.0, 0.0, 0.0)
    kind = request.param
    made = MemoryBus(TOPOLOGY, pauses) if kind == "memory" else SpoolBus(tmp_path, TOPOLOGY, pauses)
    made.publish(TOPOLOGY.key("op"), [b"nonsense", GOOD.replace(b'"version":1', b'"version":9')])
    made.publish(TOPOLOGY.key("net"), [b"{}"])
    with wiring.replace(bus=made):
        yield made


@pytest.fixture
def letters(spine, bus):
    """The ids, oldest first."""
    consume(spine, bus, 3)
    return [one.id for one in bus.dead_letters()]


def consume(spine, bus, number):
    """In this thread, whose database it is, until so many messages were handed over."""
    stop = threading.Event()
    consumer, left = Consumer(spine.clock), [number]

    def handle(delivery):
        left[0] -= 1
        if not left[0]:
            stop.set()
        consumer.handle(delivery)

    bus.consume(TOPOLOGY.queues, handle, stop)


def said(*words, **options):
    out = io.StringIO()
    call_command(*words, stdout=out, stderr=out, **options)
    return out.getvalue()


def test_list(bus, letters):
    text = said("queue_inspect")
    assert "3 dead letters" in text
    assert "not JSON" in text
    assert "unknown version 9" in text
    assert "unknown type None" in text
    assert "nonsense" not in text


def test_show(bus, letters):
    text = said("queue_inspect", letters[0])
    for part in (letters[0], EVENTS, "ganeti.snf.event.op", "not JSON", "nonsense"):
        assert part in text
    assert letters[1] not in text
    shown = json.loads(said("queue_inspect", letters[1], as_json=True))
    (letter,) = shown["dead_letters"]
    assert (letter["message"]["jobId"], letter["message"]["instance"]) == (7, "snf-1")
    with pytest.raises(CommandError, match="there is no dead letter x"):
        said("queue_inspect", "x")


def test_everything_for_programs(bus, letters):
    shown = json.loads(said("queue_inspect", as_json=True))
    assert [one["id"] for one in shown["dead_letters"]] == letters
    assert shown["queues"][EVENTS] == 0
    assert shown["intents"] == {}


def test_retry_some(bus, letters):
    assert "1 given back" in said("queue_retry", letters[2])
    assert bus.backlog()["snf-events-net"] == 1
    assert "2 dead letters" in said("queue_inspect")
    with pytest.raises(CommandError, match="there is no dead letter x"):
        said("queue_retry", "x", letters[0])
    assert bus.backlog()[EVENTS] == 1  # The one that is there was done all the same.


def test_retry_all_of_a_queue(bus, letters):
    assert "1 given back" in said("queue_retry", all=True, queue="snf-events-net")
    with pytest.raises(CommandError, match="there is no queue other; there are snf-events-op"):
        said("queue_retry", all=True, queue="other")
    assert "2 given back" in said("queue_retry", all=True)
    assert sum(bus.dead_backlog().values()) == 0


def test_drop(bus, letters):
    assert "1 dropped" in said("queue_retry", letters[1], drop=True)
    assert "2 dropped" in said("queue_retry", all=True, drop=True)
    assert sum(bus.backlog().values()) == sum(bus.dead_backlog().values()) == 0


@pytest.mark.parametrize("wrong", [{}, {"queue": EVENTS}])
def test_nothing_named(bus, spine, wrong):
    with pytest.raises(CommandError, match="name dead letters, or say --all"):
        said("queue_retry", **wrong)


def test_what_failed_once_is_handled_when_it_is_retried(spine, bus, monkeypatch):
    """The usual case: a dispatcher that did not know a message was replaced by one that does."""
    server = spine.create()
    spine.settle()
    spine.cluster.submit_shutdown(spine.instance(server), "admin")
    stopped = OpStatus(
        job_id=spine.cluster.latest_job(),
        status="success",
        operation="OP_INSTANCE_SHUTDOWN",
        instance=spine.instance(server),
        cluster=spine.backend.name,
    )
    with monkeypatch.context() as older:
        older.setattr("synnefo.core.messages.VERSION", 0)
        bus.publish(TOPOLOGY.key("op"), [stopped.encode().replace(b'"version":0', b'"version":1')])
        consume(spine, bus, 4)
    (letter,) = [one for one in bus.dead_letters() if b"SHUTDOWN" in one.body]
    assert spine.state(server) == ("ACTIVE", None)
    said("queue_retry", letter.id)
    consume(spine, bus, 1)
    assert spine.state(server) == ("STOPPED", None)
