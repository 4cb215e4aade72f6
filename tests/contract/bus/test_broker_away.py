"""A real RabbitMQ that goes away and comes back: publishers learn of it, consumers recover."""

import signal
import socket
import threading
import time
import uuid

import pika
import pytest
from test_bus import Collector, consuming

from synnefo.bus import amqp_publisher
from synnefo.bus.amqp import AmqpBus
from synnefo.bus.topology import Topology
from synnefo.ports import BusUnavailable, Postpone

pytestmark = pytest.mark.system


@pytest.fixture
def bus(broker):
    made = AmqpBus(broker.url, Topology(f"t{uuid.uuid4().hex[:6]}"), (0.001, 0.001, 0.001))
    made.topology = made._topology
    yield made
    made.close()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_confirmed_messages_outlive_the_broker_and_consumers_find_it_again(broker, bus, how):
    key = bus.topology.key("op")
    first = Collector()
    with consuming(bus, first):
        bus.publish(key, [b"before"])
        first.wait(lambda c: c.finished == [b"before"])
        broker.stop(how)
        began = time.monotonic()
        with pytest.raises(BusUnavailable):
            bus.publish(key, [b"lost"])
        assert time.monotonic() - began < 5
        broker.start()
        bus.publish(key, [b"after"])
        first.wait(lambda c: b"after" in c.finished)


@pytest.fixture
def silent(monkeypatch):
    """Something that takes connections and never says a word, as a frozen broker does."""
    monkeypatch.setattr(amqp_publisher, "CONNECT_WITHIN", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        made = AmqpBus(f"amqp://x:y@127.0.0.1:{listener.getsockname()[1]}/", Topology("silent"))
        made.listener, made.topology = listener, made._topology
        yield made
        made.close()


def test_a_broker_that_greets_nobody_is_away(silent):
    with pytest.raises(BusUnavailable):
        silent.publish("op", [b"lost"])
    with pytest.raises(BusUnavailable):
        silent.backlog()


def test_a_consumer_asks_a_broker_that_greets_nobody_again(silent):
    silent.listener.settimeout(10)
    with consuming(silent, Collector()):
        calls = [silent.listener.accept()[0] for _ in range(3)]
    for call in calls:
        call.close()


def test_confirmed_messages_are_on_disk(broker, bus):
    bodies = [b"%d" % number for number in range(500)]
    bus.publish(bus.topology.key("op"), bodies)
    broker.stop(signal.SIGKILL)
    broker.start()
    collector = Collector()
    with consuming(bus, collector):
        collector.wait(lambda c: len(c.finished) >= 500)
    assert sorted(collector.finished) == sorted(bodies)


def test_a_consumer_that_waits_for_a_database_stays_in_the_brokers_eyes(broker, monkeypatch):
    """Else the broker takes it for dead, and counts that against the messages it holds."""
    monkeypatch.setattr(amqp_publisher, "HEARTBEAT", 1)
    bus = AmqpBus(broker.url, Topology(f"t{uuid.uuid4().hex[:6]}"), (0.5, 0.5, 0.5))
    bus.topology = bus._topology

    def later(delivery):
        if len(collector.deliveries) < 12:
            raise Postpone("the database is away")

    collector = Collector(later)
    bus.publish(bus.topology.key("op"), [b"1", b"2"])
    with consuming(bus, collector):
        collector.wait(lambda c: c.finished == [b"1", b"2"])
    bus.close()
    assert {delivery.attempt for delivery in collector.deliveries} == {1}


def test_queues_of_an_earlier_version_are_used_as_they_are(broker, bus):
    (queue, *_) = bus.topology.queues
    arguments = {"x-queue-type": "quorum", "x-delivery-limit": 3}
    with pika.BlockingConnection(pika.URLParameters(broker.url)) as connection:
        connection.channel().queue_declare(queue, durable=True, arguments=arguments)
    collector = Collector()
    with consuming(bus, collector):
        bus.publish(bus.topology.bindings[queue], [b"1"])
        collector.wait(lambda c: c.finished == [b"1"])


def test_several_threads_share_a_publisher(bus):
    key = bus.topology.key("op")

    def publish(name):
        for number in range(100):
            bus.publish(key, [b"%s-%d" % (name, number)])

    threads = [threading.Thread(target=publish, args=(name,)) for name in (b"a", b"b", b"c")]
    for thread in threads:
        thread.start()
    collector = Collector()
    with consuming(bus, collector):
        collector.wait(lambda c: len(c.finished) >= 300)
    for thread in threads:
        thread.join()
    for name in (b"a-", b"b-", b"c-"):
        own = [body for body in collector.finished if body.startswith(name)]
        assert own == [b"%s%d" % (name, number) for number in range(100)]
