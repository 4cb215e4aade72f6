"""Servers, intents and job files for the measurement of the update path, made in the thousands.

Rows are copies of the first server; jobs are written as a cluster manager writes them, to a queue
folder that only this measurement's own eventd watches. Loads Django when it is imported.
"""

import itertools
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "synnefo.settings")
django.setup()

from django.utils import timezone  # noqa: E402

from eventd.notifications import notifications  # noqa: E402
from synnefo.core.messages import Origin  # noqa: E402
from synnefo.db.models import Activity, Intent, Server  # noqa: E402
from synnefo.db.transactions import writing  # noqa: E402
from tests.system.cloud import ROOT, Cloud, wait_until  # noqa: E402

Job = dict[str, Any]
FIRST_JOB = 10_000_000  # Far above those of the cloud's own cluster.
CLUSTER = "cluster.local"
ACTIONS = (("stop", "OP_INSTANCE_SHUTDOWN"), ("start", "OP_INSTANCE_STARTUP"))


class World:
    """Servers in the database whose jobs end."""

    def __init__(self, count: int) -> None:
        sample = Server.objects.filter(state="ACTIVE").order_by("pk")[0]
        self._numbers = itertools.count(FIRST_JOB)
        self._queue = Path(mkdtemp(prefix="events-", dir=os.environ["SYNNEFO_STATE"]))
        made = []
        for number in range(count):
            sample.pk, sample.uuid, sample.name = None, uuid.uuid4(), f"events-{number}"
            made.append(Server(**{f.attname: getattr(sample, f.attname) for f in _columns()}))
        with writing():
            self._servers = Server.objects.bulk_create(made, batch_size=500)

    def jobs(self, count: int) -> list[Job]:
        """Ended jobs for as many intents: each server's turn after the other, stop and start."""
        found, now = [], timezone.now()
        numbers = [next(self._numbers) for _ in range(count)]
        intents = []
        for place, job_id in enumerate(numbers):
            server = self._servers[place % len(self._servers)]
            action, operation = ACTIONS[place // len(self._servers) % 2]
            intents.append(
                Intent(
                    project_id=server.project_id, user_id=server.user_id, action=action,
                    server=server, backend_id=server.backend_id, state=Intent.State.SUBMITTED,
                    job_id=job_id, request_id=f"req-{job_id}", created_at=now,
                )
            )  # fmt: skip
            found.append(_job(job_id, operation, server.pk, intents[-1]))
        with writing():
            Intent.objects.bulk_create(intents, batch_size=500)
            activities = [
                Activity(
                    server_id=one.server_id, intent=one, action=one.action, actor="demo",
                    request_id=one.request_id, job_id=one.job_id, started_at=now,
                )
                for one in intents
            ]  # fmt: skip
            Activity.objects.bulk_create(activities, batch_size=500)
        return found

    def endings(self, count: int) -> list[bytes]:
        """The messages that an eventd makes of such jobs."""
        return [one.encode() for job in self.jobs(count) for one in notifications((), job, CLUSTER)]

    def unfinished(self) -> bool:
        """Whether the database still waits for the end of a job."""
        return Intent.objects.filter(state=Intent.State.SUBMITTED, job_id__gte=FIRST_JOB).exists()

    def write(self, job: Job) -> None:
        """Put a job file in its place as a cluster manager does."""
        temporary = self._queue / f"new-{job['id']}"
        temporary.write_text(json.dumps(job))
        temporary.rename(self._queue / f"job-{job['id']}")

    @contextmanager
    def eventd(self, cloud: Cloud) -> Iterator[None]:
        """An event daemon on the queue folder of this measurement."""
        environment = os.environ | {
            "GANETI_QUEUE_DIR": str(self._queue),
            "GANETI_CLUSTER_NAME": CLUSTER,
            "EVENTD_STATE": str(self._queue / "eventd"),
            "SYNNEFO_LOG": "INFO",
        }
        log = self._queue / "eventd.log"
        with log.open("w") as stream:
            process = subprocess.Popen(
                [sys.executable, "-m", "eventd"], env=environment, cwd=ROOT, stderr=stream
            )
        try:
            wait_until(lambda: "watching" in log.read_text(), "eventd watches")
            yield
        finally:
            process.terminate()
            process.wait(30)


def _columns() -> list[Any]:
    return [field for field in Server._meta.concrete_fields if not field.primary_key]


def _job(job_id: int, operation: str, server_id: int, intent: Intent) -> Job:
    reason = Origin(str(intent.uuid), intent.request_id, "demo").text()
    moment = [1_700_000_000, 0]
    given = {
        "OP_ID": operation, "instance_name": f"snf-{server_id}", "priority": 0, "debug_level": 0,
        "reason": [["gnt:user", reason, 1], ["gnt:library:rlib2:instance", "", 2]],
    }  # fmt: skip
    op = {
        "input": given, "status": "success", "result": None, "log": [], "priority": 0,
        "start_timestamp": moment, "exec_timestamp": moment, "end_timestamp": moment,
    }  # fmt: skip
    return {
        "version": 1, "id": job_id, "ops": [op], "received_timestamp": moment,
        "start_timestamp": moment, "end_timestamp": moment,
    }  # fmt: skip
