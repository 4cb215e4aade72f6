"""Which opcodes bring an instance away from a node: one list of them is one job (pure).

Moving itself is what these opcodes do. An instance whose data only its node has cannot be brought
away by any of them, and says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ganeti_backend import errors, objects, opcodes
from ganeti_backend.disk_templates import TEMPLATES, Reach
from ganeti_backend.iallocator import plugin
from ganeti_backend.opcodes.nodes import EVACUATE_ALL, EVACUATE_PRIMARY, EVACUATE_SECONDARY

REPLACE_NEW_SECONDARY = "replace_new_secondary"
Wanted = dict[str, Any]


@dataclass(frozen=True)
class Evacuation:
    """What is asked of the instances of one node."""

    node: objects.Node
    mode: str
    remote_node: str | None = None
    iallocator: str | None = None
    early_release: bool = False

    def concerns(self, instance: objects.Instance) -> bool:
        primary = instance.primary_node == self.node.name
        secondary = instance.secondary_node == self.node.name
        return (primary and self.mode in (EVACUATE_PRIMARY, EVACUATE_ALL)) or (
            secondary and self.mode in (EVACUATE_SECONDARY, EVACUATE_ALL)
        )

    def steps(self, instance: objects.Instance) -> list[Wanted]:
        """Nothing if there is no way."""
        if instance.primary_node != self.node.name:
            return [self._new_secondary(instance)]
        if TEMPLATES[instance.disk_template].reach is Reach.LOCAL:
            return []
        found = [self._new_primary(instance)]
        if self.mode == EVACUATE_ALL and instance.secondary_node is not None:
            found.append(self._new_secondary(instance))
        return found

    def _new_primary(self, instance: objects.Instance) -> Wanted:
        mirrored = instance.secondary_node is not None
        target = {} if mirrored else {"iallocator": self.iallocator}
        common = {"instance_name": instance.name, **target}
        if self.node.offline:
            # Nobody can say any more what state its copies are in.
            return {"OP_ID": "OP_INSTANCE_FAILOVER", "ignore_consistency": True, **common}
        if instance.admin_state != objects.ADMIN_UP:
            return {"OP_ID": "OP_INSTANCE_FAILOVER", **common}
        return {"OP_ID": "OP_INSTANCE_MIGRATE", "allow_failover": True, **common}

    def _new_secondary(self, instance: objects.Instance) -> Wanted:
        return {
            "OP_ID": "OP_INSTANCE_REPLACE_DISKS",
            "instance_name": instance.name,
            "mode": REPLACE_NEW_SECONDARY,
            "disks": [],
            "early_release": self.early_release,
            "remote_node": self.remote_node,
            # Given neither, the opcode asks the cluster's own allocator.
            "iallocator": None if self.remote_node else self.iallocator,
        }


def plan(evacuation: Evacuation, instances: Iterable[objects.Instance]) -> list[list[Wanted]]:
    """A job for each instance concerned; OpExecError if one of them cannot be moved."""
    jobs, stuck = [], []
    for instance in instances:
        if not evacuation.concerns(instance):
            continue
        found = evacuation.steps(instance)
        if found:
            jobs.append(found)
        else:
            stuck.append(f"{instance.name} (its disks are of template {instance.disk_template})")
    if stuck:
        raise errors.OpExecError(f"Unable to evacuate instances {', '.join(stuck)}")
    return jobs


def checked(found: plugin.Moves) -> list[list[Wanted]]:
    """The jobs of an allocator's answer; OpExecError if an instance stays where it is."""
    if found.failed:
        stuck = ", ".join(f"{name} ({reason})" for name, reason in found.failed)
        raise errors.OpExecError(f"Unable to evacuate instances {stuck}")
    return [[dict(op) for op in ops] for ops in found.jobs]


def by_failover(jobs: Sequence[Sequence[Wanted]]) -> list[list[Wanted]]:
    """The same with each guest stopped and started anew instead of sent over."""
    return [[_failover(op) for op in ops] for ops in jobs]


def _failover(op: Wanted) -> Wanted:
    if op["OP_ID"] != "OP_INSTANCE_MIGRATE":
        return op
    kept = ("instance_name", "target_node", "iallocator", "ignore_ipolicy", "depends")
    return {"OP_ID": "OP_INSTANCE_FAILOVER", **{n: op[n] for n in kept if n in op}}


def parsed(jobs: Sequence[Sequence[Wanted]]) -> list[list[opcodes.OpCode]]:
    """As opcodes; what is None is left at its default."""
    return [
        [opcodes.from_dict({k: v for k, v in op.items() if v is not None}) for op in ops]
        for ops in jobs
    ]


def one_after_the_other(jobs: Sequence[Sequence[opcodes.OpCode]]) -> list[list[opcodes.OpCode]]:
    """Each job waits for the end of the one before."""
    chained = [list(ops) for ops in jobs]
    for ops in chained[1:]:
        ops[0] = ops[0].replace(depends=[*(ops[0].depends or ()), [-1, []]])
    return chained
