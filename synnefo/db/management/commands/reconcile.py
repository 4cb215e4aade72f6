"""`manage.py reconcile [--repair] [--backend NAME]`: compare database and backends now."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from synnefo import wiring
from synnefo.core import naming
from synnefo.core.drift import Kind
from synnefo.core.messages import Origin
from synnefo.db.models import Backend
from synnefo.ports import Cluster, ClusterError
from synnefo.reconciler import books, deadlines, networks, overdue
from synnefo.reconciler.looking import Look, look
from synnefo.reconciler.repairing import repair

OPERATOR = Origin(actor="operator")


class Command(BaseCommand):
    """Prints a table of what differs; repairs it if asked."""

    help = "Compare the database with the backends; exit code 1 if anything is left that differs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to compare, and whether to repair."""
        parser.add_argument("--repair", action="store_true", help="repair what can be repaired")
        parser.add_argument("--backend", metavar="NAME", help="this one only, and not the books")
        parser.add_argument(
            "--remove-orphans",
            action="store_true",
            help="submit removals of instances with our prefix that no server stands for",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        """One backend after the other; one that cannot be reached does not end the rest."""
        rows = Backend.objects.filter(offline=False).order_by("name")
        if options["backend"]:
            rows = rows.filter(name=options["backend"])
        repair_it, found, repaired = options["repair"], 0, 0
        for backend in rows:
            try:
                drifts, done = self._one(backend, repair_it, options["remove_orphans"])
            except ClusterError as error:
                self.stderr.write(f"{backend.name}: {error}")
                found += 1
            else:
                found, repaired = found + drifts, repaired + done
        if not options["backend"]:
            mistakes = books.check(wiring.clock().now(), repair=repair_it)
            for one in mistakes:
                self._line("books", one.server_id or one.project_id, one.kind, one.text)
            found, repaired = found + len(mistakes), repaired + len(mistakes) * repair_it
        self.stdout.write(f"{found} differences, {repaired} repaired")
        if found > repaired:
            raise SystemExit(1)

    def _line(self, where: str, number: int | str, kind: str, text: str) -> None:
        self.stdout.write(f"{where:20} {number:>8} {kind:19} {text}")

    def _one(self, backend: Backend, repair_it: bool, remove_orphans: bool) -> tuple[int, int]:
        cluster, now = wiring.cluster(backend), wiring.clock().now()
        ended = 0
        if repair_it:
            ended = overdue.settle(backend, cluster, now)
            ended += deadlines.enforce(backend, cluster, now)
        seen, nets = look(backend, cluster, now), networks.look(backend, cluster)
        for one in seen.drifts:
            self._line(backend.name, one.server_id, one.kind, one.text)
        for net in nets:
            self._line(backend.name, net.network_id, net.kind, net.text)
        done = ended
        if repair_it:
            done += repair(seen, now) + networks.Repairer().repair(backend, cluster, nets, now)
        if remove_orphans:
            done += self._remove_orphans(seen, cluster)
        return len(seen.drifts) + len(nets) + ended, done

    def _remove_orphans(self, seen: Look, cluster: Cluster) -> int:
        orphans = [one.server_id for one in seen.drifts if one.kind is Kind.ORPHAN]
        for number in orphans:
            name = naming.instance_name(settings.SYNNEFO_INSTANCE_PREFIX, number)
            job = cluster.submit_remove(name, OPERATOR.text())
            self.stdout.write(f"{seen.backend.name}: job {job} removes {name}")
        return len(orphans)
