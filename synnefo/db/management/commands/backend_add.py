"""`manage.py backend_add ganeti://USER@HOST:5080`: attach a cluster, or change how it is reached.

The password comes from a file, from SYNNEFO_BACKEND_PASSWORD or from the terminal, never from the
command line, which everybody on the machine can read. What is not told of a known backend stays.
"""

import getpass
import json
import os
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from synnefo import wiring
from synnefo.core import attachment
from synnefo.db import sealing
from synnefo.db.management import attaching
from synnefo.db.models import Backend
from synnefo.intents import installation
from synnefo.observations import backends
from synnefo.rapi import tls

PASSWORD = "SYNNEFO_BACKEND_PASSWORD"


class Command(BaseCommand):
    """Looks at a cluster, and stores its address and credentials if it can be used."""

    help = "Attach a Ganeti >= 3.0. The password is read from a file, the environment or a prompt."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The cluster."""
        parser.add_argument("address", help="ganeti://USER@HOST:5080")
        parser.add_argument("--password-file", type=Path, metavar="FILE")
        parser.add_argument("--ca", default="", metavar="FILE", help="who signed its certificate")
        parser.add_argument(
            "--fingerprint", default="", metavar="SHA256", help="of its certificate, instead"
        )
        parser.add_argument("--json", action="store_true", dest="as_json", help="for programs")

    def handle(self, *_: Any, **options: Any) -> None:
        """Look, then store."""
        wanted = self._wanted(options)
        try:
            found = attaching.look(installation.described_backend({**wanted, "name": ""}))
        except attaching.Unusable as problem:
            raise CommandError(str(problem)) from problem
        info = found.info
        backend = installation.backend({**wanted, "name": info.name})
        backends.described(backend.pk, info)
        backends.capacity(backend.pk, found.nodes, wiring.clock().now())
        if options["as_json"]:
            self.stdout.write(json.dumps(_facts(found)))
            return
        self.stdout.write(
            f"{info.name}: Ganeti {info.version},"
            f" hypervisors {', '.join(info.enabled_hypervisors)},"
            f" disk templates {', '.join(info.enabled_disk_templates)}"
        )
        for line in found.advice:
            self.stdout.write(f"To do: {line}")

    def _wanted(self, options: dict[str, Any]) -> dict[str, Any]:
        try:
            where = attachment.address(options["address"])
            known = Backend.objects.filter(url=where.url, username=where.user).first()
            proof = self._proof(options["ca"], options["fingerprint"], known)
            password = self._password(options["password_file"], where, known)
        except (ValueError, OSError) as error:
            raise CommandError(str(error)) from error
        return {"url": where.url, "user": where.user, "password": password, **proof}

    @staticmethod
    def _proof(ca: str, fingerprint: str, known: Backend | None) -> dict[str, str]:
        if ca and not Path(ca).is_file():
            raise CommandError(f"there is no file {ca}")
        if known is not None and not ca and not fingerprint:
            return {"ca_file": known.ca_file, "fingerprint": known.fingerprint}
        return {
            "ca_file": str(Path(ca).absolute()) if ca else "",
            "fingerprint": tls.normalized(fingerprint) if fingerprint else "",
        }

    @staticmethod
    def _password(file: Path | None, where: attachment.Address, known: Backend | None) -> str:
        if file is not None:
            return file.read_text().strip()
        if PASSWORD in os.environ:
            return os.environ[PASSWORD]
        if known is not None:
            return sealing.unseal(known.password_encrypted)
        if sys.stdin.isatty():
            return getpass.getpass(f"Password of {where.user} at {where.url}: ")
        raise CommandError(f"no password: give --password-file, or set {PASSWORD}")


def _facts(found: attaching.Found) -> dict[str, Any]:
    """What a new cloud on this cluster has to know."""
    info = found.info
    return {
        "name": info.name,
        "version": info.version,
        "hypervisor": info.default_hypervisor,
        "disk_template": attachment.template_for(info.enabled_disk_templates),
        "mode": info.nic_mode,
        "link": info.nic_link,
        "advice": list(found.advice),
    }
