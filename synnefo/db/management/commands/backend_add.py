"""`manage.py backend_add NAME URL --user USER --password-file FILE`: attach a cluster."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from synnefo import wiring
from synnefo.intents import installation
from synnefo.observations import backends
from synnefo.ports import ClusterError


class Command(BaseCommand):
    """Stores a cluster's address and credentials, and asks it what it can do."""

    help = "Attach a cluster, or change how it is reached. The password is read from a file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The cluster."""
        parser.add_argument("name", help="the cluster's own name, as in its events")
        parser.add_argument("url", help="https://host:5080")
        parser.add_argument("--user", required=True)
        parser.add_argument("--password-file", required=True, type=Path)
        parser.add_argument("--ca", default="", metavar="FILE")

    def handle(self, *_: Any, **options: Any) -> None:
        """Store, then ask."""
        backend = installation.backend(
            {
                "name": options["name"],
                "url": options["url"],
                "user": options["user"],
                "password": options["password_file"].read_text().strip(),
                "ca_file": options["ca"],
            }
        )
        cluster = wiring.cluster(backend)
        try:
            info = cluster.info()
            backends.described(backend.pk, info)
            backends.capacity(backend.pk, cluster.nodes(), wiring.clock().now())
        except ClusterError as error:
            raise CommandError(f"stored, but it cannot be asked: {error}") from error
        self.stdout.write(f"{info.name} {info.version}: {', '.join(info.enabled_disk_templates)}")
