"""A whole master in this process, over nodes in memory, in a folder of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from ganeti_backend import opcodes, settings
from ganeti_backend.master.master import Master
from ganeti_backend.node_rpc.fake import FakeNodeClient
from ganeti_backend.queue.jobs import Job, JobStatus

WAIT = 20.0


class Lab:
    """Masters one after the other on the same files and the same nodes."""

    def __init__(self, folder: Path) -> None:
        self.settings = settings.for_state(folder, 0, [1, 2, 3])
        self.nodes = FakeNodeClient()
        self.master = self._new()
        self.patience = 5.0

    def _new(self, patience: float = 5.0, threads: int = 8) -> Master:
        return Master(self.settings, self.nodes, patience=patience, threads=threads)

    def start(self, **options: Any) -> Master:
        self.master = self._new(**options)
        self.master.start()
        return self.master

    def wait(self, job_id: int, until: Callable[[Job], bool] = lambda job: job.finalized) -> Job:
        """The job once the condition holds."""
        values: list[Any] | None = None
        while True:
            job = self.master.job(job_id)
            assert job is not None
            if until(job):
                return job
            serial = job.log_serial
            values = [job.status.value]
            fields = ["status"]
            change = self.master.wait_for_change(job_id, fields, values, serial, WAIT)
            assert change is not None, f"job {job_id} stays {job.status}"

    def run(self, *ops: opcodes.OpCode) -> Job:
        return self.wait(self.master.submit(ops))

    def succeed(self, *ops: opcodes.OpCode) -> Any:
        job = self.run(*ops)
        assert job.status == JobStatus.SUCCESS, job.ops[-1].result
        return job.ops[-1].result

    def fail(self, *ops: opcodes.OpCode) -> Sequence[Any]:
        job = self.run(*ops)
        assert job.status == JobStatus.ERROR
        return job.ops[-1].result

    def crash(self) -> None:
        """As SIGKILL would: no state is written any more, the files are let go."""
        self.master.processor.stop()
        self.master.housekeeping.stop()
        self.master.config.close()
        self.master.queue.close()

    def calls(self, name: str) -> list[tuple[str, dict[str, Any]]]:
        return [(node, arguments) for node, call, arguments in self.nodes.asked if call == name]

    def network(self) -> None:
        self.succeed(
            opcodes.OpNetworkAdd(
                network_name="net1",
                network="192.0.2.0/28",
                gateway="192.0.2.1",
                mac_prefix="aa:00:01",
            )
        )
        self.succeed(
            opcodes.OpNetworkConnect(network_name="net1", group_name="default", network_link="br0")
        )


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    lab = Lab(tmp_path)
    lab.start()
    yield lab
    lab.master.stop()


class Gate:
    """Holds a node call of one name until it is opened."""

    def __init__(self, lab: Lab, call: str, times: int = 1) -> None:
        self.reached = threading.Event()
        self.opened = threading.Event()
        self._call = call
        self._left = times
        lab.nodes.on_call = self._on_call

    def _on_call(self, node: str, call: str, arguments: dict[str, Any]) -> None:
        if call == self._call and self._left > 0:
            self._left -= 1
            self.reached.set()
            assert self.opened.wait(WAIT)


@pytest.fixture
def gate(lab: Lab) -> Iterator[Callable[..., Gate]]:
    made: list[Gate] = []

    def make(call: str, times: int = 1) -> Gate:
        made.append(Gate(lab, call, times))
        return made[-1]

    yield make
    for item in made:
        item.opened.set()
