"""`python -m tests.chaos.facts_reader`: for each line of input, one line of JSON with all facts.

Runs with the frontend's settings; reads tables and the cluster's remote API and changes nothing.
"""

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import django

from tests.chaos import facts

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "synnefo.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402

from synnefo import wiring  # noqa: E402
from synnefo.core import job_errors, naming  # noqa: E402
from synnefo.core.messages import origin_of  # noqa: E402
from synnefo.db import models  # noqa: E402
from synnefo.rapi.client import RapiCluster  # noqa: E402

# All jobs of half an hour are more than what the frontend ever asks for at once.
wiring.ANSWER_WITHIN = 120.0
PREFIX = settings.SYNNEFO_INSTANCE_PREFIX


def main() -> None:
    """Until the input ends."""
    for _ in sys.stdin:
        try:
            told: dict[str, Any] = asdict(read())
        except Exception as error:  # noqa: BLE001 - The asker decides whether to ask again.
            connection.close()
            told = {"error": repr(error)}
        print(json.dumps(told), flush=True)


def read() -> facts.Facts:
    """The database first, then the cluster."""
    bus = wiring.bus()
    found = facts.Facts(
        servers=list(_servers()),
        intents=list(_intents()),
        activities=[
            facts.ActivityRow(*row)
            for row in models.Activity.objects.values_list("server_id", "job_id", "action", "actor")
        ],
        commissions=[
            facts.CommissionRow(*row)
            for row in models.Commission.objects.values_list(
                "project_id", "server_id", "provisions", "state"
            )
        ],
        addresses=[
            facts.AddressRow(*row)
            for row in models.Address.objects.values_list("subnet_id", "address", "port__server_id")
        ],
        volumes=list(_volumes()),
        dead_letters=[f"{one.queue}: {one.reason}" for one in bus.dead_letters()],
        backlog=bus.backlog(),
    )
    for project, resource, used in _usage():
        found.usage.setdefault(project, {})[resource] = used
    for backend in models.Backend.objects.all():
        found.instances += _instances(backend)
        found.jobs += _jobs(backend)
    return found


def _usage() -> Iterator[tuple[str, str, int]]:
    yield from models.QuotaUsage.objects.values_list("project_id", "resource", "used")


def _servers() -> Iterator[facts.ServerRow]:
    addresses = dict(
        models.Address.objects.filter(subnet__ip_version=4).values_list("port_id", "address")
    )
    rows = models.Server.objects.select_related("flavor", "old_flavor")
    disks = _disks()
    for row in rows.prefetch_related("ports"):
        cards = tuple(
            facts.Card(
                naming.nic_name(PREFIX, port.pk),
                port.mac_address,
                addresses.get(port.pk),
                naming.network_name(PREFIX, port.network_id),
            )
            for port in row.ports.all()
        )
        old = row.old_flavor or row.flavor  # Of two sizes the larger is charged.
        size = (max(row.flavor.vcpus, old.vcpus), max(row.flavor.ram, old.ram))
        state = (row.state, row.task, row.placed, row.metadata)
        yield facts.ServerRow(
            row.pk, str(row.uuid), row.project_id, *state, *size, cards, disks.get(row.pk, ())
        )


def _disks() -> dict[int, tuple[str, ...]]:
    """By server, as its backend calls them."""
    rows = models.Volume.objects.exclude(status="deleted").filter(server__isnull=False)
    found: dict[int, tuple[str, ...]] = {}
    for server, pk in rows.order_by("pk").values_list("server_id", "pk"):
        found[server] = (*found.get(server, ()), naming.disk_name(PREFIX, pk))
    return found


def _volumes() -> Iterator[facts.VolumeRow]:
    rows = models.Volume.objects.filter(local=False).exclude(status="deleted")
    for row in rows.prefetch_related("attachments"):
        uuid, attachments = str(row.uuid), len(row.attachments.all())
        yield facts.VolumeRow(row.pk, uuid, row.status, row.server_id, attachments)


def _intents() -> Iterator[facts.IntentRow]:
    for row in models.Intent.objects.all():
        yield facts.IntentRow(
            str(row.uuid), row.server_id, row.project_id, row.action, row.state, row.job_id,
            row.cause, row.request_id, row.idempotency_key,
        )  # fmt: skip


def _instances(backend: models.Backend) -> Iterator[facts.InstanceRow]:
    for one in wiring.cluster(backend).instances():
        cards = tuple(
            facts.Card(nic.name or "", nic.mac.lower(), nic.ip, nic.network) for nic in one.nics
        )
        names = [disk.name or "" for disk in one.disks]
        disks = tuple(name for name in names if naming.volume_id(PREFIX, name))
        number = naming.server_id(PREFIX, one.name)
        yield facts.InstanceRow(one.name, number, one.running, cards, disks)


def _jobs(backend: models.Backend) -> Iterator[facts.JobRow]:
    """All jobs, which no part of the frontend ever wants: so the port has no question for them."""
    cluster = wiring.cluster(backend)
    assert isinstance(cluster, RapiCluster)
    # Archived jobs are listed only for who asks which they are.
    fields = ["id", "ops", "opstatus", "opresult", "archived"]
    body = {"fields": fields, "qfilter": [">", "id", 0]}
    for row in cluster._read("PUT", "/2/query/job", body)["data"]:
        (_, number), (_, ops), (_, statuses), (_, results), _ = row
        for op, status, result in zip(ops, statuses, results, strict=True):
            yield _job(int(number), op, str(status), result)


def _job(number: int, op: dict[str, Any], status: str, result: Any) -> facts.JobRow:
    name = op.get("instance_name")
    origin = origin_of(op.get("reason") or ())
    error = "" if status == "success" else job_errors.read(result).code or ""
    return facts.JobRow(
        number, status, str(op["OP_ID"]), name, naming.server_id(PREFIX, name), origin.intent,
        origin.actor or "", error,
    )  # fmt: skip


if __name__ == "__main__":
    main()
