"""The watcher: looks after the cluster once a minute, on a thread of the master.

A process of its own would cost some thirty megabytes, ask the nodes what the master has just heard
from them, and need a second way to keep out of the way of jobs; the master is also what it would be
lost without. `ganeti-watcher` has it make one round at once. What it does, it does by jobs, whose
reason names it.
"""

from __future__ import annotations

import dataclasses
import logging
import os
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ganeti_backend import errors, opcodes
from ganeti_backend.master.master import Master
from ganeti_backend.node_rpc import calls
from ganeti_backend.parameters import cluster_parameters
from ganeti_backend.queue.jobs import JobStatus
from ganeti_backend.watcher import watcher_files, watching
from ganeti_backend.watcher.watching import Decision, Memory, OpInput, View

log = logging.getLogger("ganeti.watcher")

SOURCE = "gnt:watcher"
PERIOD = 60.0
PERIOD_VARIABLE = "GANETI_WATCHER_PERIOD"
JOB_AGE = 6 * 3600.0
VERIFY_DISKS_EVERY = 30 * 60.0
HOOKS = "watcher"
PAUSED = "The watcher is paused"


def period() -> float:
    """Seconds between rounds."""
    return float(os.environ.get(PERIOD_VARIABLE) or PERIOD)


class Watcher:
    def __init__(
        self, master: Master, *, every: float = PERIOD, clock: Callable[[], float] = time.time
    ) -> None:
        self._master = master
        self._every = every
        self._clock = clock
        self._folder = master.settings.data_dir
        self._stop = threading.Event()
        self._one_at_a_time = threading.Lock()
        self._told: set[str] = set()
        self._thread = threading.Thread(target=self._loop, name="watcher", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(1.0)

    def _loop(self) -> None:
        while not self._stop.wait(self._every):
            try:
                self.round()
            except (errors.GenericError, OSError):
                log.exception("the watcher will look again")

    # What the command socket offers.

    def methods(self) -> Mapping[str, Callable[..., Any]]:
        return {
            "WatcherRound": self.round,
            "WatcherInfo": self.info,
            "SetWatcherPause": self.pause,
        }

    def pause(self, until: float | None = None) -> float | None:
        """Rest until then; None goes on."""
        watcher_files.set_pause(self._folder, until)
        return watcher_files.paused_until(self._folder, self._clock)

    def info(self) -> dict[str, Any]:
        """Until when it rests, whom it has given up, and who does not answer."""
        memory = self._memory()
        return {
            "paused_until": watcher_files.paused_until(self._folder, self._clock),
            "given_up": sorted(name for name, item in memory.tries.items() if item.exhausted),
            "silent": {name: item.since for name, item in sorted(memory.silent.items())},
        }

    def round(
        self, ignore_pause: bool = False, job_age: float | None = None, verify_disks: bool = True
    ) -> list[str]:
        """Look once, and act; what was found and done, in sentences."""
        with self._one_at_a_time:
            paused = watcher_files.paused_until(self._folder, self._clock)
            if paused is not None and not ignore_pause:
                return [f"{PAUSED} until {time.ctime(paused)}"]
            lines = list(self._round(verify_disks))
            self._run_hooks(lines)
            self._master.archive_older_than(JOB_AGE if job_age is None else job_age)
            self._tell(lines)
            return lines

    # One round.

    def _round(self, verify_disks: bool) -> Iterator[str]:
        memory, view = self._memory(), self._view()
        decision = watching.decide(view, memory)
        memory = decision.memory
        yield from decision.notes
        # Written down before the jobs are made: after a crash a try too many is counted, none done.
        self._remember(memory)
        yield from (line for line, _ in self._submit(decision.jobs))
        if verify_disks:
            memory = yield from self._disks(view, memory)
            self._remember(memory)

    def _disks(self, view: View, memory: Memory) -> Generator[str, None, Memory]:
        results, left = self._results(memory.disk_jobs)
        repair: Decision = watching.repairs(results, view.busy)
        yield from repair.notes
        yield from (line for line, _ in self._submit(repair.jobs))
        groups = sorted(group.name for group in self._master.config.groups())
        wanted = watching.verifications(view, groups, memory.disks_checked, VERIFY_DISKS_EVERY)
        made = list(self._submit(wanted))
        yield from (line for line, _ in made)
        checked = view.now if made else memory.disks_checked
        jobs = (*left, *(job_id for _, job_id in made if job_id is not None))
        return dataclasses.replace(memory, disks_checked=checked, disk_jobs=jobs)

    def _view(self) -> View:
        config, cluster = self._master.config, self._master.config.cluster()
        # Asked for before and after: what a job does meanwhile is left to it.
        busy = self._busy()
        live = self._master.live()
        return View(
            now=self._clock(),
            nodes=config.nodes(),
            instances=config.instances(),
            infos=live.infos,
            running=live.running,
            busy=busy | self._busy(),
            user_may_stop=lambda item: cluster_parameters.user_may_stop(cluster, item),
        )

    def _busy(self) -> set[str | None]:
        """The objects that unfinished jobs are about."""
        found = (self._master.job(job_id) for job_id in self._master.processor.unfinished)
        return {op.input.target for job in found if job is not None for op in job.ops}

    def _submit(self, jobs: Sequence[tuple[str, OpInput]]) -> Iterator[tuple[str, int | None]]:
        for why, given in jobs:
            reason = [[SOURCE, why, time.time_ns()]]
            try:
                job_id = self._master.submit([opcodes.from_dict({**given, "reason": reason})])
            except errors.JobQueueError as error:
                yield f"{why}: not possible now: {error.message}", None
                continue
            yield f"job {job_id}: {why}", job_id

    def _results(self, job_ids: Sequence[int]) -> tuple[list[Any], tuple[int, ...]]:
        """Results of the jobs that are done, and the ids of those that are not."""
        results, left = [], []
        for job_id in job_ids:
            job = self._master.job(job_id)
            if job is None:
                continue
            if not job.finalized:
                left.append(job_id)
            elif job.status == JobStatus.SUCCESS:
                results.append(job.ops[0].result)
        return results, tuple(left)

    # The rest.

    def _run_hooks(self, lines: list[str]) -> None:
        """The scripts of the folder `watcher` on every node that answers."""
        cluster = self._master.config.cluster()
        env = {"GANETI_CLUSTER": cluster.name, "GANETI_MASTER": cluster.master}
        for node in self._master.config.nodes():
            if node.offline or self._master.live().instances(node.name) is None:
                continue
            try:
                ran = self._master.nodes.call(
                    node.name, calls.HOOKS_RUN, hooks_path=HOOKS, phase="", env=env
                )
            except errors.NodeError as error:
                lines.append(f"watcher scripts of node {node.name}: {error.message}")
                continue
            for script, status, output in ran:
                if status != "success":
                    lines.append(f"{script} on node {node.name}: {status}: {output.strip()}")

    def _tell(self, lines: Sequence[str]) -> None:
        """To the log, but what goes on and on only once."""
        for line in lines:
            if line.split(",")[0] not in self._told:
                log.info("%s", line)
        self._told = {line.split(",")[0] for line in lines}

    def _memory(self) -> Memory:
        try:
            return Memory.from_dict(watcher_files.load(Path(self._folder)))
        except (TypeError, ValueError, AttributeError):
            log.warning("the watcher's memory is damaged and begins anew")
            return Memory()

    def _remember(self, memory: Memory) -> None:
        watcher_files.save(Path(self._folder), memory.to_dict())
