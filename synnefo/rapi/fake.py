"""The port Cluster in memory: jobs, instances and networks of a cluster that does all at once.

Held to the same contract as the real client. `holding` keeps jobs queued until `run` is called;
`away` and `lose_answers` are the two ways in which a cluster can fail its caller.
"""

from __future__ import annotations

import ipaddress
import itertools
import threading
import uuid
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any, Literal

from synnefo.ports import (
    ClusterInfo,
    ClusterUnreachable,
    ConsoleReport,
    DiskReport,
    InstanceChange,
    InstanceReport,
    InstanceSpec,
    JobReport,
    NetworkReport,
    NetworkSpec,
    NicReport,
    NicSpec,
    NotFound,
    OpReport,
)
from synnefo.rapi.fake_failures import JobFails, refuse_outside, refuse_ranges, refuse_taken
from synnefo.rapi.fake_nodes import FakeNodes
from synnefo.rapi.fake_wishes import FEATURES, FakeWishes

GROUP = "default"
MESSAGES = "GUEST-READY host={name}\n"


class FakeCluster(FakeNodes, FakeWishes):
    """A cluster of one node in this process."""

    def __init__(self, name: str = "cluster.fake", node: str = "node1.fake") -> None:
        self.name = name
        self.node = node
        self._tags = set()
        self.away = False
        self.lose_answers = False
        self.holding = False
        self._lock = threading.RLock()
        self._numbers = itertools.count(1)
        self._jobs: dict[int, JobReport] = {}
        self._work: dict[int, Callable[[], Any]] = {}
        self._instances: dict[str, InstanceReport] = {}
        self._networks: dict[str, NetworkReport] = {}
        self.saved: dict[str, tuple[str, str]] = {}

    # --- what tests do

    def run(self) -> None:
        """Do all jobs that were held."""
        with self._lock:
            for job_id in sorted(self._work):
                self._run(job_id)

    def set_instance(self, name: str, **changes: Any) -> None:
        """Change an instance behind everybody's back."""
        with self._lock:
            self._instances[name] = replace(self._instances[name], **changes)

    def remove_behind(self, name: str) -> None:
        """Let an instance vanish behind everybody's back."""
        with self._lock:
            del self._instances[name]

    def set_network(self, name: str, **changes: Any) -> None:
        """Change a network behind everybody's back."""
        with self._lock:
            self._networks[name] = replace(self._networks[name], **changes)

    def forget_job(self, job_id: int) -> None:
        """As if it had been archived and its file deleted."""
        with self._lock:
            self._jobs.pop(job_id)
            self._work.pop(job_id, None)

    # --- looking

    def info(self) -> ClusterInfo:
        """Who the cluster is."""
        self._reach()
        return ClusterInfo(
            self.name, self.node, "3.0.2", "fake", ("fake",), ("file", "diskless"),
            tuple(sorted(self._tags)), features=FEATURES,
        )  # fmt: skip

    def instances(self) -> list[InstanceReport]:
        """All instances."""
        self._reach()
        return list(self._instances.values())

    def instance(self, name: str) -> InstanceReport:
        """One instance."""
        self._reach()
        try:
            return self._instances[name]
        except KeyError as absent:
            raise NotFound(f"Instance '{name}' not known") from absent

    def groups(self) -> list[str]:
        """The node group."""
        self._reach()
        return [GROUP]

    def operating_systems(self) -> list[str]:
        """The one that the frontend uses."""
        self._reach()
        return ["image"]

    def check_rights(self) -> None:
        """Everybody may do everything."""
        self._reach()

    def networks(self) -> list[NetworkReport]:
        """All networks."""
        self._reach()
        return list(self._networks.values())

    def job(self, job_id: int) -> JobReport:
        """One job."""
        self._reach()
        try:
            return self._jobs[job_id]
        except KeyError as absent:
            raise NotFound(f"Job {job_id} not found") from absent

    def latest_job(self) -> int:
        """What nobody asks a real one: the highest job id."""
        return max(self._jobs, default=0)

    def find_job_by_reason(self, text: str, since_job: int) -> int | None:
        """Search the reason trails."""
        self._reach()
        for job_id in sorted(self._jobs):
            trail = [e for op in self._jobs[job_id].ops for e in op.input["reason"]]
            if job_id > since_job and any(text in entry[1] for entry in trail):
                return job_id
        return None

    def console(self, name: str) -> ConsoleReport:
        """There is none to reach."""
        self.instance(name)
        return ConsoleReport("msg", message="Console not available for fake hypervisor")

    def console_output(self, name: str, length: int | None = None) -> str:
        """One line for one that runs."""
        output = MESSAGES.format(name=name) if self.instance(name).running else ""
        return output if length is None else "".join(output.splitlines(True)[-length:])

    # --- wishing

    def submit_create(self, spec: InstanceSpec, reason: str) -> int:
        """Make an instance."""
        given = {"instance_name": spec.name}
        return self._submit("INSTANCE_CREATE", given, reason, lambda: self._create(spec))

    def submit_remove(self, name: str, reason: str) -> int:
        """Remove an instance."""
        return self._on(name, "INSTANCE_REMOVE", reason, lambda: self._instances.pop(name) and None)

    def submit_startup(self, name: str, reason: str) -> int:
        """Start an instance."""
        return self._on(name, "INSTANCE_STARTUP", reason, lambda: self._power(name, True))

    def submit_shutdown(self, name: str, reason: str, timeout: int | None = None) -> int:
        """Stop an instance."""
        return self._on(name, "INSTANCE_SHUTDOWN", reason, lambda: self._power(name, False))

    def submit_reboot(
        self, name: str, reason: str, kind: Literal["soft", "hard", "full"] = "hard"
    ) -> int:
        """Restart an instance."""
        return self._on(name, "INSTANCE_REBOOT", reason, lambda: self._power(name, True))

    def submit_set_params(self, name: str, change: InstanceChange, reason: str) -> int:
        """Change an instance."""
        return self._on(name, "INSTANCE_SET_PARAMS", reason, lambda: self._change(name, change))

    def submit_rename(self, name: str, new_name: str, reason: str) -> int:
        """Rename an instance."""
        return self._on(name, "INSTANCE_RENAME", reason, lambda: self._rename(name, new_name))

    def submit_network_add(self, spec: NetworkSpec, reason: str) -> int:
        """Make a network."""
        given = {"network_name": spec.name}
        return self._submit("NETWORK_ADD", given, reason, lambda: self._add_network(spec))

    def submit_network_connect(
        self, name: str, group: str, mode: str, link: str, reason: str, after: int | None = None
    ) -> int:
        """Connect a network."""

        def connect() -> None:
            if after is not None and self._jobs[after].status != "success":
                raise JobFails("OpExecError", f"Job {after} failed", "failed")
            self._networks[name] = replace(self._networks[name], groups=(group,))

        return self._on_network(name, "NETWORK_CONNECT", reason, connect, known=after is None)

    def submit_network_disconnect(self, name: str, group: str, reason: str) -> int:
        """Disconnect a network."""

        def disconnect() -> None:
            self._networks[name] = replace(self._networks[name], groups=())

        return self._on_network(name, "NETWORK_DISCONNECT", reason, disconnect)

    def submit_network_remove(self, name: str, reason: str) -> int:
        """Remove a network."""
        return self._on_network(
            name, "NETWORK_REMOVE", reason, lambda: self._networks.pop(name) and None
        )

    def cancel(self, job_id: int) -> bool:
        """Take a held job out of the queue."""
        with self._lock:
            job = self.job(job_id)
            if self._work.pop(job_id, None) is None:
                return False
            ops = tuple(replace(op, status="canceled") for op in job.ops)
            self._jobs[job_id] = replace(job, status="canceled", ops=ops)
            return True

    def close(self) -> None:
        """Nothing to give back."""

    # --- jobs

    def _reach(self) -> None:
        if self.away:
            raise ClusterUnreachable("the fake cluster was told to be away")

    def _on(self, name: str, opcode: str, reason: str, work: Callable[[], Any]) -> int:
        """A job on an instance; like Ganeti, its absence fails the job and not the submission."""

        def checked() -> Any:
            if name not in self._instances:
                raise JobFails("OpPrereqError", f"Instance '{name}' not known", "unknown_entity")
            return work()

        return self._submit(opcode, {"instance_name": name}, reason, checked)

    def _on_network(
        self, name: str, opcode: str, reason: str, work: Callable[[], Any], known: bool = True
    ) -> int:
        def checked() -> Any:
            if name not in self._networks:
                raise JobFails("OpPrereqError", f"Network '{name}' not found", "unknown_entity")
            return work()

        return self._submit(opcode, {"network_name": name}, reason, checked if known else work)

    def _submit(
        self, opcode: str, given: dict[str, Any], reason: str, work: Callable[[], Any]
    ) -> int:
        self._reach()
        with self._lock:
            job_id = next(self._numbers)
            trail = [["gnt:user", reason, 0], ["gnt:library:rlib2:fake", "", 0]]
            op = OpReport(f"OP_{opcode}", "queued", given | {"reason": trail})
            self._jobs[job_id] = JobReport(job_id, "queued", (op,), received=(job_id, 0))
            self._work[job_id] = work
            if not self.holding:
                self._run(job_id)
        if self.lose_answers:
            raise ClusterUnreachable("the fake cluster lost its answer", perhaps_done=True)
        return job_id

    def _run(self, job_id: int) -> None:
        work, job = self._work.pop(job_id), self._jobs[job_id]
        try:
            status, result = "success", work()
        except JobFails as failure:
            status, result = "error", failure.result
        op = replace(job.ops[0], status=status, result=result)
        when = (job_id, 1)
        self._jobs[job_id] = replace(job, status=status, ops=(op,), started=when, ended=when)

    # --- what the jobs do

    def _create(self, spec: InstanceSpec) -> list[str]:
        refuse_taken(spec.name, self._instances)
        self._check_room(spec.memory, sum(disk.size for disk in spec.disks))
        self._instances[spec.name] = InstanceReport(
            name=spec.name,
            uuid=str(uuid.uuid4()),
            status="running" if spec.start else "ADMIN_down",
            admin_state="up" if spec.start else "down",
            running=spec.start,
            memory=spec.memory,
            vcpus=spec.vcpus,
            pnode=self.node,
            disk_template=spec.disk_template,
            nics=tuple(self._nic(one) for one in spec.nics),
            disks=tuple(
                DiskReport(name=one.name, uuid=str(uuid.uuid4()), size=one.size)
                for one in spec.disks
            ),
            hypervisor="fake",
            os=spec.os,
            tags=spec.tags,
            serial=1,
        )
        return [self.node]

    def _check_room(self, memory: int, space: int) -> None:
        node = self.nodes()[0]
        if memory > (node.memory_free or 0) or space > (node.disk_free or 0):
            lacking = "memory" if memory > (node.memory_free or 0) else "disk"
            text = f"Can't compute nodes using iallocator 'hail': not enough {lacking}"
            raise JobFails("OpPrereqError", text, "insufficient_resources")

    def _nic(self, spec: NicSpec) -> NicReport:
        if spec.network is not None and spec.network not in self._networks:
            text = f"Network '{spec.network}' not found"
            raise JobFails("OpPrereqError", text, "unknown_entity")
        ip = _ip(spec.ip)
        if spec.network is not None and spec.ip is None:
            hosts = ipaddress.ip_network(self._networks[spec.network].cidr).hosts()
            taken = {nic.ip for one in self._instances.values() for nic in one.nics}
            taken.add(self._networks[spec.network].gateway)
            ip = next(str(host) for host in hosts if str(host) not in taken)
        if spec.network is not None and ip is not None:
            refuse_outside(ip, self._networks[spec.network].cidr)
        mac = spec.mac or f"aa:00:00:{uuid.uuid4().hex[:2]}:{uuid.uuid4().hex[:2]}:01"
        return NicReport(spec.name, str(uuid.uuid4()), mac, ip, spec.network, "bridged", "br0")

    def _power(self, name: str, up: bool) -> None:
        status, state = ("running", "up") if up else ("ADMIN_down", "down")
        self.set_instance(name, status=status, admin_state=state, running=up)

    def _change(self, name: str, change: InstanceChange) -> list[Any]:
        old = self._instances[name]
        kept = [one for one in old.nics if one.name not in change.remove_nics]
        wanted = change.name_nics
        nics = tuple(
            self._named(one, wanted.get(one.uuid) or wanted.get(one.name or "")) for one in kept
        )
        left = [one for one in old.disks if one.name not in change.remove_disks]
        disks = tuple(replace(d, name=change.name_disks.get(d.uuid, d.name)) for d in left)
        front = change.add_first_disk
        first = () if front is None else (DiskReport(front.name, str(uuid.uuid4()), front.size),)
        added = (DiskReport(one.name, str(uuid.uuid4()), one.size) for one in change.add_disks)
        self.set_instance(
            name,
            vcpus=change.vcpus or old.vcpus,
            memory=change.memory or old.memory,
            nics=nics + tuple(self._nic(one) for one in change.add_nics),
            disks=(*first, *disks, *added),
            serial=old.serial + 1,
        )
        return [list(pair) for pair in asdict(change).items() if pair[1]]

    def _named(self, nic: NicReport, spec: NicSpec | None) -> NicReport:
        if spec is None or spec.network is None:
            ip = nic.ip if spec is None or spec.ip is None else _ip(spec.ip)
            return nic if spec is None else replace(nic, name=spec.name, ip=ip)
        return replace(self._nic(spec), uuid=nic.uuid, mac=nic.mac)

    def _rename(self, name: str, new_name: str) -> str:
        refuse_taken(new_name, self._instances)
        self._instances[new_name] = replace(self._instances.pop(name), name=new_name)
        return new_name

    def _add_network(self, spec: NetworkSpec) -> None:
        refuse_taken(spec.name, self._networks)
        refuse_ranges(spec)
        size = ipaddress.ip_network(spec.cidr).num_addresses
        reserved = 2 + (spec.gateway is not None)
        self._networks[spec.name] = NetworkReport(
            name=spec.name,
            uuid=str(uuid.uuid4()),
            cidr=spec.cidr,
            gateway=spec.gateway,
            mac_prefix=spec.mac_prefix,
            free=size - reserved,
            reserved=reserved,
            tags=spec.tags,
        )


def _ip(wanted: str | None) -> str | None:
    """Ganeti has a word for no address."""
    return None if wanted == "none" else wanted
