"""`manage.py purge_deleted --before DATE [--dry-run]`: forget what was deleted long ago."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from synnefo import wiring
from synnefo.intents import purging


class Command(BaseCommand):
    """Removes old rows for good."""

    help = (
        "Remove servers that were deleted before a date, with their histories, and what was kept"
        " for them only. Usage and changes-since of that time are gone with them."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How old is old."""
        parser.add_argument("--before", required=True, metavar="DATE", help="like 2026-01-31")
        parser.add_argument("--dry-run", action="store_true", help="only count the servers")

    def handle(self, *_: Any, **options: Any) -> None:
        """Tell how many."""
        try:
            before = datetime.fromisoformat(options["before"])
        except ValueError as error:
            raise CommandError(f"{options['before']!r} is no date like 2026-01-31") from error
        before = before if before.tzinfo else before.replace(tzinfo=UTC)
        if before > wiring.clock().now():
            raise CommandError(f"{options['before']} has not come yet")
        if options["dry_run"]:
            self.stdout.write(f"{purging.old_servers(before).count()} servers would go")
            return
        found = purging.purge(before)
        self.stdout.write(", ".join(f"{count} {name}" for name, count in found.items()))
