"""What every bus promises."""

import threading
from contextlib import contextmanager

import pytest

from synnefo.ports import Postpone, Reject

PATIENCE = 20.0


class Collector:
    """A handler that records, and lets a test wait for a number of messages."""

    def __init__(self, behave=lambda delivery: None):
        self.deliveries = []
        self.finished = []
        self._behave = behave
        self._changed = threading.Condition()

    def __call__(self, delivery):
        with self._changed:
            self.deliveries.append(delivery)
            self._changed.notify_all()
        self._behave(delivery)
        with self._changed:
            self.finished.append(delivery.body)
            self._changed.notify_all()

    def wait(self, predicate):
        with self._changed:
            assert self._changed.wait_for(lambda: predicate(self), PATIENCE), self.finished


@contextmanager
def consuming(bus, handler, queues=None, together=None):
    stop = threading.Event()
    thread = threading.Thread(
        target=bus.consume, args=(queues or bus.topology.queues, handler, stop, together)
    )
    thread.start()
    try:
        yield
    finally:
        stop.set()
        bus.wake()
        thread.join(PATIENCE)
        assert not thread.is_alive()


def until(condition):
    """Look at a condition of another process's making until it holds."""
    pause = threading.Event()
    for _ in range(400):
        if condition():
            return
        pause.wait(0.05)
    raise AssertionError("the condition never held")


def test_messages_published_before_anybody_listens_arrive_in_order(bus):
    key = bus.topology.key("op")
    bus.publish(key, [b"1", b"2"])
    bus.publish(key, [b"3"])
    collector = Collector()
    with consuming(bus, collector):
        collector.wait(lambda c: len(c.finished) == 3)
    assert collector.finished == [b"1", b"2", b"3"]
    assert {d.routing_key for d in collector.deliveries} == {key}
    assert {d.queue for d in collector.deliveries} == {f"{bus.topology.prefix}-events-op"}
    until(lambda: sum(bus.backlog().values()) == 0)


def test_a_waiting_consumer_is_woken(bus):
    collector = Collector()
    with consuming(bus, collector):
        for number in range(50):
            bus.publish(bus.topology.key("op"), [b"%d" % number])
            collector.wait(lambda c, n=number: len(c.finished) == n + 1)
    assert collector.finished == [b"%d" % number for number in range(50)]


def test_each_key_leads_to_its_queue(bus):
    for kind in ("op", "network", "progress", "net"):
        bus.publish(bus.topology.key(kind), [kind.encode()])
    bus.publish("ganeti.event.cluster", [b"cluster"])
    collector = Collector()
    with consuming(bus, collector):
        collector.wait(lambda c: len(c.finished) == 5)
    prefix = bus.topology.prefix
    assert {d.queue: d.body.decode() for d in collector.deliveries} == {
        f"{prefix}-events-{kind}": kind for kind in ("op", "network", "progress", "net", "cluster")
    }


def test_signs_of_life_come_behind_the_events_of_their_cluster(bus):
    bus.publish(bus.topology.key("op"), [b"event"])
    bus.publish("eventd.heartbeat", [b"sign"])
    collector = Collector()
    with consuming(bus, collector):
        collector.wait(lambda c: len(c.finished) == 2)
    assert collector.finished == [b"event", b"sign"]
    assert {d.queue for d in collector.deliveries} == {f"{bus.topology.prefix}-events-op"}


def test_only_the_queues_asked_for_are_consumed(bus):
    bus.publish(bus.topology.key("net"), [b"other"])
    bus.publish(bus.topology.key("op"), [b"mine"])
    collector = Collector()
    with consuming(bus, collector, [f"{bus.topology.prefix}-events-op"]):
        collector.wait(lambda c: c.finished == [b"mine"])
    until(lambda: bus.backlog()[f"{bus.topology.prefix}-events-net"] == 1)


def test_keys_of_other_frontends_are_dropped(bus):
    bus.publish("ganeti.somebody.event.op", [b"not ours"])
    assert sum(bus.backlog().values()) == 0


def test_a_rejected_message_becomes_a_dead_letter_with_its_reason(bus):
    def refuse(delivery):
        if delivery.body == b"bad":
            raise Reject("no such thing")

    collector = Collector(refuse)
    with consuming(bus, collector):
        bus.publish(bus.topology.key("op"), [b"good", b"bad", b"better"])
        collector.wait(lambda c: c.finished == [b"good", b"better"])
    until(lambda: len(bus.dead_letters()) == 1)
    letter = bus.dead_letters()[0]
    assert (letter.body, letter.reason) == (b"bad", "no such thing")
    assert letter.routing_key == bus.topology.key("op")
    assert letter.queue == f"{bus.topology.prefix}-events-op"


def test_a_failing_message_is_tried_again_then_dead(bus):
    def fail(delivery):
        if delivery.body == b"bad":
            raise RuntimeError("out of luck")

    collector = Collector(fail)
    with consuming(bus, collector):
        bus.publish(bus.topology.key("op"), [b"bad", b"good"])
        collector.wait(lambda c: c.finished == [b"good"])
    until(lambda: len(bus.dead_letters()) == 1)
    assert [d.attempt for d in collector.deliveries if d.body == b"bad"] == [1, 2, 3, 4]
    assert bus.dead_letters()[0].reason == "RuntimeError: out of luck"


def test_a_message_that_succeeds_at_last_keeps_its_place(bus):
    def fail_twice(delivery):
        if delivery.body == b"1" and delivery.attempt < 3:
            raise RuntimeError("not yet")

    collector = Collector(fail_twice)
    with consuming(bus, collector):
        bus.publish(bus.topology.key("op"), [b"1", b"2"])
        collector.wait(lambda c: len(c.finished) == 2)
    assert collector.finished == [b"1", b"2"]
    assert bus.dead_letters() == []


def test_postponing_never_counts(bus):
    def later(delivery):
        if len(collector.deliveries) < 12:
            raise Postpone("the database is away")

    collector = Collector(later)
    with consuming(bus, collector):
        bus.publish(bus.topology.key("op"), [b"1"])
        collector.wait(lambda c: c.finished == [b"1"])
    assert {d.attempt for d in collector.deliveries} == {1}
    assert bus.dead_letters() == []


def test_what_was_not_finished_when_stopped_comes_again(bus):
    def later(delivery):
        if delivery.body == b"2":
            raise Postpone("never")

    first = Collector(later)
    with consuming(bus, first):
        bus.publish(bus.topology.key("op"), [b"1", b"2", b"3"])
        first.wait(lambda c: len(c.deliveries) >= 2)
    second = Collector()
    with consuming(bus, second):
        second.wait(lambda c: len(c.finished) == 2)
    assert (first.finished, second.finished) == ([b"1"], [b"2", b"3"])


def buried(bus, *bodies):
    """These messages as dead letters."""

    def refuse(delivery):
        raise Reject("bad")

    with consuming(bus, Collector(refuse)):
        bus.publish(bus.topology.key("op"), bodies)
        until(lambda: len(bus.dead_letters()) == len(bodies))
    return bus.dead_letters()


@pytest.fixture
def letter(bus):
    return buried(bus, b"bad")[0]


def test_dead_letters_are_counted(bus, letter):
    expected = dict.fromkeys(bus.topology.queues, 0) | {letter.queue: 1}
    until(lambda: bus.dead_backlog() == expected)
    bus.drop(letter.id)
    until(lambda: sum(bus.dead_backlog().values()) == 0)


def test_a_dead_letter_can_be_given_back(bus, letter):
    bus.requeue(letter.id)
    collector = Collector()
    with consuming(bus, collector):
        collector.wait(lambda c: c.finished == [b"bad"])
    assert collector.deliveries[0].attempt == 1
    until(lambda: bus.dead_letters() == [])


def test_a_dead_letter_can_be_dropped(bus, letter):
    bus.drop(letter.id)
    until(lambda: bus.dead_letters() == [])
    assert sum(bus.backlog().values()) == 0


def test_many_that_wait_are_handed_over_together_and_in_order(bus):
    bodies = [b"%d" % number for number in range(450)]
    for start in range(0, 450, 30):
        bus.publish(bus.topology.key("op"), bodies[start : start + 30])
    collector, sizes = Collector(), []

    def together(deliveries):
        sizes.append(len(deliveries))
        for delivery in deliveries:
            collector(delivery)

    with consuming(bus, collector, together=together):
        collector.wait(lambda c: len(c.finished) == 450)
    assert collector.finished == bodies
    assert max(sizes) > 30
    until(lambda: sum(bus.backlog().values()) == 0)


def test_when_many_fail_together_each_goes_its_own_way(bus):
    def refuse(delivery):
        if delivery.body == b"3":
            raise Reject("no such thing")

    def together(deliveries):
        raise RuntimeError("not all of them")

    bodies = [b"%d" % number for number in range(9)]
    bus.publish(bus.topology.key("op"), bodies)
    collector = Collector(refuse)
    with consuming(bus, collector, together=together):
        collector.wait(lambda c: len(c.finished) == 8)
    assert [one.body for one in collector.deliveries] == bodies
    until(lambda: [letter.body for letter in bus.dead_letters()] == [b"3"])
    assert sum(bus.backlog().values()) == 0


def test_stopped_amid_many_the_rest_comes_again_in_order(bus):
    def later(delivery):
        if delivery.body == b"4":
            raise Postpone("never")

    def together(deliveries):
        raise RuntimeError("not all of them")

    bus.publish(bus.topology.key("op"), [b"%d" % number for number in range(6)])
    bus.publish(bus.topology.key("op"), [b"6"])
    first = Collector(later)
    with consuming(bus, first, together=together):
        first.wait(lambda c: len(c.deliveries) >= 5)
    second = Collector()
    with consuming(bus, second):
        second.wait(lambda c: len(c.finished) == 3)
    assert (first.finished, second.finished) == ([b"0", b"1", b"2", b"3"], [b"4", b"5", b"6"])


def test_several_dead_letters_at_once(bus):
    letters = buried(bus, *(b"%d" % number for number in range(6)))
    with pytest.raises(KeyError, match="absent"):
        bus.requeue(letters[1].id, f"{letters[1].queue}/absent", letters[3].id)
    bus.drop(letters[0].id, letters[5].id)
    until(lambda: [one.body for one in bus.dead_letters()] == [b"2", b"4"])
    collector = Collector()
    with consuming(bus, collector):
        collector.wait(lambda c: c.finished == [b"1", b"3"])


def test_dead_letters_that_are_not_there(bus):
    for wrong in ("nothing", f"{bus.topology.prefix}-events-op/absent", "../x/y"):
        with pytest.raises(KeyError):
            bus.requeue(wrong)
        with pytest.raises(KeyError):
            bus.drop(wrong)


def test_several_consumers_share_the_work(bus):
    bodies = [b"%d" % number for number in range(200)]
    collector = Collector()
    with consuming(bus, collector), consuming(bus, collector):
        for start in range(0, 200, 20):
            bus.publish(bus.topology.key("op"), bodies[start : start + 20])
        collector.wait(lambda c: len(c.finished) >= 200)
    assert sorted(collector.finished) == sorted(bodies)
