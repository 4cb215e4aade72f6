"""The cluster manager's own processes die, hang or run out of disk in the middle of operations.

Nothing acknowledged is lost; what an operation began is finished, undone, or named by
`gnt-cluster verify`.
"""

import os
import signal
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path

import pytest

from tests.conformance.namespaces import wait_for, why_not
from tests.conformance.own_cluster import OwnCluster, own_cluster
from tests.conformance.queue_watch import QueueWatch
from tests.system.backend_rooms import FullDisk, RoomedCluster, frozen

pytestmark = pytest.mark.system
OVER = ("success", "error", "canceled")
PATIENT = 90


def creation(name, node, **more):
    return {
        "__version__": 1,
        "mode": "create",
        "instance_name": name,
        "disk_template": "sharedfile",
        "disks": [{"size": 16}],
        "nics": [{}],
        "os_type": "noop",
        "pnode": node,
        "name_check": False,
        "ip_check": False,
        "beparams": {"minmem": 16, "maxmem": 16, "vcpus": 1},
        **more,
    }


def submit(rapi, method, path, body):
    answer = rapi.ask(method, path, body)
    assert answer.status == 200, answer.text
    return answer.body


def begun(rapi, job_id):
    return rapi.get(f"/2/jobs/{job_id}")["status"] not in ("queued", "waiting")


def verified(cluster):
    """Looked at until it says that all is well, for repairs take a moment."""
    said = []

    def fine():
        done = cluster.command("gnt-cluster", "verify")
        said.append(done.stdout + done.stderr)
        return done.returncode == 0

    try:
        wait_for(fine, "gnt-cluster verify finds nothing", PATIENT)
    except RuntimeError:
        pytest.fail(f"gnt-cluster verify still says: {said[-1]}")


def whole(rapi, name):
    """The instance is there and can be stopped, started and removed; or there is no trace."""
    if rapi.ask("GET", f"/2/instances/{name}").status == 404:
        return
    for method, path in (
        ("PUT", f"/2/instances/{name}/shutdown"),
        ("PUT", f"/2/instances/{name}/startup"),
        ("DELETE", f"/2/instances/{name}"),
    ):
        rapi.do(method, path, {} if method == "PUT" else None)


@pytest.fixture(scope="module")
def roomed():
    problem = why_not()
    if problem:
        pytest.skip(f"no networks of nodes' own: {problem}")
    with tempfile.TemporaryDirectory(prefix="own-", dir="/var/tmp") as folder:
        cluster = RoomedCluster(Path(folder))
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop()


@pytest.fixture(params=["killed", "cut off"])
def node_fault(request, roomed):
    """Context of a node that does not answer, and then is as it was."""
    node = roomed.nodes[2]

    class Fault:
        def begin(self):
            if request.param == "killed":
                # Frozen first: otherwise the operation may be over before the signal comes.
                process = roomed.processes[node]
                process.send_signal(signal.SIGSTOP)
                wait_for(lambda: frozen(process.pid), "the daemon stands still")
            else:
                roomed.cut(node, off=True)

        def end(self):
            if request.param == "killed":
                roomed.kill(node)
                roomed.start_node(node)
            else:
                roomed.cut(node, off=False)

    return Fault()


OPERATIONS = {
    "create": None,
    "migrate": ("PUT", "migrate", {"target_node": 2}, 1),
    "failover": ("PUT", "failover", {"target_node": 2}, 1),
    "grow": ("POST", "disk/0/grow", {"amount": 16}, 2),
}


# What the instance shows of an operation, and what that is where it was done and where it was not.
BEFORE = {
    "migrate": lambda nodes: (nodes[1], [16]),
    "failover": lambda nodes: (nodes[1], [16]),
    "grow": lambda nodes: (nodes[2], [16]),
}
AFTER = {
    "create": lambda nodes: (nodes[2], [16]),
    "migrate": lambda nodes: (nodes[2], [16]),
    "failover": lambda nodes: (nodes[2], [16]),
    "grow": lambda nodes: (nodes[2], [32]),
}


def told(instance):
    return instance["pnode"], instance["disk.sizes"]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_node_goes_away_during(roomed, node_fault, operation):
    rapi, nodes = roomed.rapi(), roomed.nodes
    name = f"fault-{operation}.conf.test"
    if operation == "create":
        request = ("POST", "/2/instances", creation(name, nodes[2]))
    else:
        method, path, body, home = OPERATIONS[operation]
        rapi.do("POST", "/2/instances", creation(name, nodes[home]))
        body = {key: nodes[value] if key == "target_node" else value for key, value in body.items()}
        request = (method, f"/2/instances/{name}/{path}", body)
    # The master has just seen the node well, so that the job is not refused before it begins.
    wait_for(lambda: rapi.get(f"/2/nodes/{nodes[2]}")["mfree"], "the node answers", PATIENT)
    node_fault.begin()
    try:
        job_id = submit(rapi, *request)
        wait_for(lambda: begun(rapi, job_id), "the job runs")
        # Long enough that a call stands in the middle of the way to the node.
        threading.Event().wait(0.5)
        job = rapi.get(f"/2/jobs/{job_id}")
        assert job["status"] == "running", f"the fault came too late: {job['opresult']}"
    finally:
        node_fault.end()
    job = rapi.ended(job_id, PATIENT)
    assert job["status"] in ("success", "error")
    if job["status"] == "error":
        assert job["opresult"][0][1], "an error names its cause"
    verified(roomed)
    found = rapi.ask("GET", f"/2/instances/{name}")
    if operation != "create" or job["status"] == "success":
        assert found.status == 200, found.text
        done = job["status"] == "success"
        assert told(found.body) == (AFTER if done else BEFORE)[operation](nodes)
    whole(rapi, name)


@pytest.fixture(scope="module")
def cluster():
    with own_cluster(3) as made:
        yield made


@pytest.mark.parametrize("step", range(1, 8))
def test_the_master_is_killed_at(cluster, step):
    """After the so many-th state of a job was written, with others before and behind it."""
    rapi, nodes = cluster.rapi(), cluster.nodes
    names = [f"kill-{step}-{number}.conf.test" for number in range(6)]

    def order(pair):
        number, name = pair
        try:
            answer = rapi.ask("POST", "/2/instances", creation(name, nodes[number % 3]))
        except (OSError, HTTPException):
            return None  # Not acknowledged: the master was gone, perhaps within its answer.
        return answer.body if answer.status == 200 else None

    with QueueWatch(cluster.queue) as watch, ThreadPoolExecutor(6) as threads:
        ordered = [threads.submit(order, pair) for pair in enumerate(names)]
        watch.wait_for_renames(step)
        cluster.kill("master")
        jobs = [future.result() for future in ordered]
    cluster.start_master()
    made = set()
    for name, job_id in zip(names, jobs, strict=True):
        if job_id is None:
            continue
        job = rapi.ended(job_id, PATIENT)
        assert job["status"] in ("success", "error"), job
        assert job["status"] == "success" or job["opresult"][0], "an error names its cause"
        if job["status"] == "success":
            made.add(name)
    # Those that nobody was told of may have been queued all the same; they end too.
    wait_for(lambda: all_over(rapi), "every job is over", PATIENT)
    verified(cluster)
    assert made <= {one["id"] for one in rapi.get("/2/instances")}
    for name in names:
        whole(rapi, name)


def all_over(rapi):
    return all(job["status"] in OVER for job in rapi.get("/2/jobs?bulk=1"))


@pytest.fixture
def small_disk():
    """A cluster whose queue has a small disk of its own."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    with tempfile.TemporaryDirectory(prefix="own-", dir="/var/tmp") as folder:
        made = OwnCluster(Path(folder))
        disk = FullDisk(made.queue)
        try:
            made.start()
            yield made, disk
        finally:
            made.stop()
            disk.unmount()


def test_a_full_disk_refuses_jobs_and_loses_none(small_disk):
    cluster, disk = small_disk
    rapi, node = cluster.rapi(), cluster.nodes[0]
    before = rapi.do("POST", "/2/instances", creation("full-1.conf.test", node))["id"]
    disk.fill()
    refused = rapi.ask("POST", "/2/instances", creation("full-2.conf.test", node))
    assert refused.status >= 500, refused.text
    assert "code" in refused.body
    assert rapi.get(f"/2/jobs/{before}")["status"] == "success"
    disk.empty()
    after = rapi.do("POST", "/2/instances", creation("full-3.conf.test", node))["id"]
    cluster.kill("master")
    cluster.start_master()
    assert [rapi.get(f"/2/jobs/{job}")["status"] for job in (before, after)] == ["success"] * 2
    names = {one["id"] for one in rapi.get("/2/instances")}
    assert names == {"full-1.conf.test", "full-3.conf.test"}
    verified(cluster)


def test_a_disk_that_fills_up_under_a_running_job(small_disk):
    cluster, disk = small_disk
    rapi, node = cluster.rapi(), cluster.nodes[1]
    process = cluster.processes[node]
    process.send_signal(signal.SIGSTOP)
    try:
        job_id = submit(rapi, "POST", "/2/instances", creation("late-1.conf.test", node))
        wait_for(lambda: begun(rapi, job_id), "the job runs")
        disk.fill()
    finally:
        process.send_signal(signal.SIGCONT)
    threading.Event().wait(1)
    disk.empty()
    rapi.do("POST", "/2/instances", creation("late-2.conf.test", cluster.nodes[0]))
    assert rapi.ended(job_id, PATIENT)["status"] in ("success", "error")
    verified(cluster)
    whole(rapi, "late-1.conf.test")
