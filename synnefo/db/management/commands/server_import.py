"""`manage.py server_import INSTANCE --user NAME`: an administrators' instance becomes a server.

It gets the name of a server's instance, for which it has to be stopped; its address, its disks and
what is on them stay. The project pays for it from now on.
"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from synnefo.db.management import importing
from synnefo.db.models import Backend, Network, Project, User
from synnefo.intents.compute import imports


class Command(BaseCommand):
    """Takes an instance that is there into a user's project."""

    help = "Make an instance of a backend a server of a user; it may be repeated."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which instance, and whose it becomes."""
        parser.add_argument("instance", help="its name on the backend")
        parser.add_argument("--user", required=True)
        parser.add_argument("--project", help="default: the user's own")
        parser.add_argument("--backend", help="the cluster's name; may be left out if there is one")
        parser.add_argument("--name", help="of the server; default: the instance's")
        parser.add_argument(
            "--network", help="where cards go that are in no network of ours; else they stay unseen"
        )
        parser.add_argument(
            "--stop", action="store_true", help="stop it first, start it afterwards"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        """Find what the words mean, then do it."""
        user = _one(User, "user", name=options["user"])
        project = user.default_project
        if options["project"]:
            project = _one(Project, "project", name=options["project"], domain=user.domain)
        if project is None:
            raise CommandError(f"{user.name} has no project of their own: add --project")
        called = {"name": options["backend"]} if options["backend"] else {}
        backend = _one(Backend, "backend", **called)
        network = options["network"] and _one(Network, "network", name=options["network"])
        name = options["name"] or options["instance"]
        wish = imports.Wish(user, project, name, network or None)
        try:
            done = importing.Importing(backend, wish, stop=options["stop"]).run(options["instance"])
        except importing.Refused as refused:
            raise CommandError(str(refused)) from refused
        self.stdout.write(f"{done.server.uuid}: {name} in project {project.name}")
        if done.unseen_cards:
            self.stdout.write(f"cards in no network of ours, so not shown: {done.unseen_cards}")


def _one(model: Any, noun: str, **wanted: Any) -> Any:
    found = list(model.objects.filter(**wanted)[:2])
    text = ", ".join(str(value) for key, value in wanted.items() if key == "name")
    if not found:
        raise CommandError(f"there is no {noun} {text}".rstrip())
    if len(found) > 1:
        raise CommandError(f"there are several: say which {noun}")
    return found[0]
