"""TEST_ALLOCATOR: shows what an allocator is asked (`in`), or what it answers (`out`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from ganeti_backend import errors, objects, opcodes
from ganeti_backend.disk_templates import TEMPLATES
from ganeti_backend.errors import wrong
from ganeti_backend.iallocator import plugin, question
from ganeti_backend.locks import ALL, Level, Mode
from ganeti_backend.opcodes import moves
from ganeti_backend.units import base, built_in_allocator, placement
from ganeti_backend.units.instances import disk_parameters


class TestAllocator(base.Unit[opcodes.OpTestAllocator]):
    __test__ = False  # It is no test of pytest's.

    def locks(self, level: Level) -> Mapping[str, Mode]:
        shared = (Level.INSTANCE, Level.NODEGROUP, Level.NODE)
        return {ALL: base.SHARED} if level in shared else {}

    def check_prerequisites(self) -> None:
        op = self.op
        if op.mode in (moves.ALLOCATE, moves.MULTI_ALLOCATE):
            if not op.name:
                raise wrong("Missing attribute 'name' on opcode input")
            if op.mode == moves.ALLOCATE and self.config.instance(op.name) is not None:
                text = f"Instance '{op.name}' already in the cluster"
                raise errors.OpPrereqError(text, errors.ECODE_EXISTS)
            if op.disk_template not in TEMPLATES:
                raise wrong(f"Unknown disk template '{op.disk_template}'")
            if op.memory is None or op.vcpus is None:
                raise wrong("Missing attribute 'memory' or 'vcpus' on opcode input")
        elif op.mode == moves.RELOCATE:
            base.find_instance(self.config, op.name)
        elif not op.instances:
            raise wrong("Missing attribute 'instances' on opcode input")
        self.plugin = placement.plugin_of(self, op.iallocator)

    def execute(self) -> str:
        asked = question.ask(placement.cluster_now(self), self._request())
        if self.op.direction == moves.DIRECTION_IN:
            return orjson.dumps(asked, option=orjson.OPT_INDENT_2).decode()
        if self.plugin is not None:
            return self.plugin.output(asked)
        try:
            answer = {"success": True, "info": "Request successful", "result": self._built_in()}
        except errors.OpPrereqError as error:
            answer = {"success": False, "info": error.message, "result": []}
        return orjson.dumps(answer).decode()

    def _request(self) -> question.Question:
        op = self.op
        if op.mode == moves.ALLOCATE:
            return question.allocate(self._wish(op.name))
        if op.mode == moves.MULTI_ALLOCATE:
            return question.multi_allocate(self._wishes())
        if op.mode == moves.RELOCATE:
            instance = base.find_instance(self.config, op.name)
            return question.relocate(instance, [instance.nodes[-1]])
        names = [instance.name for instance in self._instances()]
        if op.mode == moves.NODE_EVACUATE:
            return question.node_evacuate(names, self._evacuation_mode())
        return question.change_group(names, [group.uuid for group in self._groups()])

    def _built_in(self) -> Any:
        op = self.op
        nodes = self.config.nodes()
        if op.mode == moves.ALLOCATE:
            return list(placement.allocate(self, self._wish(op.name), nodes, placement.BUILT_IN))
        if op.mode == moves.MULTI_ALLOCATE:
            return list(built_in_allocator.multi_allocate(self, self._wishes(), nodes))
        if op.mode == moves.RELOCATE:
            instance = base.find_instance(self.config, op.name)
            mirrored = instance.secondary_node is not None
            find = placement.new_secondary if mirrored else placement.relocate
            return [find(self, instance, placement.BUILT_IN)]
        return _in_rows(self._moves())

    def _moves(self) -> plugin.Moves:
        if self.op.mode == moves.NODE_EVACUATE:
            mode = self._evacuation_mode()
            return built_in_allocator.evacuate(self, self._instances(), mode)
        return built_in_allocator.change_group(self, self._instances(), self._groups())

    def _evacuation_mode(self) -> str:
        return self.op.evac_mode or moves.EVACUATION_MODES[-1]

    def _wishes(self) -> list[question.Wish]:
        return [self._wish(f"{self.op.name}{number}") for number in range(self.op.count)]

    def _wish(self, name: str) -> question.Wish:
        op, template = self.op, self.op.disk_template or "diskless"
        return question.Wish(
            name=name,
            disk_template=template,
            memory=op.memory or 0,
            vcpus=op.vcpus or 0,
            spindle_use=op.spindle_use,
            disks=[disk.to_dict() for disk in disk_parameters.new_disks(template, op.disks or [])],
            nics=op.nics or [],
            tags=op.tags,
            os=op.os or "",
            hypervisor=op.hypervisor or self.config.cluster().hypervisor,
            group_name=op.group_name,
        )

    def _instances(self) -> list[objects.Instance]:
        return [base.find_instance(self.config, name) for name in self.op.instances or ()]

    def _groups(self) -> list[objects.NodeGroup]:
        return [base.find_group(self.config, name) for name in self.op.target_groups or ()]


def _in_rows(found: plugin.Moves) -> list[Any]:
    return [
        [[name, group, list(nodes)] for name, group, nodes in found.moved],
        [list(row) for row in found.failed],
        [list(job) for job in found.jobs],
    ]
