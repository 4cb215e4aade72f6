"""eventd on each node of a real Ganeti, told what the nodes' command writes: the master's tells."""

import os
import shlex
import signal
import subprocess
import sys
import threading

import pytest

from hooks import node_setup
from synnefo.bus.spool import SpoolBus
from synnefo.bus.topology import Topology
from synnefo.core import messages
from tests.system.cloud import ROOT

pytestmark = [pytest.mark.system, pytest.mark.conformance]
TOPOLOGY = Topology("snf")
NAME = "told.example"


@pytest.fixture
def buses(real_cluster, tmp_path):
    """One bus per node, so that it shows who told what; eventd runs beside each."""
    real_cluster.set_up_nodes(tmp_path)
    cluster, processes, buses = real_cluster.cluster, [], []
    try:
        for number, name in enumerate(cluster.nodes, 1):
            place = tmp_path / str(number)
            place.mkdir()
            settings = _set_up(place, name, cluster.folder / f"node{number}" / "lib")
            with (place / "log").open("wb") as log:
                processes.append(
                    subprocess.Popen(
                        [sys.executable, "-m", "eventd"], cwd=ROOT, stdout=log, stderr=log,
                        env=os.environ | settings,
                    )
                )  # fmt: skip
            buses.append(SpoolBus(place / "bus", TOPOLOGY))
        yield buses
    finally:
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            assert process.wait(30) == 0


def _set_up(place, name, data):
    """The documented command, with the node's folders as they are seen from outside."""
    (place / "address").write_text(f"spool:{place / 'bus'}\n")
    words = ["--images", place, "--node", name, "--bus", place / "address", "--data-dir", data]
    words += ["--os-dir", place / "os", "--hooks-dir", place / "hooks"]
    words += ["--unit-dir", place, "--settings", place / "settings"]
    assert node_setup.main([str(word) for word in words]) == 0
    lines = (place / "settings").read_text().splitlines()
    found = {key: shlex.split(value)[0] for key, _, value in (x.partition("=") for x in lines)}
    return found | {"EVENTD_STATE": str(place / "state")}


def _told(bus, enough):
    """What a bus was told of the instance, until that is enough."""
    found, stop = [], threading.Event()

    def take(delivery):
        message = messages.parse(delivery.body)
        if getattr(message, "instance", None) == NAME:
            found.append(message)
        if enough(found):
            stop.set()

    timer = threading.Timer(60, stop.set)
    timer.start()
    bus.consume(TOPOLOGY.queues, take, stop)
    timer.cancel()
    return found


def test_the_masters_tells(real_cluster, buses):
    cluster = real_cluster.cluster
    words = ["-t", "diskless", "-o", "noop", "--no-start", "--no-name-check", "--no-ip-check"]
    cluster.run("gnt-instance", "add", *words, "-B", "memory=16M", NAME)
    cluster.run("gnt-instance", "remove", "-f", NAME)

    def complete(found):
        ends = {m.operation for m in found if getattr(m, "status", "") == "success"}
        hooks = [m for m in found if isinstance(m, messages.NetStatus)]
        return hooks and ends == {"OP_INSTANCE_CREATE", "OP_INSTANCE_REMOVE"}

    found = _told(buses[0], complete)
    assert complete(found), found
    assert {message.cluster for message in found} == {"cluster.conf.test"}
    assert sum(isinstance(message, messages.NetStatus) for message in found) == 1
    assert buses[1].backlog() == dict.fromkeys(TOPOLOGY.queues, 0)
