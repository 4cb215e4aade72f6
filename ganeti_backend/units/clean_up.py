"""Takes away what an unfinished creation left on its node and in the configuration.

Used by the creation itself when it fails or runs again, and by the master for creations that nobody
will finish. Everything here may run twice.
"""

from __future__ import annotations

from ganeti_backend.configuration.config import Config, Pending
from ganeti_backend.node_rpc import calls
from ganeti_backend.node_rpc.calls import Nodes


def forget_creation(config: Config, name: str) -> None:
    """Out of the configuration; the pending record stays until the node is clean."""
    half_done = config.instance(name)
    if half_done is not None:
        config.commit(delete=[half_done])


def clean_up(config: Config, nodes: Nodes, pending: Pending) -> None:
    """NodeError leaves the record in place, so that it is tried again later."""
    forget_creation(config, pending.name)
    if config.node(pending.node) is not None:
        nodes.call(pending.node, calls.INSTANCE_SHUTDOWN, name=pending.name, timeout=0, force=True)
    for node in (pending.node, pending.mirror):
        if node is None or config.node(node) is None:
            continue
        for disk in pending.disks:
            nodes.call(node, calls.DISK_REMOVE, disk=disk)
        nodes.call(node, calls.INSTANCE_FORGET, name=pending.name)
    config.commit(settled=pending.name)
