"""What dispatcher and reconciler tell of themselves, on real rows, read by Prometheus' parser."""

import logging
import threading

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from synnefo.bus.memory import MemoryBus
from synnefo.bus.topology import Topology
from synnefo.core.messages import Heartbeat, OpStatus
from synnefo.dispatcher.consumer import Consumer
from synnefo.observations import backends
from synnefo.ports import BusUnavailable, Delivery, Postpone, Reject
from synnefo.reconciler import metrics as reconciling
from synnefo.telemetry import logs

BUS = MemoryBus(Topology("snf"))


def read(registry):
    return {
        # By the names of labels.
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(generate_latest(registry).decode())
        for sample in family.samples
    }


@pytest.fixture
def closed(monkeypatch):
    """What a reading closes: its thread's connection, which here is the test's and stays open."""
    closed = []
    monkeypatch.setattr(connection, "close", lambda: closed.append(connection))
    return closed


@pytest.fixture
def cloud(spine, closed):
    """What the reconciler tells of the whole cloud now."""
    registry = CollectorRegistry()
    for collector in (reconciling.DRIFT, *reconciling.asked(BUS, spine.clock)):
        registry.register(collector)
    return lambda: read(registry)


@pytest.fixture
def dispatched():
    """By how much a dispatcher's number has grown since the test began."""
    before = read(REGISTRY)
    return lambda *key: read(REGISTRY).get(key, 0) - before.get(key, 0)


def test_intents_by_state_and_age(spine, cloud):
    spine.create()
    spine.clock.ahead = 5
    told = cloud()
    assert told["synnefo_intents", "create", "RECORDED"] == 1
    assert 5 <= told["synnefo_intents_oldest_seconds", "RECORDED"] < 60
    assert told["synnefo_intents_oldest_seconds", "SUBMITTED"] == 0
    assert told["synnefo_servers", "BUILD"] == 1
    spine.settle()
    told = cloud()
    assert ("synnefo_intents", "create", "RECORDED") not in told
    assert told["synnefo_intents_oldest_seconds", "RECORDED"] == 0
    assert told["synnefo_servers", "ACTIVE"] == 1


def test_drift_by_kind_as_the_last_look_found_it(spine, cloud):
    def drift():
        return [v for key, v in cloud().items() if key[:2] == ("synnefo_drift", spine.backend.name)]

    server = spine.create()
    spine.settle()
    for _ in range(2):  # The first one repairs what the test's own rows are not told of.
        spine.reconciler.turn(spine.backend)
    before = drift()
    spine.cluster.submit_shutdown(spine.instance(server), "admin")
    spine.reconciler.turn(spine.backend)
    assert sum(drift()) == sum(before) + 1
    spine.reconciler.turn(spine.backend)
    assert drift() == before


def test_signs_of_life(spine, cloud):
    name, now = spine.backend.name, spine.clock.now()
    assert ("synnefo_heartbeat_age_seconds", name) not in cloud()
    sent = (int(now.timestamp()) - 2, 0)
    backends.alive(Heartbeat(cluster=name, event_time=sent), now)
    told = cloud()
    assert told["synnefo_heartbeat_age_seconds", name] < 60
    assert 1.9 < told["synnefo_heartbeat_lag_seconds", name] < 4


def test_of_signs_that_waited_only_the_last_is_noted(spine):
    def delivery(sent, cluster=spine.backend.name):
        body = Heartbeat(cluster=cluster, event_time=(sent, 0)).encode()
        return Delivery("snf-events-op", "eventd.heartbeat", body)

    consumer = Consumer(spine.clock)
    consumer.handle(delivery(1))
    with CaptureQueriesContext(connection) as queries:
        consumer.handle_together([delivery(sent) for sent in range(2, 50)])
    assert sum("heartbeat" in one["sql"] for one in queries) == 1
    assert spine.backend.heartbeat.sent_at.timestamp() == 49


def test_a_stranger_is_named_once(spine, caplog):
    consumer = Consumer(spine.clock)
    sign = Heartbeat(cluster="misspelt.example").encode()
    for _ in range(3):
        consumer.handle(Delivery("snf-events-op", "eventd.heartbeat", sign))
    assert caplog.text.count("misspelt.example") == 1


def test_what_waits_on_the_bus_and_what_is_dead(spine, cloud):
    BUS.publish("ganeti.snf.event.op", [b"x"])
    BUS._bury(Delivery("snf-events-net", "k", b"y"), "no good")
    told = cloud()
    assert told["synnefo_bus_waiting", "snf-events-op"] == 1
    assert told["synnefo_dead_letters", "snf-events-net"] == 1
    assert told["synnefo_dead_letters", "snf-events-op"] == 0


def test_a_bus_that_is_away_hides_only_its_own(spine, cloud, monkeypatch):
    def away():
        raise BusUnavailable("gone")

    monkeypatch.setattr(BUS, "backlog", away)
    told = cloud()
    assert not [key for key in told if key[0] in ("synnefo_bus_waiting", "synnefo_dead_letters")]
    assert ("synnefo_intents_oldest_seconds", "RECORDED") in told


def test_a_database_that_is_away_hides_only_its_own(spine, cloud, closed, monkeypatch):
    def refuse(*_):
        raise OperationalError("gone")

    with monkeypatch.context() as patched:
        patched.setattr(connection, "cursor", refuse)
        told = cloud()
    assert len(closed) == 1
    assert not [key for key in told if key[0].startswith(("synnefo_intents", "synnefo_servers"))]
    assert [key for key in told if key[0] == "synnefo_dead_letters"]


def test_submissions_by_outcome(spine, dispatched):
    spine.cluster.away = True
    spine.create()
    spine.submitter.round()
    spine.submitter.record()
    spine.cluster.away = False
    spine.clock.ahead = 60
    spine.settle()
    assert dispatched("synnefo_submissions_total", "create", "later") >= 1
    assert dispatched("synnefo_submissions_total", "create", "submitted") == 1


def test_messages_by_outcome_and_their_age(spine, dispatched, monkeypatch):
    server = spine.create()
    spine.settle()
    consumer = Consumer(spine.clock)
    ended = int(spine.clock.now().timestamp()) - 3
    message = OpStatus(
        event_time=(ended, 0), job_id=99, status="success", operation="OP_INSTANCE_REBOOT",
        instance=spine.instance(server), cluster=spine.backend.name,
    )  # fmt: skip
    before = dispatched("synnefo_events_total", "applied", "ganeti-op-status")
    consumer.handle(Delivery("q", "k", message.encode()))
    consumer.handle_together([Delivery("q", "k", message.encode())] * 2)
    assert dispatched("synnefo_events_total", "applied", "ganeti-op-status") == before + 3
    assert dispatched("synnefo_event_lag_seconds_bucket", "2.5") < dispatched(
        "synnefo_event_lag_seconds_bucket", "5.0"
    )
    with pytest.raises(Reject):
        consumer.handle(Delivery("q", "k", b"nonsense"))
    assert dispatched("synnefo_events_total", "rejected", "unknown") == 1

    def refuse(*_):
        raise OperationalError("gone")

    monkeypatch.setattr("synnefo.observations.servers.apply", refuse)
    monkeypatch.setattr(connection, "close", lambda: None)
    with pytest.raises(Postpone):
        consumer.handle(Delivery("q", "k", message.encode()))
    assert dispatched("synnefo_events_total", "postponed", "ganeti-op-status") == 1


def test_lines_of_a_request_name_it(db, caplog, monkeypatch):
    """Whatever is logged while a request is answered says which one it was."""

    class Kept(logging.Handler):
        def emit(self, record):
            if record.thread == threading.get_ident():  # Others have their own business.
                lines.append(logs.JsonLines().format(record))

    lines, handler = [], Kept()
    logging.getLogger("synnefo").addHandler(handler)

    def fail(*_):
        raise OperationalError("gone")

    try:
        with monkeypatch.context() as patched:
            patched.setattr(connection, "cursor", fail)
            answer = Client().get("/healthz")
    finally:
        logging.getLogger("synnefo").removeHandler(handler)
    (line,) = lines
    assert f'"request":"{answer["X-Openstack-Request-Id"]}"' in line
    assert "/healthz" in line
