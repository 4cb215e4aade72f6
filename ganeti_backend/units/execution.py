"""Runs a unit whose locks are held: prerequisites, pre hooks, execution, post hooks, in that order.

An opcode whose receipt is in the configuration did its work before the master was cut off: its
result is taken from there and only the post hooks run, so hooks may run twice but work never does.
"""

from __future__ import annotations

from typing import Any

from ganeti_backend import errors
from ganeti_backend.node_rpc import calls
from ganeti_backend.units import clean_up, debris
from ganeti_backend.units.base import Reach, Unit
from ganeti_backend.units.hook_runner import HookRunner, Occasion


def run(unit: Unit[Any], reach: Reach) -> Any:
    """The opcode's result; whatever it raises is the opcode's error."""
    hooks = hook_runner(unit, reach)
    receipt = reach.config.receipt(unit.job.job_id, unit.job.op_index)
    if receipt is not None:
        unit.info("This was done before the master restarted")
        if hooks is not None and unit.resumed():
            environment = unit.hook_environment()
            after_hooks(unit, hooks, environment, environment)
        return receipt.result
    unit.check_prerequisites()
    unit.job.check_canceled()
    before: dict[str, str] = {}
    if hooks is not None:
        before = unit.hook_environment()
        hooks.pre(unit.hook_nodes()[0], before)
    unit.job.check_canceled()
    if unit.op.dry_run:
        return None
    result = unit.execute()
    if hooks is not None:
        after_hooks(unit, hooks, before, unit.hook_environment())
    return result


def abandon(unit: Unit[Any], reach: Reach, cause: str) -> Any:
    """After a crash, for what must not run again: undo it and fail with the cause.

    Work that was finished before the crash counts as done here as well.
    """
    job_id = unit.job.job_id
    if reach.config.receipt(job_id, unit.job.op_index) is not None:
        return run(unit, reach)
    try:
        for pending in reach.config.pending():
            if pending.job_id == job_id:
                clean_up.clean_up(reach.config, reach.nodes, pending)
        for left in reach.config.debris():
            if left.job_id == job_id:
                debris.clear(reach.config, reach.nodes, left)
        unit.abandon()
    except errors.NodeError as error:
        unit.warn(f"{error.message}; it will be cleaned up when the node answers")
    raise errors.OpExecError(cause)


def after_hooks(
    unit: Unit[Any], hooks: HookRunner, before: dict[str, str], after: dict[str, str]
) -> None:
    hooks.post(unit.hook_nodes()[1], before, after)
    if unit.UPDATES_CONFIG:
        hooks.config_update(after)


def hook_runner(unit: Unit[Any], reach: Reach) -> HookRunner | None:
    if unit.HOOKS_PATH is None:
        return None
    cluster = reach.config.cluster()
    occasion = Occasion(
        hooks_path=unit.HOOKS_PATH,
        opcode=unit.op.OP_ID,
        object_type=unit.OBJECT_TYPE,
        cluster=cluster.name,
        master=cluster.master,
        data_dir=reach.data_dir,
    )

    def on_node(node: str, hooks_path: str, phase: str, env: dict[str, str]) -> Any:
        known = reach.config.node(node)
        if known is not None and known.offline:
            # Nobody is there; asking would only wait for an answer in vain.
            return []
        return reach.nodes.call(node, calls.HOOKS_RUN, hooks_path=hooks_path, phase=phase, env=env)

    return HookRunner(on_node, occasion, unit.warn)
