"""A master with its doors in this process, and node daemons as processes on loopback."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from ganeti_backend import installation, settings
from ganeti_backend.cli import gnt_cluster, gnt_group, gnt_instance, gnt_node
from ganeti_backend.daemons import command_socket
from ganeti_backend.errors import NodeUnreachable
from ganeti_backend.master.master import Master
from ganeti_backend.node_rpc import calls
from ganeti_backend.node_rpc.node_pool import NodePool
from ganeti_backend.node_rpc.places import Places
from ganeti_backend.queue.jobs import JobStatus

PROGRAMS = {
    program.name: program
    for program in (gnt_cluster.PROGRAM, gnt_group.PROGRAM, gnt_instance.PROGRAM, gnt_node.PROGRAM)
}
WAIT = 30.0
NEW = "node2.local"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Site:
    """One cluster: its settings, its master, and the daemons that were started."""

    def __init__(self, folder):
        self.settings = settings.for_state(folder, 1, [free_port()])
        self.path = self.settings.data_dir / "cluster.json"
        installation.write(self.path, self.settings)
        self._stack = ExitStack()
        self._master = ExitStack()
        self.daemons = {}
        self.start_node("node1.local", self.path)
        self.start_master()

    def start_master(self):
        places = Places(self.settings)
        self.pool = NodePool(self.settings, places)
        self._master.callback(self.pool.close)
        self.master = Master(self.settings, self.pool, places=places, patience=5.0)
        self.master.certificates.tell(self.pool.renewed)
        self.master.start()
        self._master.callback(self.master.stop)
        served = command_socket.serve(self.master, self.settings.command_socket)
        self._master.callback(served.stop)

    def stop_master(self):
        self._master.close()

    def start_node(self, name, path):
        environment = {**os.environ, "GANETI_CONFIG": str(path), "GANETI_NODE": name}
        words = [sys.executable, "-m", "ganeti_backend.daemons.node"]
        with (path.parent / f"{name}.log").open("w") as log:
            process = subprocess.Popen(words, env=environment, stdout=log, stderr=log)
        self.daemons[name] = process
        self._stack.callback(self.stop_node, name)

    def answers(self, name):
        end = time.monotonic() + WAIT
        while time.monotonic() < end and self.daemons[name].poll() is None:
            try:
                return self.pool.call(name, calls.VERSION, timeout=1)
            except NodeUnreachable:
                continue
        raise AssertionError(f"{name} does not answer")

    def stop_node(self, name):
        process = self.daemons[name]
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(WAIT)

    def run(self, *ops):
        job_id, known = self.master.submit(ops), None
        while True:
            job = self.master.job(job_id)
            if job.finalized:
                assert job.status == JobStatus.SUCCESS, job.ops[-1].result
                return job.ops[-1].result
            known = [job.status.value]
            self.master.wait_for_change(job_id, ["status"], known, job.log_serial, WAIT)

    def close(self):
        self.stop_master()
        self._stack.close()


def bundle_path(output):
    return Path(output.strip().splitlines()[-1])


def joined(site, command, folder=None):
    """The port of a further node that is in the cluster, its bundle carried elsewhere if wished."""
    port = str(free_port())
    place = ("--address", "127.0.0.1", "--port", port)
    code, out, err = command("gnt-node", "add", NEW, *place, "--bundle-only")
    assert (code, "ganeti_backend.daemons.node" in err) == (0, True)
    path = bundle_path(out)
    if folder is not None:
        shutil.copytree(path.parent, folder)
        shutil.rmtree(path.parent)
        path = folder / path.name
    site.start_node(NEW, path)
    code, _out, err = command("gnt-node", "add", NEW, *place)
    assert code == 0, err
    return port
