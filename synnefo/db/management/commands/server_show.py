"""`manage.py server_show SERVER`: what database, backend and node say of it, in three columns.

The node's word is what the backend's last look at the hypervisor gave. Something that cannot be
asked is shown as such, and the rest goes on.
"""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from synnefo import wiring
from synnefo.core import naming
from synnefo.db.management.finding import server_named
from synnefo.db.models import Intent, Server
from synnefo.ports import ClusterError, InstanceReport, NotFound

ABSENT = "-"


class Command(BaseCommand):
    """Puts the three sources beside each other."""

    help = "Compare what database, backend and node say about one server."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which one."""
        parser.add_argument("server", help="its UUID, instance name or number")

    def handle(self, *_: Any, **options: Any) -> None:
        """Ask and print."""
        server = server_named(options["server"])
        report, trouble = self._ask(server)
        rows = [("", "database", "backend", "node"), *self._rows(server, report, trouble)]
        for name, database, backend, node in rows:
            self.stdout.write(f"{name:12} {database:38} {backend:38} {node}".rstrip())
        for intent in Intent.objects.filter(server=server).order_by("pk"):
            job = f"job {intent.job_id}" if intent.job_id else "no job"
            self.stdout.write(
                f"intent       {intent.uuid} {intent.action} {intent.state} {job} {intent.cause}"
            )

    @staticmethod
    def _ask(server: Server) -> tuple[InstanceReport | None, str]:
        if server.backend is None:
            return None, "not placed"
        name = naming.instance_name(settings.SYNNEFO_INSTANCE_PREFIX, server.pk)
        try:
            return wiring.cluster(server.backend).instance(name), ""
        except NotFound:
            return None, "no instance"
        except ClusterError as error:
            return None, f"cannot be asked: {error}"

    @staticmethod
    def _rows(
        server: Server, report: InstanceReport | None, trouble: str
    ) -> list[tuple[str, str, str, str]]:
        addresses = ",".join(
            server.ports.order_by("index").values_list("addresses__address", flat=True)
        )
        macs = ",".join(server.ports.order_by("index").values_list("mac_address", flat=True))
        task, size = server.task or ABSENT, f"{server.flavor.vcpus} / {server.flavor.ram} MiB"
        if report is None:
            return [
                ("state", f"{server.state} ({task})", trouble, ABSENT),
                ("size", size, ABSENT, ABSENT),
                ("addresses", addresses or ABSENT, ABSENT, ABSENT),
                ("macs", macs or ABSENT, ABSENT, ABSENT),
            ]
        running = {True: "running", False: "stopped", None: "not known"}[report.running]
        return [
            ("state", f"{server.state} ({task})", report.status, running),
            ("size", size, f"{report.vcpus} / {report.memory} MiB", ABSENT),
            ("node", server.node or ABSENT, report.pnode, ABSENT),
            ("addresses", addresses or ABSENT, ",".join(n.ip or "" for n in report.nics), ABSENT),
            ("macs", macs or ABSENT, ",".join(n.mac for n in report.nics), ABSENT),
        ]
