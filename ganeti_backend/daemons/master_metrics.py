"""What the master tells of its queue and cluster when it is asked; nothing is counted for it."""

from __future__ import annotations

from collections import Counter as Tally

from ganeti_backend.doors import client_log
from ganeti_backend.master.master import Master
from ganeti_backend.queue.jobs import UNFINISHED, Job
from ganeti_backend.rapi import metrics as rapi_metrics
from telemetry.metrics import Gauge, Registry

JOBS = Gauge("ganeti_jobs", "Jobs that are not archived, by status.", ("status",))
OLDEST = Gauge(
    "ganeti_jobs_oldest_seconds",
    "Age of the oldest job that has not ended, by status.",
    ("status",),
)
DRAINED = Gauge("ganeti_queue_drained", "1 while the queue takes no jobs.")
INSTANCES = Gauge("ganeti_instances", "Instances by the state they are meant to have.", ("state",))
NODES = Gauge("ganeti_nodes", "Nodes: online, drained or offline.", ("state",))
COPIES = Gauge(
    "ganeti_candidate_copies", "Copies of queue and configuration on other nodes.", ("state",)
)


def registry(master: Master) -> Registry:
    """All of one master, with what its doors count."""
    found = Registry(client_log.SUBMITTED, rapi_metrics.REQUESTS, rapi_metrics.SECONDS)
    found.ask(lambda: ask_queue(master), JOBS, OLDEST, DRAINED)
    found.ask(lambda: ask_cluster(master), INSTANCES, NODES, COPIES)
    return found


def ask_queue(master: Master) -> None:
    """How many jobs, and since when the unfinished ones wait."""
    jobs = master.queue.jobs()
    for status, number in Tally(job.status for job in jobs).items():
        JOBS.set(number, status)
    now = master.queue.clock() / 1e9
    for status in UNFINISHED:
        ages = [now - _received(job) for job in jobs if job.status == status]
        OLDEST.set(max(ages, default=0.0), status)
    DRAINED.set(master.queue.drained)


def _received(job: Job) -> float:
    seconds, microseconds = job.received_timestamp
    return seconds + microseconds / 1e6


def ask_cluster(master: Master) -> None:
    """What the configuration says; no node is asked."""
    for state, number in Tally(one.admin_state for one in master.config.instances()).items():
        INSTANCES.set(number, state)
    nodes = Tally(
        "offline" if one.offline else "drained" if one.drained else "online"
        for one in master.config.nodes()
    )
    for state, number in nodes.items():
        NODES.set(number, state)
    for state, number in Tally(master.candidate_states().values()).items():
        COPIES.set(number, state)
