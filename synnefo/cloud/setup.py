"""Prepares what the processes expect to find: the cluster's settings, hooks, tables, first rows.

Each part does its own work by its own command; here is only which, in which order and with what.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from synnefo.cloud import commands, processes
from synnefo.cloud.layout import CHECKOUT, Layout, write_private
from synnefo.cloud.python_environment import PythonEnvironment

NETWORK = {
    "name": "public",
    "cidr": "198.18.0.0/20",
    "gateway": "198.18.0.1",
    "pool_start": "198.18.0.10",
    "pool_end": "198.18.15.250",
    "mode": "bridged",
}
IMAGE_NAME = "tiny"


def cluster(layout: Layout, python: PythonEnvironment) -> None:
    """Write the settings of master and nodes; what is there (certificates, users) is kept."""
    network = "user" if layout.choices.hypervisor == "libvirt" else "fake"
    words: list[str | Path] = [python.python, "-m", "ganeti_backend.cli.gnt_cluster", "init"]
    words += ["--state-dir", layout.state, "--rapi-port", str(layout.rapi_port)]
    for port in layout.node_ports:
        words += ["--node-port", str(port)]
    words += ["--hypervisor", layout.choices.hypervisor, "--network", network]
    words += ["--accelerator", layout.choices.accelerator]
    _run(layout, python, words)


def hooks(layout: Layout, python: PythonEnvironment) -> None:
    """Put our entry point into the cluster's hook folders, and beside them where they publish."""
    cluster_folder = layout.cluster_settings.parent
    description = {
        "bus": processes.bus_url(layout),
        "prefix": "snf",
        "spool": str(layout.state / "hooks"),
    }
    write_private(cluster_folder / "hooks.json", json.dumps(description, indent=1) + "\n")
    _run(layout, python, [python.python, "-m", "hooks.install", cluster_folder / "hooks"])


def tables(layout: Layout, python: PythonEnvironment) -> None:
    """Make the tables."""
    manage = CHECKOUT / "manage.py"
    stamp, newest = layout.state / "migrated", migrations()
    if not stamp.exists() or stamp.read_text() != newest:
        _run(layout, python, [python.python, manage, "migrate", "--no-input", "-v", "0"])
        stamp.write_text(newest)


def database(
    layout: Layout, python: PythonEnvironment, image: Path, facts: Mapping[str, Any] | None
) -> None:
    """Make the users, flavors, network, backend and the first image.

    `facts` are those of a cluster that exists already and is stored by now.
    """
    manage = CHECKOUT / "manage.py"
    description = layout.state / "setup.json"
    write_private(description, json.dumps(contents(layout, image, facts), indent=1) + "\n")
    _run(layout, python, [python.python, manage, "cloud_setup", "--json", description])


def migrations() -> str:
    """A digest of the migrations: asking Django whether there is a new one takes a second."""
    digest = hashlib.sha256()
    for path in sorted((CHECKOUT / "synnefo" / "db" / "migrations").glob("*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def contents(layout: Layout, image: Path, facts: Mapping[str, Any] | None) -> dict[str, Any]:
    """What the frontend shall contain from the start."""
    passwords = layout.passwords()
    return {
        "admin_password": passwords["admin_password"],
        "demo_password": passwords["demo_password"],
        **(_own_cluster(layout) if facts is None else _attached_cluster(facts)),
        "image": {
            "name": IMAGE_NAME,
            "path": str(image),
            "disk_format": "raw",
            "container_format": "bare",
            "min_ram": 64,
            "min_disk": 0,
        },
    }


def _own_cluster(layout: Layout) -> dict[str, Any]:
    user, password = layout.rapi_account()
    backend = {
        "name": "cluster.local",
        "url": f"https://127.0.0.1:{layout.rapi_port}",
        "user": user,
        "password": password,
        "ca_file": str(layout.ca_file),
    }
    return {"backend": backend, "public_network": {**NETWORK, "link": "user"}}


def _attached_cluster(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Guests are connected as the cluster's administrators connect theirs."""
    network = {**NETWORK, "mode": facts["mode"], "link": facts["link"]}
    return {"public_network": network, "disk_template": facts["disk_template"]}


def image_file(layout: Layout, built: Path | None) -> Path:
    """The first image; a pretended guest needs only something to copy."""
    if built is not None:
        return built
    placeholder = layout.state / "placeholder.raw"
    if not placeholder.exists():
        with placeholder.open("wb") as stream:
            stream.write(b"This disk boots only on the pretended hypervisor.\n")
            stream.truncate(1 << 20)
    return placeholder


def _run(layout: Layout, python: PythonEnvironment, words: list[str | Path]) -> None:
    environment = processes.frontend_environment(layout, python)
    commands.run(words, env=environment, cwd=CHECKOUT, log=layout.state / "log" / "setup.log")
