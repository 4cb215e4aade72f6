"""Makes the seed of an instance anew on the node where it is to start.

A seed is a file of the node that made it. It follows from the configuration, so it need not be
copied, which an instance whose old node is dead could not be.
"""

from __future__ import annotations

from typing import Any

from ganeti_backend import objects
from ganeti_backend.node_rpc import calls
from ganeti_backend.units import base
from ganeti_backend.units.instances import image


def restore(unit: base.Unit[Any], instance: objects.Instance, node: str) -> None:
    """Only instances of the built-in OS definition have one, and only if they have a disk."""
    if instance.os != image.OS_NAME or not instance.disks:
        return
    networks = {network.uuid: network for network in unit.config.networks()}
    unit.call(
        node,
        calls.SEED_WRITE,
        instance=instance.node_payload(unit.config.cluster()),
        customization=image.customization(instance, networks),
    )
