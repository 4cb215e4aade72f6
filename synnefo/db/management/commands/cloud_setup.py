"""`manage.py cloud_setup --json FILE`: users, flavors, network, backend and image of a new cloud.

FILE: {"admin_password", "demo_password", "backend": {"name", "url", "user", "password", "ca_file"},
"public_network": {"name", "cidr", …}, "image": {"name", "path", …}, "disk_template"
of the flavors}; all but the passwords may be left out. It may be repeated.
"""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from synnefo.intents import installation
from synnefo.intents.volume import volume_groups, volume_lookup


class Command(BaseCommand):
    """Sets up what a cloud needs before its first user."""

    help = "Make users, flavors, the public network, the backend and the first image."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The description."""
        parser.add_argument("--json", required=True, type=Path, metavar="FILE")

    def handle(self, *_: Any, **options: Any) -> None:
        """Do all steps."""
        try:
            wanted = json.loads(options["json"].read_text())
            self._set_up(wanted)
        except KeyError as missing:
            raise CommandError(f"{options['json']} lacks {missing}") from missing
        except (OSError, ValueError) as error:
            raise CommandError(f"{options['json']}: {error}") from error

    def _set_up(self, wanted: dict[str, Any]) -> None:
        installation.folders()
        admin = installation.account("admin", wanted["admin_password"], ("admin", "member"))
        installation.account("demo", wanted["demo_password"], ("member", "reader"))
        installation.admits(admin, "demo", "admin")
        installation.rules_the_system(admin)
        installation.demo_quota()
        installation.flavors(wanted.get("disk_template", "file"))
        volume_lookup.default_type()
        volume_groups.default_type()
        self.stdout.write("users admin and demo, flavors: ready")
        if "public_network" in wanted:
            network = installation.public_network(wanted["public_network"])
            self.stdout.write(f"network {network.name}: {network.uuid}")
        if "backend" in wanted:
            self.stdout.write(f"backend {installation.backend(wanted['backend'])}: ready")
        if "image" in wanted:
            image = installation.image(wanted["image"])
            self.stdout.write(f"image {image.name}: {image.uuid}")
