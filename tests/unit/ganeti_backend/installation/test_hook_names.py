"""Which hooks run for which opcode, as Ganeti's documents have it."""

from __future__ import annotations

import pytest

from ganeti_backend import opcodes
from ganeti_backend.master.unit_table import UNITS
from ganeti_backend.units.cluster import verify_group

PATHS = {
    "OP_CLUSTER_DESTROY": "cluster-destroy",
    "OP_CLUSTER_POST_INIT": "cluster-init",
    "OP_CLUSTER_RENAME": "cluster-rename",
    "OP_CLUSTER_SET_PARAMS": "cluster-modify",
    "OP_GROUP_ADD": "group-add",
    "OP_GROUP_EVACUATE": "group-evacuate",
    "OP_GROUP_REMOVE": "group-remove",
    "OP_GROUP_RENAME": "group-rename",
    "OP_GROUP_SET_PARAMS": "group-modify",
    "OP_BACKUP_EXPORT": "instance-export",
    "OP_INSTANCE_CHANGE_GROUP": "instance-change-group",
    "OP_INSTANCE_CREATE": "instance-add",
    "OP_INSTANCE_FAILOVER": "instance-failover",
    "OP_INSTANCE_GROW_DISK": "disk-grow",
    "OP_INSTANCE_MIGRATE": "instance-migrate",
    "OP_INSTANCE_MOVE": "instance-move",
    "OP_INSTANCE_REBOOT": "instance-reboot",
    "OP_INSTANCE_RECREATE_DISKS": "instance-recreate-disks",
    "OP_INSTANCE_REINSTALL": "instance-reinstall",
    "OP_INSTANCE_REMOVE": "instance-remove",
    "OP_INSTANCE_RENAME": "instance-rename",
    "OP_INSTANCE_REPLACE_DISKS": "mirrors-replace",
    "OP_INSTANCE_SET_PARAMS": "instance-modify",
    "OP_INSTANCE_SHUTDOWN": "instance-stop",
    "OP_INSTANCE_STARTUP": "instance-start",
    "OP_NETWORK_ADD": "network-add",
    "OP_NETWORK_CONNECT": "network-connect",
    "OP_NETWORK_DISCONNECT": "network-disconnect",
    "OP_NETWORK_REMOVE": "network-remove",
    "OP_NETWORK_RENAME": "network-rename",
    "OP_NETWORK_SET_PARAMS": "network-modify",
    "OP_NODE_ADD": "node-add",
    "OP_NODE_MIGRATE": "node-migrate",
    "OP_NODE_REMOVE": "node-remove",
    "OP_NODE_SET_PARAMS": "node-modify",
}
# Opcodes of ours, which Ganeti has not.
OURS = ("SNAPSHOT", "SAVE_DISK", "PAUSE", "SUSPEND", "RESUME")
OWN = {name for name in opcodes.CLASSES if any(word in name for word in OURS)}


@pytest.mark.parametrize("kind", UNITS, ids=lambda kind: kind.OP_ID)
def test_hooks_have_ganetis_names(kind: type[opcodes.OpCode]) -> None:
    if kind.OP_ID not in OWN:
        path = UNITS[kind].HOOKS_PATH
        assert path == PATHS.get(kind.OP_ID)


def test_a_verification_runs_its_hooks_itself() -> None:
    """Because what they say belongs to its result."""
    assert verify_group.HOOKS == "cluster-verify"
