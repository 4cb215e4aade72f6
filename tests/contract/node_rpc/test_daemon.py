"""The node daemon as a process: killed, stopped, started twice. Its guests notice nothing."""

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from ganeti_backend import installation, settings
from ganeti_backend.errors import NodeUnreachable
from ganeti_backend.node_rpc import calls
from ganeti_backend.node_rpc.client import NodeClient

NODE = "node1.local"
GUEST = {
    "name": "web", "uuid": "0c2fa2e6-58a5-4f2c-8a06-6a0f36e5a001", "hvparams": {},
    "beparams": {"maxmem": 64, "vcpus": 1}, "disks": [], "nics": [],
}  # fmt: skip


class Daemon:
    """One process of the node daemon and a client to it."""

    def __init__(self, folder, hypervisor):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        drivers = settings.Drivers(hypervisor=hypervisor)
        self.settings = settings.for_state(folder, 1, [port], drivers)
        self.path = self.settings.data_dir / "cluster.json"
        installation.write(self.path, self.settings)
        self.client = NodeClient(self.settings)
        self.process = None

    def run(self, *arguments, node=NODE):
        environment = {**os.environ, "GANETI_CONFIG": str(self.path), "GANETI_NODE": node}
        words = [sys.executable, "-m", "ganeti_backend.daemons.node", *arguments]
        return subprocess.Popen(
            words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )

    def start(self):
        self.process, end = self.run(), time.monotonic() + 30
        while time.monotonic() < end and self.process.poll() is None:
            try:
                return self.client.call(NODE, calls.VERSION, timeout=5)
            except NodeUnreachable:
                continue
        raise AssertionError(self.process.stdout.read().decode())

    def end(self, signal_number):
        self.process.send_signal(signal_number)
        self.process.communicate(timeout=20)
        return self.process.returncode


@pytest.fixture(params=["fake", pytest.param("libvirt", marks=pytest.mark.system)])
def daemon(request, tmp_path):
    if request.param == "libvirt":
        pytest.importorskip("libvirt", reason="python3-libvirt is not installed")
    made = Daemon(tmp_path, request.param)
    made.start()
    yield made
    if made.process.poll() is None:
        made.client.call(NODE, calls.INSTANCE_FORGET, name="web")
        made.end(signal.SIGKILL)
    made.client.close()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_guests_outlive_the_daemon(daemon, how):
    daemon.client.call(NODE, calls.INSTANCE_START, instance=GUEST)
    before = daemon.client.call(NODE, calls.INSTANCES_INFO)
    assert before["web"]["state"] == "running"
    assert daemon.end(how) == (0 if how == signal.SIGTERM else -signal.SIGKILL)
    daemon.start()
    assert daemon.client.call(NODE, calls.INSTANCES_INFO) == before
    daemon.client.call(NODE, calls.INSTANCE_SHUTDOWN, name="web", timeout=0, force=True)
    assert daemon.client.call(NODE, calls.INSTANCES_INFO) == {}


def test_stop_guests_leaves_none(daemon):
    daemon.client.call(NODE, calls.INSTANCE_START, instance=GUEST)
    daemon.end(signal.SIGTERM)
    stopping = daemon.run("--stop-guests", "0.1")
    stopping.communicate(timeout=30)
    assert stopping.returncode == 0
    daemon.start()
    assert daemon.client.call(NODE, calls.INSTANCES_INFO) == {}


def test_second_daemon_of_a_node_is_refused(daemon):
    second = daemon.run()
    output, _ = second.communicate(timeout=30)
    assert second.returncode == 1
    assert b"another daemon of node node1.local is running" in output


def test_unknown_node_is_refused_in_one_line(daemon):
    second = daemon.run(node="node9.local")
    output, _ = second.communicate(timeout=30)
    assert second.returncode == 1
    assert b"no node node9.local" in output
    assert b"Traceback" not in output


def test_stop_does_not_wait_for_a_call(daemon):
    """A guest's shutdown may take minutes; the master asks again."""
    asking = NodeClient(replace(daemon.settings))
    with pytest.raises(NodeUnreachable):
        asking.call(NODE, calls.TEST_DELAY, duration=60, timeout=0.2)
    began = time.monotonic()
    assert daemon.end(signal.SIGTERM) == 0
    assert time.monotonic() - began < 15
    asking.close()
