"""The clock of the whole machine is set back, and ahead, while the cluster manager works.

Every daemon and every command believes a clock that the test sets. Nothing waits for the time to
come again, nothing acknowledged is lost, and a master that starts in the past goes on.
"""

import os
import signal
import tempfile
from pathlib import Path

import pytest

from tests.conformance.namespaces import wait_for
from tests.conformance.own_cluster import OwnCluster
from tests.system.test_backend_faults import PATIENT, begun, creation, submit, verified

pytestmark = pytest.mark.system
HOUR = 3600
# Loaded by each Python before anything else. What has passed (`monotonic`) no clock can set.
CLOCK = """
import os, time
_place = os.environ["STEPPED_CLOCK"]
_time, _time_ns = time.time, time.time_ns
def _offset():
    with open(_place) as file:
        return int(file.read() or 0)
time.time = lambda: _time() + _offset()
time.time_ns = lambda: _time_ns() + _offset() * 10**9
"""


class SteppedCluster(OwnCluster):
    """Its processes have the test's clock."""

    def __init__(self, folder):
        super().__init__(folder, 2)
        self._clock = folder / "clock"
        (folder / "python").mkdir(parents=True)
        (folder / "python" / "sitecustomize.py").write_text(CLOCK)
        self.step(0)

    def step(self, seconds):
        fresh = self._clock.with_suffix(".new")
        fresh.write_text(str(seconds))
        fresh.rename(self._clock)

    def _environment(self):
        paths = [str(self.folder / "python"), os.environ.get("PYTHONPATH", "")]
        return {
            **super()._environment(),
            "PYTHONPATH": os.pathsep.join(filter(None, paths)),
            "STEPPED_CLOCK": str(self._clock),
        }


@pytest.fixture(scope="module")
def stepped():
    with tempfile.TemporaryDirectory(prefix="own-", dir="/var/tmp") as folder:
        cluster = SteppedCluster(Path(folder))
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop()


@pytest.fixture(params=[-HOUR, HOUR], ids=["back", "ahead"])
def step(request, stepped):
    yield request.param
    stepped.step(0)


def test_a_job_runs_across_the_step(stepped, step):
    rapi, node = stepped.rapi(), stepped.nodes[1]
    name = f"across{step}.conf.test".replace("-", "b")
    process = stepped.processes[node]
    process.send_signal(signal.SIGSTOP)
    try:
        job_id = submit(rapi, "POST", "/2/instances", creation(name, node))
        wait_for(lambda: begun(rapi, job_id), "the job runs")
        stepped.step(step)
        behind = submit(rapi, "PUT", f"/2/instances/{name}/shutdown", {})
    finally:
        process.send_signal(signal.SIGCONT)
    assert behind > job_id
    for each in (job_id, behind):
        assert rapi.ended(each, PATIENT)["status"] == "success"
    verified(stepped)


def test_the_cluster_manager_starts_in_another_time(stepped, step):
    rapi, node = stepped.rapi(), stepped.nodes[0]
    name = f"before{step}.conf.test".replace("-", "b")
    job = rapi.do("POST", "/2/instances", creation(name, node))
    stepped.step(step)
    stepped.kill("master")
    stepped.kill(node)
    stepped.start_node(node)
    stepped.start_master()
    assert rapi.get(f"/2/jobs/{job['id']}")["status"] == "success"
    for method, what in (("PUT", "shutdown"), ("PUT", "startup")):
        after = rapi.do(method, f"/2/instances/{name}/{what}", {})
        assert int(after["id"]) > int(job["id"])
    verified(stepped)


def test_waiting_ends_and_old_jobs_are_put_away(stepped, step):
    rapi = stepped.rapi()
    done = rapi.do("PUT", f"/2/nodes/{stepped.nodes[1]}/role?force=1", "regular")
    stepped.step(step)
    asked = stepped.command("gnt-debug", "delay", "--no-master", "-n", stepped.nodes[0], "0.2")
    assert asked.returncode == 0, asked.stderr
    tidied = stepped.command("gnt-job", "autoarchive", "60")
    assert tidied.returncode == 0, tidied.stderr
    # In the past nothing is old; an hour ahead what was done before is.
    kept = {str(job["id"]) for job in rapi.get("/2/jobs")}
    assert (str(done["id"]) in kept) == (step < 0)
    back = rapi.do("PUT", f"/2/nodes/{stepped.nodes[1]}/role?force=1", "master-candidate")
    assert (back["received_ts"][0] > done["end_ts"][0]) == (step > 0), "the daemons saw the step"
    verified(stepped)
