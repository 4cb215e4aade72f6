"""A master without queue or nodes, for tests of the doors: the cluster of the samples."""

import json
import threading
from pathlib import Path

from ganeti_backend import errors, objects
from ganeti_backend.locks import LockInfo
from ganeti_backend.node_rpc.live import LiveData
from ganeti_backend.queue.jobs import FINALIZED, Job, JobStatus, field_values, new_job

DATA = Path(__file__).parents[2] / "data" / "ganeti"
INSTANCE = "vm1.gntlab.test"
NODE = "node1.gntlab.test"
STAMP = {"ctime": 1795210917.5, "mtime": 1795210917.5}
NANOSECONDS = 1_795_210_941_152_431_000


class Configuration:
    """The cluster that the samples were captured from, with one node."""

    def __init__(self) -> None:
        self._cluster = objects.Cluster(name="cluster.gntlab.test", uuid="c", master=NODE, **STAMP)
        self._nodes = [
            objects.Node(name=NODE, uuid="n", primary_ip="10.87.0.11", group="g", **STAMP)
        ]
        networks = {"net": {"mode": "bridged", "link": "br0", "vlan": ""}}
        self._groups = [objects.NodeGroup(name="default", uuid="g", networks=networks)]
        self._networks = [
            objects.Network(
                name="net1", uuid="net", network="192.0.2.0/24", gateway="192.0.2.1",
                network6="2001:db8::/64", gateway6="2001:db8::1", mac_prefix="aa:00:01",
                reserved_ips=("192.0.2.2",), tags=("private-filtered",), **STAMP,
            )
        ]  # fmt: skip
        nic = objects.Nic(uuid="k", name="nic0", mac="aa:00:01:b5:df:59", ip="192.0.2.3",
                          network="net", link="br0")  # fmt: skip
        disk = objects.Disk(uuid="d", size=16, template="sharedfile", name="root")
        self.things = [
            objects.Instance(
                name=INSTANCE, uuid="i", primary_node=NODE, os="noop", disk_template="sharedfile",
                admin_state="up", beparams={"minmem": 16, "maxmem": 16, "vcpus": 1},
                nics=(nic,), disks=(disk,), tags=("owner:demo",), **STAMP,
            )
        ]  # fmt: skip

    def cluster(self):
        return self._cluster

    def nodes(self):
        return self._nodes

    def groups(self):
        return self._groups

    def networks(self):
        return self._networks

    def instances(self):
        return self.things

    def instance(self, name):
        return next((thing for thing in self.things if thing.name == name), None)


class Nodes:
    """Answers for the node."""

    def call(self, node, call, /, timeout=None, **arguments):
        if call.name == "console_output":
            lines = ["Booting\n", "GUEST-READY host=vm1\n"]
            return {"output": "".join(lines if arguments["length"] is None else lines[1:])}
        return {"kind": "msg", "message": "Console not available for fake hypervisor"}

    def close(self):
        pass


class FakeMaster:
    """Keeps submitted jobs in memory; they end when a test says so, or at once."""

    def __init__(self, settings) -> None:
        self.config = Configuration()
        self.settings = settings
        self.nodes = Nodes()
        self.drained = False
        self.finish_at_once = True
        self.changed = threading.Condition()
        sample = json.loads((DATA / "queue" / "job-create-success.json").read_text())
        self.jobs = {6: Job.from_dict(sample)}
        self.running = {INSTANCE: {"state": "running", "memory": 16, "vcpus": 1}}
        self.waiting = 0

    def live(self):
        info = {
            "memory_total": 24105, "memory_free": 20596, "memory_dom0": 125, "cpu_total": 2,
            "cpu_nodes": 1, "cpu_sockets": 1, "cpu_dom0": 2, "disk_total": 258019,
            "disk_free": 74775,
        }  # fmt: skip
        return LiveData({NODE: info}, {NODE: self.running})

    def submit(self, ops):
        return self.submit_many([ops])[0]

    def submit_many(self, batches):
        if self.drained:
            raise errors.QueueDrained("Queue drained")
        ids = []
        for ops in batches:
            job_id = max(self.jobs) + 1
            job = new_job(job_id, ops, NANOSECONDS)
            self.jobs[job_id] = self.finished(job) if self.finish_at_once else job
            ids.append(job_id)
        return ids

    def finished(self, job, status=JobStatus.SUCCESS, result=None):
        job = job.logged(0, (1, 0), "message", "* doing it")
        for index in range(len(job.ops)):
            job = job.ended(index, (2, 0), status, result)
        return job

    def finish(self, job_id, status=JobStatus.SUCCESS, result=None):
        with self.changed:
            self.jobs[job_id] = self.finished(self.jobs[job_id], status, result)
            self.changed.notify_all()

    def job(self, job_id):
        return self.jobs.get(job_id)

    def job_ids(self):
        return [n for n, job in self.jobs.items() if not job.archived]

    def archived_job_ids(self):
        return [n for n, job in self.jobs.items() if job.archived]

    def held_locks(self):
        return [LockInfo("instance/vm1", "exclusive", ["job-6"], [("shared", ["job-7"])])]

    def state_rows(self):
        return [("queue", "serial", "6\n")]

    def change_priority(self, job_id, priority):
        self.jobs[job_id] = self.jobs[job_id].with_op(0, priority=priority)
        return True, f"Priority of job {job_id} changed to {priority}"

    def cancel(self, job_id, kill=False):
        self.killed = kill
        job = self.jobs.get(job_id)
        if job is None or job.status in FINALIZED:
            return False, f"Job {job_id} not found in queue"
        return True, f"Dequeued job {job_id}"

    def archive(self, job_id):
        job = self.jobs[job_id]
        if job.status in FINALIZED:
            self.jobs[job_id] = job.replace(archived=True)
        return job.status in FINALIZED

    def archive_older_than(self, seconds):
        return [len([n for n in self.job_ids() if self.archive(n)]), 0]

    def set_drained(self, drained):
        self.drained = drained

    def wait_for_change(self, job_id, fields, previous, previous_serial, timeout):
        def change():
            job = self.jobs[job_id]
            entries = [list(e) for op in job.ops for e in op.log if e[0] > (previous_serial or 0)]
            values = field_values(job, fields)
            if values == previous and not entries:
                return None
            return {"job_info": values, "log_entries": entries}

        with self.changed:
            self.waiting += 1
            self.changed.notify_all()
            self.changed.wait_for(lambda: change() is not None, timeout)
            self.waiting -= 1
            return change()
