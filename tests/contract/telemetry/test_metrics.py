"""What both sides' ports answer is read back by the parser of Prometheus' own client library."""

import logging
import socket
import struct
import urllib.request

import pytest
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.parser import text_string_to_metric_families

from ganeti_backend.telemetry import metrics as clusters
from synnefo.telemetry import metrics as frontends
from tests.system.cloud import wait_until

BOTH = pytest.mark.parametrize("side", [frontends, clusters], ids=["frontend", "cluster"])


def read(text):
    """{sample name: number} of what has no labels."""
    return {
        sample.name: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if not sample.labels
    }


@pytest.fixture
def opened():
    """Opens ports, and closes them in the end."""
    servers = []

    def open_port(side, port, *asked):
        registry = CollectorRegistry()
        servers.append(side.open_port(port, *asked, registry=registry))
        return servers[-1], registry

    yield open_port
    for server in filter(None, servers):
        server.shutdown()
        server.server_close()


@BOTH
def test_a_source_that_fails_leaves_no_old_answer(side, caplog):
    answers = [5.0]

    def source():
        yield GaugeMetricFamily("first", "First.", 1)
        yield GaugeMetricFamily("asked", "Asked.", answers.pop())

    registry = CollectorRegistry(auto_describe=True)
    registry.register(side.Asked("the database", source))
    Counter("other_total", "Other.", registry=registry).inc()
    assert read(generate_latest(registry).decode()) == {"first": 1, "asked": 5, "other_total": 1}
    assert not caplog.records
    assert read(generate_latest(registry).decode()) == {"other_total": 1}
    assert "no answer for the metrics of: the database" in caplog.text


@BOTH
def test_the_port_answers_on_loopback_only(side, opened):
    asked = side.Asked("x", lambda: [GaugeMetricFamily("depth", "Deep.", 7)])
    server, registry = opened(side, "0", asked)
    took = Histogram("took_seconds", "Took.", buckets=side.SECONDS, registry=registry)
    took.observe(0.02)
    assert server.server_address[0] == "127.0.0.1"
    url = f"http://127.0.0.1:{server.server_port}/metrics"
    with urllib.request.urlopen(url, timeout=10) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain")
        text = answer.read().decode()
    told = read(text)
    assert told["process_threads"] >= 2
    assert (told["depth"], told["took_seconds_count"]) == (7, 1)
    assert 'took_seconds_bucket{le="0.025"} 1.0' in text
    assert "_created" not in text


@BOTH
def test_a_reader_that_goes_away_is_lost_in_the_log_alone(side, opened, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    server, _ = opened(side, "0")
    with socket.create_connection(("127.0.0.1", server.server_port)) as reader:
        # Closing then resets the connection.
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        reader.sendall(b"GET /metrics")
    wait_until(lambda: "went away" in caplog.text, "it is told")
    assert capfd.readouterr().err == ""


@BOTH
def test_a_port_that_is_taken_or_none_stops_nobody(side, opened, caplog):
    taken = str(opened(side, "0")[0].server_port)
    for port in (taken, "70000", "no number"):
        assert opened(side, port)[0] is None
        assert f"no metrics at port {port}" in caplog.text
    assert opened(side, None)[0] is None
