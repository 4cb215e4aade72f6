"""`python3 -m hooks.node_setup --images DIR`: all that a node of a real Ganeti needs from us.

The OS definition `image`, the hooks, and with `--bus FILE` the service of eventd, which belongs on
each master candidate. Needs root and Debian's Python, installs no packages, and may be repeated.
"""

from __future__ import annotations

import argparse
import shlex
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

from hooks import note, os_image
from hooks.install import ROOT, install

OS_NAME = "image"
PARAMETERS = {
    "img_id": "the image: the name of a file in the folder of images",
    "img_format": "raw, or a format that qemu-img knows",
    "img_properties": "what the guest is told: a JSON object",
}
# A stream of the disk's bytes, which is all that a definition for any system can do.
SCRIPTS = {
    "export": '#!/bin/sh\nexec dd if="$EXPORT_DEVICE" bs=1M status=none\n',
    "import": '#!/bin/sh\nexec dd of="$IMPORT_DEVICE" bs=1M conv=fsync status=none\n',
    "rename": "#!/bin/sh\nexit 0\n",
    "verify": "#!/bin/sh\nexit 0\n",
}
UNIT = """\
[Unit]
Description=Tells a Synnefo frontend what happens in the job queue of Ganeti
After=network.target ganeti-luxid.service

[Service]
WorkingDirectory={root}
ExecStart={python} -m eventd
EnvironmentFile={settings}
Restart=always
RestartSec=2

[Install]
WantedBy=multi-user.target
"""
SERVICE = "synnefo-eventd"


def write_os(folder: Path, images: Path) -> Path:
    """The OS definition, in the form that Ganeti's API version 20 asks for."""
    place = folder / OS_NAME
    place.mkdir(parents=True, exist_ok=True)
    program = Path(os_image.__file__).read_text(encoding="utf-8")
    scripts = {**SCRIPTS, "create": f"#!/usr/bin/python3\n{program}"}
    for name, text in scripts.items():
        _replace(place / name, text, 0o755)
    parameters = "".join(f"{name} {meaning}\n" for name, meaning in PARAMETERS.items())
    _replace(place / "parameters.list", parameters)
    _replace(place / "images", f"{images}\n")
    # Without this file it is no definition yet, so it comes last.
    _replace(place / "ganeti_api_version", "20\n")
    return place


def service_environment(node: str, bus: str, notes: Path, data: Path) -> dict[str, str]:
    """What eventd is told on a node of a Ganeti with this data folder."""
    return {
        "SYNNEFO_BUS": bus,
        "GANETI_NODE": node,
        "GANETI_QUEUE_DIR": str(data / "queue"),
        "GANETI_MASTER_FILE": str(data / "ssconf_master_node"),
        "EVENTD_STATE": str(data.parent / "synnefo-eventd"),
        "EVENTD_NOTES": str(notes),
    }


def write_service(units: Path, settings: Path, environment: Mapping[str, str]) -> Path:
    """The service of eventd; the broker's address holds a password, so only root may read it."""
    lines = "".join(f"{name}={shlex.quote(value)}\n" for name, value in environment.items())
    settings.parent.mkdir(parents=True, exist_ok=True)
    _replace(settings, lines, 0o600)
    unit = units / f"{SERVICE}.service"
    _replace(unit, UNIT.format(root=ROOT, python=sys.executable, settings=settings))
    return unit


def _replace(path: Path, text: str, mode: int = 0o644) -> None:
    """Whole or not at all, as it may be in use."""
    aside = path.with_name(f".{path.name}.new")
    aside.touch(mode=mode)
    aside.chmod(mode)
    aside.write_text(text, encoding="utf-8")
    aside.rename(path)


def parser() -> argparse.ArgumentParser:
    """Folders are where Debian's Ganeti has them."""
    made = argparse.ArgumentParser(prog="hooks.node_setup", description=__doc__)
    made.add_argument("--images", type=Path, required=True, help="where the image files are")
    made.add_argument(
        "--bus", type=Path, metavar="FILE", help="it holds amqp://USER:PASSWORD@HOST/"
    )
    made.add_argument("--node", default=socket.getfqdn(), help="this machine's name in the cluster")
    made.add_argument("--os-dir", type=Path, default=Path("/srv/ganeti/os"))
    made.add_argument("--hooks-dir", type=Path, default=Path("/etc/ganeti/hooks"))
    made.add_argument("--data-dir", type=Path, default=Path("/var/lib/ganeti"))
    made.add_argument("--notes", type=Path, help="default: hook-notes in the data folder")
    made.add_argument("--unit-dir", type=Path, default=Path("/etc/systemd/system"))
    made.add_argument("--settings", type=Path, default=Path("/etc/synnefo/eventd"))
    return made


def main(arguments: list[str] | None = None) -> int:
    """Do all of it and print what was written."""
    given = parser().parse_args(arguments)
    notes = given.notes or given.data_dir / "hook-notes"
    notes.mkdir(mode=0o700, parents=True, exist_ok=True)
    written = [write_os(given.os_dir, given.images.absolute())]
    written += install(given.hooks_dir, lambda path: note.script(notes, path, given.node))
    if given.bus is not None:
        bus = given.bus.read_text(encoding="utf-8").strip()
        environment = service_environment(given.node, bus, notes, given.data_dir)
        written.append(write_service(given.unit_dir, given.settings, environment))
    for path in written:
        print(path)
    if given.bus is not None:
        print(f"Now: systemctl daemon-reload && systemctl enable --now {SERVICE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
