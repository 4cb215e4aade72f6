"""`manage.py queue_retry ID …|--all [--queue NAME] [--drop]`: handle dead letters again."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from synnefo import wiring
from synnefo.ports import Bus, BusUnavailable


class Command(BaseCommand):
    """Retries or drops dead letters."""

    help = "Give dead letters to their queues again, or forget them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which ones."""
        parser.add_argument("ids", nargs="*", metavar="ID", help="as queue_inspect shows them")
        parser.add_argument("--all", action="store_true", help="all there are now")
        parser.add_argument("--queue", metavar="NAME", help="with --all: of this queue only")
        parser.add_argument("--drop", action="store_true", help="forget them instead")

    def handle(self, *_: Any, **options: Any) -> None:
        """What is named and not there is an error, after all others are done."""
        if bool(options["ids"]) == options["all"] or (options["queue"] and not options["all"]):
            raise CommandError("name dead letters, or say --all")
        bus = wiring.bus()
        deed = bus.drop if options["drop"] else bus.requeue
        try:
            ids = _all(bus, options["queue"]) if options["all"] else options["ids"]
            deed(*ids)
        except KeyError as unknown:
            raise CommandError(f"there is no dead letter {unknown.args[0]}") from unknown
        except BusUnavailable as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{len(ids)} {'dropped' if options['drop'] else 'given back'}")


def _all(bus: Bus, queue: str | None) -> list[str]:
    if queue is not None and queue not in bus.backlog():
        raise CommandError(f"there is no queue {queue}; there are {', '.join(bus.backlog())}")
    return [one.id for one in bus.dead_letters() if queue in (None, one.queue)]
