"""`manage.py reconcile [--repair] [--backend NAME]`: compare database and backends now."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from synnefo import wiring
from synnefo.db.models import Backend
from synnefo.ports import ClusterError
from synnefo.reconciler import overdue
from synnefo.reconciler.looking import look
from synnefo.reconciler.repairing import repair


class Command(BaseCommand):
    """Prints a table of what differs; repairs it if asked."""

    help = "Compare the database with the backends; exit code 1 if anything differs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to compare, and whether to repair."""
        parser.add_argument("--repair", action="store_true", help="repair what can be repaired")
        parser.add_argument("--backend", metavar="NAME", help="this one only")

    def handle(self, *_: Any, **options: Any) -> None:
        """One backend after the other; one that cannot be reached does not end the rest."""
        rows = Backend.objects.filter(offline=False).order_by("name")
        if options["backend"]:
            rows = rows.filter(name=options["backend"])
        found = repaired = 0
        for backend in rows:
            try:
                drifts, done = self._one(backend, repair_it=options["repair"])
            except ClusterError as error:
                self.stderr.write(f"{backend.name}: {error}")
                found += 1
            else:
                found, repaired = found + drifts, repaired + done
        self.stdout.write(f"{found} differences, {repaired} repaired")
        if found > repaired:
            raise SystemExit(1)

    def _one(self, backend: Backend, *, repair_it: bool) -> tuple[int, int]:
        cluster, now = wiring.cluster(backend), wiring.clock().now()
        settled = overdue.settle(backend, cluster, now) if repair_it else 0
        seen = look(backend, cluster)
        for one in seen.drifts:
            self.stdout.write(f"{backend.name:20} {one.server_id:8} {one.kind:14} {one.text}")
        done = repair(seen, now) if repair_it else 0
        return len(seen.drifts) + settled, done + settled
