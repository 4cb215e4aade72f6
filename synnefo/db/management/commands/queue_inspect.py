"""`manage.py queue_inspect [ID …] [--json]`: what waits, and the messages nobody could handle."""

import json
from argparse import ArgumentParser
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from synnefo import wiring
from synnefo.intents import submission
from synnefo.ports import BusUnavailable, DeadLetter


class Command(BaseCommand):
    """Lists queues, unfinished intents and dead letters; with ids, shows these letters whole."""

    help = "Show queues, unfinished intents and dead letters, or some dead letters whole."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which ones, and for whom."""
        parser.add_argument("ids", nargs="*", metavar="ID", help="dead letters to show whole")
        parser.add_argument("--json", action="store_true", dest="as_json", help="for programs")

    def handle(self, *_: Any, **options: Any) -> None:
        """Ask the bus first: without it there is nothing to tell."""
        bus = wiring.bus()
        try:
            letters, waiting = bus.dead_letters(), bus.backlog()
        except BusUnavailable as error:
            raise CommandError(str(error)) from error
        if options["ids"]:
            letters = _chosen(letters, options["ids"])
        if options["as_json"]:
            found: dict[str, Any] = {"dead_letters": [_described(one) for one in letters]}
            if not options["ids"]:
                found |= {"queues": waiting, "intents": submission.counts()}
            self.stdout.write(json.dumps(found, indent=1))
        elif options["ids"]:
            for one in letters:
                self._show(one)
        else:
            self._list(letters, waiting)

    def _list(self, letters: list[DeadLetter], waiting: dict[str, int]) -> None:
        for queue, number in waiting.items():
            self.stdout.write(f"queue    {queue:28} {number} waiting")
        for state, number in sorted(submission.counts().items()):
            self.stdout.write(f"intents  {state:28} {number}")
        for one in letters:
            self.stdout.write(f"dead     {one.id}  {_time(one)}  {one.reason}")
        self.stdout.write(f"{len(letters)} dead letters")

    def _show(self, one: DeadLetter) -> None:
        self.stdout.write(f"{one.id}\n  queue    {one.queue}\n  key      {one.routing_key}")
        self.stdout.write(f"  since    {_time(one)}\n  reason   {one.reason}\n  message")
        body = _described(one)["message"]
        text = body if isinstance(body, str) else json.dumps(body, indent=1, ensure_ascii=False)
        self.stdout.write("\n".join(f"    {line}" for line in text.splitlines()))


def _chosen(letters: Iterable[DeadLetter], ids: list[str]) -> list[DeadLetter]:
    known = {one.id: one for one in letters}
    missing = [one for one in ids if one not in known]
    if missing:
        raise CommandError(f"there is no dead letter {', '.join(missing)}")
    return [known[one] for one in ids]


def _time(one: DeadLetter) -> str:
    if one.since is None:
        return "-"
    return datetime.fromtimestamp(one.since, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _described(one: DeadLetter) -> dict[str, Any]:
    """The message decoded where it is JSON, else as text."""
    try:
        body = json.loads(one.body)
    except ValueError:
        body = one.body.decode(errors="replace")
    return {
        "id": one.id,
        "queue": one.queue,
        "routing_key": one.routing_key,
        "since": None if one.since is None else _time(one),
        "reason": one.reason,
        "message": body,
    }
