"""`manage.py queue_retry [ID …|--all] [--drop]`: give dead letters to their queues again."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from synnefo import wiring


class Command(BaseCommand):
    """Retries or drops dead letters."""

    help = "Handle dead letters again, or forget them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which ones."""
        parser.add_argument("ids", nargs="*", metavar="ID", help="as queue_inspect shows them")
        parser.add_argument("--all", action="store_true")
        parser.add_argument("--drop", action="store_true", help="forget them instead")

    def handle(self, *_: Any, **options: Any) -> None:
        """One after the other."""
        bus = wiring.bus()
        ids = [one.id for one in bus.dead_letters()] if options["all"] else options["ids"]
        if not ids and not options["all"]:
            raise CommandError("name dead letters, or say --all")
        for identifier in ids:
            try:
                (bus.drop if options["drop"] else bus.requeue)(identifier)
            except KeyError as unknown:
                raise CommandError(f"there is no dead letter {identifier}") from unknown
        self.stdout.write(f"{len(ids)} {'dropped' if options['drop'] else 'given back'}")
