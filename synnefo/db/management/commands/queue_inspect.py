"""`manage.py queue_inspect`: what waits on the bus, and the messages that could not be handled."""

from typing import Any

from django.core.management.base import BaseCommand

from synnefo import wiring
from synnefo.intents import submission


class Command(BaseCommand):
    """Lists queues, dead letters with their reasons, and intents that have not ended."""

    help = "Show queues, dead letters and unfinished intents."

    def handle(self, *_: Any, **__: Any) -> None:
        """Name the source of every line."""
        bus = wiring.bus()
        for queue, waiting in bus.backlog().items():
            self.stdout.write(f"queue    {queue:28} {waiting} waiting")
        for state, number in sorted(submission.counts().items()):
            self.stdout.write(f"intents  {state:28} {number}")
        letters = bus.dead_letters()
        for letter in letters:
            self.stdout.write(f"dead     {letter.id}  {letter.reason}")
            self.stdout.write(f"         {letter.body.decode(errors='replace')[:500]}")
        self.stdout.write(f"{len(letters)} dead letters")
