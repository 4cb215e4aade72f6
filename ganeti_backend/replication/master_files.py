"""What a master needs beside queue and configuration: its keys, its users, where nodes listen.

It travels with the copies of the state, so that a candidate can become the master in any folder of
any machine. Candidates hold the cluster's keys for that, as Ganeti's do.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ganeti_backend.durable import SECRET_MODE, replace
from ganeti_backend.settings import NodeSettings, Settings
from ganeti_backend.state_rows import CONFIG, FILES, Row

NODES = "nodes"
AUTHORITY, AUTHORITY_KEY = "ca.pem", "ca.key"


def rows(settings: Settings) -> list[Row]:
    """The files as they are now, and the nodes of the settings."""
    found: list[Row] = [
        (FILES, name, path.read_text()) for name, path in _paths(settings).items() if path.exists()
    ]
    nodes = [[node.name, node.address, node.port] for node in settings.nodes]
    return [*found, (FILES, NODES, json.dumps(nodes))]


def restore(settings: Settings, copy: Iterable[tuple[str, str, Any]]) -> None:
    """Put the files where they are missing. An authority only counts together with its key."""
    contents = {name: content for part, name, content in copy if part == FILES}
    paths = _paths(settings)
    if AUTHORITY_KEY in contents and not paths[AUTHORITY_KEY].exists():
        replace(paths[AUTHORITY], contents[AUTHORITY].encode(), SECRET_MODE)
    for name, path in paths.items():
        if name in contents and not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            replace(path, contents[name].encode(), SECRET_MODE)


def with_all_nodes(settings: Settings, copy: Iterable[tuple[str, str, Any]]) -> Settings:
    """The settings of one node's bundle know this node alone; the copy knows the others."""
    known = {node.name for node in settings.nodes}
    others = {name: (address, port) for name, address, port in _places(list(copy))}
    added = [
        NodeSettings(name, address, port, settings.data_dir / "nodes" / name)
        for name, (address, port) in others.items()
        if name not in known
    ]
    return dataclasses.replace(settings, nodes=(*settings.nodes, *added))


def voters(settings: Settings, copy: Iterable[tuple[str, str, Any]]) -> list[str]:
    """Who is asked before another becomes the master: all nodes but those marked as offline."""
    nodes = [
        json.loads(content)
        for part, name, content in copy
        if part == CONFIG and name.startswith("node/")
    ]
    offline = {node["name"] for node in nodes if node["offline"]}
    return [node.name for node in settings.nodes if node.name not in offline]


def _places(copy: list[tuple[str, str, Any]]) -> Iterator[tuple[str, str, int]]:
    """Those of the old master's settings, then those of the configuration, which know better."""
    for part, name, content in copy:
        if (part, name) == (FILES, NODES):
            yield from json.loads(content)
    for part, name, content in copy:
        if part == CONFIG and name.startswith("node/"):
            node = json.loads(content)
            if node["port"]:
                yield node["name"], node["primary_ip"], node["port"]


def _paths(settings: Settings) -> dict[str, Path]:
    tls, rapi = settings.tls, settings.rapi
    return {
        AUTHORITY: tls.ca,
        AUTHORITY_KEY: tls.ca.with_suffix(".key"),
        "rapi.pem": rapi.certificate,
        "rapi.key": rapi.key,
        "rapi_users": rapi.users_file,
    }
