"""INSTANCE_MULTI_ALLOC: nodes for many new instances at once, and a job for each that has some."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from ganeti_backend import errors, opcodes
from ganeti_backend.errors import wrong
from ganeti_backend.iallocator import plugin, question
from ganeti_backend.locks import ALL, Attempt, Level, Mode
from ganeti_backend.units import base, built_in_allocator, child_jobs, placement
from ganeti_backend.units.instances import disk_parameters, parameters

Create = opcodes.OpInstanceCreate
Placed = list[tuple[str, list[str]]]


class InstanceMultiAlloc(base.Unit[opcodes.OpInstanceMultiAlloc]):
    def locks(self, level: Level) -> Mapping[str, Mode]:
        if level == Level.NODE and self.op.opportunistic_locking:
            return Attempt({node.name: base.SHARED for node in self.config.nodes()})
        return {ALL: base.SHARED} if level in (Level.NODEGROUP, Level.NODE) else {}

    def check_prerequisites(self) -> None:
        self.creations = [self._creation(item) for item in self.op.instances]
        names = Counter(op.instance_name for op in self.creations)
        if twice := sorted(name for name, count in names.items() if count > 1):
            raise wrong(f"There are duplicate instance names: {', '.join(twice)}")
        known = [name for name in names if self.config.instance(name) is not None]
        if known and not self.job.again:
            text = f"Instance '{known[0]}' is already in the cluster"
            raise errors.OpPrereqError(text, errors.ECODE_EXISTS)
        given = {op.pnode is not None for op in self.creations}
        if len(given) > 1:
            raise wrong("Either all instances name a primary node or none does")
        self.placed_by_hand = given == {True}
        if self.placed_by_hand and self.op.iallocator:
            raise wrong("Give either nodes or an iallocator, not both")

    def _creation(self, given: Mapping[str, Any]) -> Create:
        op = opcodes.from_dict({"OP_ID": Create.OP_ID, **given})
        if not isinstance(op, Create):
            raise wrong(f"{op.OP_ID} is no creation of an instance")
        if op.iallocator is not None:
            raise wrong("iallocator are not allowed to be set on instance objects")
        return op

    def execute(self) -> dict[str, Any]:
        if self.placed_by_hand:
            placed: Placed = [(op.instance_name, []) for op in self.creations]
            failed: list[str] = []
        else:
            placed, failed = self._place([self._wish(op) for op in self.creations])
        nodes = dict(placed)
        chosen = [
            [_on(op, nodes[op.instance_name])] for op in self.creations if op.instance_name in nodes
        ]
        jobs = child_jobs.submit(self, chosen)
        result = {**jobs, "allocatable": [name for name, _ in placed], "failed": failed}
        self.config.commit(receipt=self.job.receipt(result))
        return result

    def _place(self, wishes: list[question.Wish]) -> tuple[Placed, list[str]]:
        asked = placement.plugin_of(self, self.op.iallocator)
        nodes = self.config.nodes()
        if self.op.opportunistic_locking:
            free = self.job.granted(Level.NODE)
            nodes = [node for node in nodes if node.name in free]
        if asked is None:
            return built_in_allocator.multi_allocate(self, wishes, nodes)
        document = question.multi_allocate(wishes)
        result = asked.ask(question.ask(placement.cluster_now(self), document))
        placed, failed = plugin.placements(asked.name, result)
        counts = {wish.name: wish.required_nodes for wish in wishes}
        known = {node.name for node in nodes}
        for name, chosen in placed:
            plugin.node_list(asked.name, chosen, counts.get(name, 0), known)
        return placed, failed

    def _wish(self, op: Create) -> question.Wish:
        cluster = self.config.cluster()
        template = op.disk_template or "diskless"
        own = parameters.merge_beparams(cluster, {}, op.beparams)
        filled = cluster.fill_beparams(own)
        return question.Wish(
            name=op.instance_name,
            disk_template=template,
            memory=int(filled["maxmem"]),
            vcpus=int(filled["vcpus"]),
            spindle_use=int(filled["spindle_use"]),
            disks=[disk.to_dict() for disk in disk_parameters.new_disks(template, op.disks)],
            nics=op.nics,
            tags=op.tags,
            os=op.os_type or "",
            hypervisor=op.hypervisor or cluster.hypervisor,
            group_name=op.group_name,
        )


def _on(op: Create, nodes: list[str]) -> Create:
    if not nodes:
        return op
    return op.replace(pnode=nodes[0], snode=nodes[1] if len(nodes) > 1 else None)
