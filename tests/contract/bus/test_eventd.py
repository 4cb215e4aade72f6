"""eventd as its own process, and a real RabbitMQ that is away while ten thousand jobs change."""

import json
import os
import signal
import subprocess
import sys
import threading
import uuid
from contextlib import contextmanager

import pytest
from test_bus import consuming

from eventd.teller import AT_ONCE
from synnefo.bus.amqp import AmqpBus
from synnefo.bus.spool import SpoolBus
from synnefo.bus.topology import Topology
from synnefo.core.messages import OpStatus, parse

pytestmark = pytest.mark.system
JOBS = 2500
STATUSES = ("queued", "waiting", "running", "success")


def until(condition):
    pause = threading.Event()
    for _ in range(1200):
        if condition():
            return
        pause.wait(0.1)
    raise AssertionError("it never came true")


def write(queue, job_id, status):
    given = {"OP_ID": "OP_INSTANCE_STARTUP", "instance_name": f"snf-{job_id}"}
    op = {"input": given, "status": status, "result": None, "log": []}
    (queue / "new").write_text(json.dumps({"id": job_id, "ops": [op]}))
    (queue / "new").rename(queue / f"job-{job_id}")


@contextmanager
def eventd(queue, state, bus_url, prefix):
    environment = os.environ | {
        "GANETI_QUEUE_DIR": str(queue),
        "GANETI_CLUSTER_NAME": "c",
        "EVENTD_STATE": str(state),
        "SYNNEFO_BUS": bus_url,
        "SYNNEFO_INSTANCE_PREFIX": prefix,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "eventd"], env=environment, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def told(state, job_id):
    """Whether the position says that this job is told to its end."""
    try:
        position = json.loads((state / "position.json").read_text())
    except (FileNotFoundError, ValueError):
        return False
    return any(first <= job_id <= last for first, last in position["done"])


class Heard:
    def __init__(self):
        self.events = []

    def __call__(self, delivery):
        message = parse(delivery.body)
        if isinstance(message, OpStatus):
            self.events.append((message.job_id, message.status))

    def together(self, deliveries):
        for delivery in deliveries:
            self(delivery)

    def ended(self, job_id):
        return (job_id, "success") in self.events[-500:]


def test_the_broker_is_away_during_ten_thousand_changes(broker, tmp_path):
    """Frozen so that the kernel's queue overflows, killed, started anew: each end comes once."""
    queue, state = tmp_path / "queue", tmp_path / "state"
    (queue / "archive").mkdir(parents=True)
    topology = Topology(f"t{uuid.uuid4().hex[:6]}")
    bus, heard = AmqpBus(broker.url, topology), Heard()
    with eventd(queue, state, broker.url, topology.prefix) as process:
        write(queue, 1, "success")
        until(lambda: bus.backlog()[f"{topology.prefix}-events-op"] > 0)
        broker.stop(signal.SIGKILL)
        for status in STATUSES[:-1]:
            for job_id in range(2, JOBS + 2):
                write(queue, job_id, status)
        process.send_signal(signal.SIGSTOP)
        for job_id in range(2, JOBS + 2):
            write(queue, job_id, STATUSES[-1])
        process.send_signal(signal.SIGCONT)
        until(lambda: told(state, JOBS + 1))
    assert sum(SpoolBus(state / "overflow", topology).backlog().values()) > 0
    with eventd(queue, state, broker.url, topology.prefix):
        broker.start()
        write(queue, JOBS + 2, "success")
        with consuming(bus, heard, [f"{topology.prefix}-events-op"], heard.together):
            until(lambda: heard.ended(JOBS + 2))
    bus.close()
    check(heard.events)


def check(events):
    """Every end, once; killed between telling and remembering, a few may come twice."""
    ends = [job_id for job_id, status in events if status == "success"]
    assert set(ends) == set(range(1, JOBS + 3))
    assert len(ends) - len(set(ends)) <= AT_ONCE
    last = {}
    for job_id, status in dict.fromkeys(events):
        assert STATUSES.index(status) > last.get(job_id, -1)
        last[job_id] = STATUSES.index(status)
