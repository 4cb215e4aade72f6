"""What is printed is read back by the parser of Prometheus' own client library."""

import threading
import urllib.error
import urllib.request

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from telemetry.door import Door, open_door
from telemetry.metrics import Counter, Gauge, Histogram, Registry


def read(registry):
    """{(sample name, labels): number} as the library understands the text."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(registry.text())
        for sample in family.samples
    }


def test_counters_gauges_and_histograms_are_understood():
    done = Counter("done_total", "Done.", ("kind",))
    never = Counter("never_total", "Never.")
    depth = Gauge("depth", "Deep.")
    took = Histogram("took_seconds", "Took.", ("kind",), bounds=(0.1, 1.0))
    registry = Registry(done, never, depth, took)
    done.add(1, "a")
    done.add(2, "a")
    depth.set(-3.5)
    for number in (0.05, 0.1, 0.7, 9):
        took.see(number, "x")
    assert read(registry) == {
        ("done_total", (("kind", "a"),)): 3,
        ("never_total", ()): 0,
        ("depth", ()): -3.5,
        ("took_seconds_bucket", (("kind", "x"), ("le", "0.1"))): 2,
        ("took_seconds_bucket", (("kind", "x"), ("le", "1.0"))): 3,
        ("took_seconds_bucket", (("kind", "x"), ("le", "+Inf"))): 4,
        ("took_seconds_sum", (("kind", "x"),)): pytest.approx(9.85),
        ("took_seconds_count", (("kind", "x"),)): 4,
    }


@given(
    label=st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from('\\"\n')),
    number=st.floats(allow_nan=False),
)
def test_any_label_and_number_survives(label, number):
    gauge = Gauge("g", 'Help with \\ and "\n.', ("name",))
    gauge.set(number, label)
    ((_, labels), value), *_ = read(Registry(gauge)).items()
    assert labels == (("name", label),)
    assert value == number


def test_a_question_that_fails_leaves_no_old_answer():
    asked, other = Gauge("asked", "Asked."), Gauge("other", "Other.")
    answers = [5.0]

    def question():
        asked.set(answers.pop())

    registry = Registry(other)
    registry.ask(question, asked)
    other.set(1)
    assert read(registry) == {("asked", ()): 5, ("other", ()): 1}
    assert read(registry) == {("other", ()): 1}


def test_wrong_labels_and_two_of_a_name_are_mistakes():
    counter = Counter("c_total", "C.", ("a",))
    with pytest.raises(ValueError, match="has the labels"):
        counter.add(1)
    with pytest.raises(ValueError, match="two metrics"):
        Registry(counter, Gauge("c_total", "Another."))


def test_threads_lose_nothing():
    counter, took = Counter("c_total", "C."), Histogram("h", "H.")

    def work():
        for _ in range(2000):
            counter.add(1)
            took.see(0.2)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = read(Registry(counter, took))
    assert found["c_total", ()] == found["h_count", ()] == 8000


def test_the_door_answers_on_loopback_only_and_only_about_metrics():
    counter = Counter("c_total", "C.")
    door = Door(Registry(counter), 0)
    try:
        url = f"http://127.0.0.1:{door.port}"
        for expected in (0.0, 1.0):
            with urllib.request.urlopen(f"{url}/metrics", timeout=10) as answer:
                assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
                (family,) = text_string_to_metric_families(answer.read().decode())
            assert family.samples[0].value == expected
            counter.add(1)
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"{url}/", timeout=10)
        with pytest.raises(urllib.error.HTTPError, match="405"):
            urllib.request.urlopen(f"{url}/metrics", data=b"x", timeout=10)
        assert door._listener.getsockname()[0] == "127.0.0.1"
    finally:
        door.close()


def test_a_port_that_is_taken_stops_nobody(caplog):
    first = open_door(Registry(), "0")
    try:
        assert "process_resident_memory_bytes" in first._registry.text()
        assert open_door(Registry(), str(first.port)) is None
        assert f"no metrics at port {first.port}" in caplog.text
    finally:
        first.close()
    assert open_door(Registry(), None) is None
