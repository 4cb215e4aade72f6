"""`manage.py reconcile [--repair] [--backend NAME | --server ID]`: compare with backends now."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db.models import QuerySet

from synnefo import wiring
from synnefo.core import naming
from synnefo.core.drift import Kind
from synnefo.core.messages import Origin
from synnefo.db.management.finding import server_named
from synnefo.db.models import Backend, Server
from synnefo.ports import Cluster, ClusterError
from synnefo.reconciler import books, deadlines, networks, overdue
from synnefo.reconciler.looking import Look, look
from synnefo.reconciler.repairing import repair

OPERATOR = Origin(actor="operator")


def _backends(name: str | None, server: Server | None) -> QuerySet[Backend]:
    rows = Backend.objects.filter(offline=False).order_by("name")
    if server is not None:
        return rows.filter(server=server)
    return rows.filter(name=name) if name else rows


class Command(BaseCommand):
    """Prints a table of what differs; repairs it if asked."""

    help = "Compare the database with the backends; exit code 1 if anything is left that differs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to compare, and whether to repair."""
        parser.add_argument("--repair", action="store_true", help="repair what can be repaired")
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--backend", metavar="NAME", help="this one only, and not the books")
        what.add_argument("--server", metavar="ID", help="this one only: UUID or number")
        parser.add_argument(
            "--remove-orphans",
            action="store_true",
            help="submit removals of instances with our prefix that no server stands for",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        """One backend after the other; one that cannot be reached does not end the rest."""
        server = server_named(options["server"]) if options["server"] else None
        found, repaired = 0, 0
        for backend in _backends(options["backend"], server):
            try:
                drifts, done = self._one(backend, server, options)
            except ClusterError as error:
                self.stderr.write(f"{backend.name}: {error}")
                found += 1
            else:
                found, repaired = found + drifts, repaired + done
        if not options["backend"] and server is None:
            mistakes = self._books(repair_it=options["repair"])
            found, repaired = found + mistakes, repaired + mistakes * options["repair"]
        self.stdout.write(f"{found} differences, {repaired} repaired")
        if found > repaired:
            raise SystemExit(1)

    def _books(self, *, repair_it: bool) -> int:
        mistakes = books.check(wiring.clock().now(), repair=repair_it)
        for one in mistakes:
            self._line("books", one.server_id or one.project_id, one.kind, one.text)
        return len(mistakes)

    def _line(self, where: str, number: int | str, kind: str, text: str) -> None:
        self.stdout.write(f"{where:20} {number:>8} {kind:19} {text}")

    def _one(
        self, backend: Backend, server: Server | None, options: dict[str, Any]
    ) -> tuple[int, int]:
        cluster, now = wiring.cluster(backend), wiring.clock().now()
        only = None if server is None else [server.pk]
        ended = 0
        if options["repair"]:
            ended = overdue.settle(backend, cluster, now, only)
            ended += deadlines.enforce(backend, cluster, now) if only is None else 0
        seen = look(backend, cluster, now, only)
        nets = networks.look(backend, cluster) if only is None else []
        for one in seen.drifts:
            self._line(backend.name, one.server_id, one.kind, one.text)
        for net in nets:
            self._line(backend.name, net.network_id, net.kind, net.text)
        done = ended
        if options["repair"]:
            done += repair(seen, now) + networks.Repairer().repair(backend, cluster, nets, now)
        if options["remove_orphans"]:
            done += self._remove_orphans(seen, cluster)
        return len(seen.drifts) + len(nets) + ended, done

    def _remove_orphans(self, seen: Look, cluster: Cluster) -> int:
        orphans = [one.server_id for one in seen.drifts if one.kind is Kind.ORPHAN]
        for number in orphans:
            name = naming.instance_name(settings.SYNNEFO_INSTANCE_PREFIX, number)
            job = cluster.submit_remove(name, OPERATOR.text())
            self.stdout.write(f"{seen.backend.name}: job {job} removes {name}")
        return len(orphans)
