"""What the master tells of its queue and cluster when it is asked; nothing is counted for it."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterable, Iterator
from functools import partial

from prometheus_client.core import GaugeMetricFamily, Metric

from ganeti_backend.master.master import Master
from ganeti_backend.queue.jobs import UNFINISHED, Job
from ganeti_backend.telemetry.metrics import Asked


def asked(master: Master) -> tuple[Asked, ...]:
    """Who is asked at each reading."""
    return Asked("queue", partial(_queue, master)), Asked("cluster", partial(_cluster, master))


def _queue(master: Master) -> Iterator[Metric]:
    """How many jobs, and since when the unfinished ones wait."""
    jobs = master.queue.jobs()
    statuses = (job.status for job in jobs)
    shown = GaugeMetricFamily(
        "ganeti_jobs", "Jobs that are not archived, by status.", labels=("status",)
    )
    yield _counted(shown, statuses)
    oldest = GaugeMetricFamily(
        "ganeti_jobs_oldest_seconds",
        "Age of the oldest job that has not ended, by status.",
        labels=("status",),
    )
    now = master.queue.clock() / 1e9
    for status in UNFINISHED:
        ages = [now - _received(job) for job in jobs if job.status == status]
        oldest.add_metric((status,), max(ages, default=0.0))
    yield oldest
    yield GaugeMetricFamily(
        "ganeti_queue_drained", "1 while the queue takes no jobs.", master.queue.drained
    )


def _received(job: Job) -> float:
    seconds, microseconds = job.received_timestamp
    return seconds + microseconds / 1e6


def _cluster(master: Master) -> Iterator[Metric]:
    """What the configuration says; no node is asked."""
    instances = GaugeMetricFamily(
        "ganeti_instances", "Instances by the state they are meant to have.", labels=("state",)
    )
    yield _counted(instances, (one.admin_state for one in master.config.instances()))
    nodes = GaugeMetricFamily(
        "ganeti_nodes", "Nodes: online, drained or offline.", labels=("state",)
    )
    yield _counted(
        nodes,
        (
            "offline" if one.offline else "drained" if one.drained else "online"
            for one in master.config.nodes()
        ),
    )
    copies = GaugeMetricFamily(
        "ganeti_candidate_copies",
        "Copies of queue and configuration on other nodes.",
        labels=("state",),
    )
    yield _counted(copies, master.candidate_states().values())


def _counted(shown: GaugeMetricFamily, states: Iterable[str]) -> Metric:
    for state, number in Tally(states).items():
        shown.add_metric((state,), number)
    return shown
