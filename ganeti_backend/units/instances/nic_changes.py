"""Changes of NICs: how they are described, and by which steps a running guest takes part."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ganeti_backend import objects
from ganeti_backend.units.instances.modifications import Change

SHOWN = ("name", "mac", "ip", "network", "mode", "link", "vlan")


def described(change: Change[objects.Nic]) -> list[list[Any]]:
    if change.new is None:
        return [[f"nic/{change.index}", "remove"]]
    new, old = change.new, change.old
    if old is None:
        shown = f"mac={new.mac},ip={new.ip},mode={new.mode},link={new.link}"
        return [[f"nic/{change.index}", f"add:{shown},network={new.network}"]]
    pairs = [(name, getattr(old, name), getattr(new, name)) for name in SHOWN]
    return [
        [f"nic.{name}/{change.index}", after] for name, before, after in pairs if before != after
    ]


def steps(change: Change[objects.Nic]) -> list[tuple[str, objects.Nic]]:
    """A changed NIC is taken out and put in again; one that only got a name stays."""
    if change.old and change.new and replace(change.old, name=change.new.name) == change.new:
        return []
    found = []
    if change.old is not None:
        found.append(("remove", change.old))
    if change.new is not None:
        found.append(("add", change.new))
    return found
