"""A cluster of each kind: the fake, a running `ganeti_backend` and a real Ganeti, with pretended
guests.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import uuid
from pathlib import Path

import pytest

from synnefo.ports import ClusterError, DiskSpec, InstanceSpec
from synnefo.rapi.client import RapiCluster
from synnefo.rapi.fake import FakeCluster
from tests.conformance.real_ganeti import PASSWORD, USER

ROOT = Path(__file__).parents[3]
IMAGE = "0b5f6c1e-6a3e-4f10-9f61-2f1d3a9d8f01"
FINAL = {"success", "error", "canceled"}


def free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def until(condition, seconds=60.0):
    """Look every 20 ms until the condition gives something."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.02)):
        if found := condition():
            return found
        pause.wait(0.02)
    raise AssertionError("the condition never held")


@pytest.fixture(scope="session")
def running_backend(tmp_path_factory):
    from ganeti_backend import installation, settings

    state = tmp_path_factory.mktemp("cluster")
    rapi_port, *node_ports = free_ports(3)
    made = settings.for_state(state, rapi_port, node_ports)
    config = made.data_dir / "cluster.json"
    installation.write(config, made)
    (made.image_dir / IMAGE).write_bytes(b"\0" * 1024 * 1024)
    environment = os.environ | {"GANETI_CONFIG": str(config), "SYNNEFO_STATE": str(state)}
    processes = []
    with (state / "log").open("wb") as log:
        for module, node in [*(("node", one.name) for one in made.nodes), ("master", "")]:
            processes.append(
                subprocess.Popen(
                    [sys.executable, "-m", f"ganeti_backend.daemons.{module}"],
                    env=environment | {"GANETI_NODE": node},
                    cwd=ROOT,
                    stdout=log,
                    stderr=log,
                )
            )
        try:
            password = installation.rapi_password(made)
            url = f"https://127.0.0.1:{rapi_port}"

            def connect():
                assert all(one.poll() is None for one in processes), (state / "log").read_text()
                cluster = RapiCluster(url, installation.RAPI_USER, password, made.tls.ca)
                try:
                    cluster.info()
                except ClusterError:
                    return None
                finally:
                    cluster.close()
                return (url, installation.RAPI_USER, password, made.tls.ca)

            yield until(connect)
        finally:
            for one in processes:
                one.send_signal(signal.SIGTERM)
            for one in processes:
                one.wait(30)


@pytest.fixture(scope="module")
def running_ganeti(real_cluster, tmp_path_factory):
    images = tmp_path_factory.mktemp("images")
    (images / IMAGE).write_bytes(b"\0" * 1024 * 1024)
    real_cluster.set_up_nodes(images)
    return (real_cluster.url, USER, PASSWORD, real_cluster.fingerprint)


OWN = pytest.param("running_backend", marks=pytest.mark.system, id="backend")
REAL = pytest.param(
    "running_ganeti", marks=[pytest.mark.system, pytest.mark.conformance], id="real"
)


@pytest.fixture(params=["fake", OWN, REAL])
def cluster(request):
    if request.param == "fake":
        made = FakeCluster()
    else:
        made = RapiCluster(*request.getfixturevalue(request.param))
    yield made
    made.close()


@pytest.fixture
def keeps_output(request):
    """Whether what guests write to their consoles can be read later."""
    return "real" not in request.node.callspec.id


@pytest.fixture
def finished(cluster):
    """Wait for the end of a job."""

    def wait(job_id):
        def ended():
            job = cluster.job(job_id)
            return job if job.status in FINAL else None

        return until(ended)

    return wait


@pytest.fixture
def name(cluster):
    """An instance's name of this test's own; nothing of that name is left afterwards."""
    made = f"t{uuid.uuid4().hex[:6]}-1"
    yield made
    if any(one.name == made for one in cluster.instances()):
        job_id = cluster.submit_remove(made, "cleaning up")
        until(lambda: cluster.job(job_id).status in FINAL)


@pytest.fixture
def spec(name):
    return InstanceSpec(
        name=name,
        vcpus=1,
        memory=64,
        disk_template="file",
        os="image",
        disks=(DiskSpec(f"{name}-root", 16),),
        osparams={"img_id": IMAGE, "img_format": "raw", "img_properties": "{}"},
    )
