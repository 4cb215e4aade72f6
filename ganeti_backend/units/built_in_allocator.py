"""Answers the questions of the iallocator protocol by the built-in allocator, in the same form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ganeti_backend import errors, objects
from ganeti_backend.allocator import NoRoomError
from ganeti_backend.disk_templates import TEMPLATES, Reach
from ganeti_backend.iallocator import plugin, question
from ganeti_backend.opcodes.moves import EVACUATION_MODES
from ganeti_backend.units import base, placement, relocation
from ganeti_backend.units.base import Unit

SECONDARY_ONLY = EVACUATION_MODES[1]
NO_WAY = "its disks are on one node only; 'gnt-instance move' copies them"


def multi_allocate(
    unit: Unit[Any], wishes: Sequence[question.Wish], nodes: Sequence[objects.Node]
) -> tuple[list[tuple[str, list[str]]], list[str]]:
    """Each with what the ones before it leave; those that do not fit are named, and told why."""
    placed, failed = [], []
    rules = placement.rules(unit.config)
    for wish in wishes:
        demand = placement.demand_of_wish(unit.config, wish)
        try:
            names = unit.reach.allocator.reserve(unit.job.owner, demand, nodes, rules)
        except NoRoomError as error:
            unit.warn(error.message)
            failed.append(wish.name)
        else:
            placed.append((wish.name, list(names)))
    return placed, failed


def evacuate(unit: Unit[Any], instances: Sequence[objects.Instance], mode: str) -> plugin.Moves:
    """How these instances get away from the nodes where they are."""
    moved, failed, jobs = [], [], []
    for instance in instances:
        away = instance.secondary_node if mode == SECONDARY_ONLY else instance.primary_node
        if away is None:
            failed.append((instance.name, "it has no secondary node"))
            continue
        node = base.find_node(unit.config, away)
        steps = relocation.Evacuation(node=node, mode=mode).steps(instance)
        if not steps:
            failed.append((instance.name, NO_WAY))
            continue
        group = unit.config.group(node.group)
        moved.append((instance.name, group.name if group else node.group, instance.nodes))
        jobs.append(steps)
    return plugin.Moves(moved, failed, jobs)


def change_group(
    unit: Unit[Any], instances: Sequence[objects.Instance], groups: Sequence[objects.NodeGroup]
) -> plugin.Moves:
    """Where in one of these groups the instances fit, and the opcodes that bring them there."""
    moved, failed, jobs = [], [], []
    for instance in instances:
        try:
            group, nodes = _in_groups(unit, instance, groups)
        except errors.OpPrereqError as error:
            failed.append((instance.name, error.message))
            continue
        moved.append((instance.name, group, nodes))
        jobs.append(_steps(instance, nodes))
    return plugin.Moves(moved, failed, jobs)


def _in_groups(
    unit: Unit[Any], instance: objects.Instance, groups: Sequence[objects.NodeGroup]
) -> tuple[str, tuple[str, ...]]:
    config = unit.config
    if TEMPLATES[instance.disk_template].reach is Reach.LOCAL:
        raise errors.OpPrereqError(NO_WAY, errors.ECODE_STATE)
    wanted = {group.uuid: group.name for group in groups}
    nodes = [
        node
        for node in config.nodes()
        if node.group in wanted and not placement.networks_missing(config, instance, node)
    ]
    mirrored = instance.secondary_node is not None
    demand = placement.demand_of(config, instance, disks=mirrored)
    rules = placement.rules(config, instance.name)
    chosen = unit.reach.allocator.reserve(unit.job.owner, demand, nodes, rules)
    return wanted[base.find_node(config, chosen[0]).group], chosen


def _steps(instance: objects.Instance, nodes: tuple[str, ...]) -> list[dict[str, Any]]:
    """A mirrored instance takes one copy with it and has the other made anew, twice."""
    common = {"instance_name": instance.name}
    move = {"OP_ID": "OP_INSTANCE_MIGRATE", "allow_failover": True, **common}
    if len(nodes) == 1:
        return [{**move, "target_node": nodes[0]}]
    replace = {"OP_ID": "OP_INSTANCE_REPLACE_DISKS", "disks": [], **common}
    replace["mode"] = relocation.REPLACE_NEW_SECONDARY
    return [{**replace, "remote_node": nodes[0]}, move, {**replace, "remote_node": nodes[1]}]
