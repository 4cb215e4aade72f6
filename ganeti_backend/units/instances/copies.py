"""Sees to it that a guest runs once: what is known of its copies, and how doubt is ended.

`arriving_at` of an instance is written down before its target hears of it and taken away when it is
known where the guest goes on. `left_behind` are nodes that had the guest before and could not be
asked to drop it. Units that work on an instance end the doubt about the first before they begin;
the master does both unasked where no job will. Everything here may run twice.
"""

from __future__ import annotations

from collections.abc import Mapping

from ganeti_backend import errors, objects
from ganeti_backend.configuration.config import Config, Receipt
from ganeti_backend.hypervisor.guest_stages import Stage, Verdict, decide
from ganeti_backend.node_rpc import calls
from ganeti_backend.node_rpc.calls import Nodes


def doubtful(instance: objects.Instance) -> bool:
    """Whether another node than the primary may run it."""
    return bool(instance.arriving_at or instance.left_behind)


def stage(nodes: Nodes, node: str, name: str) -> Stage:
    return Stage(nodes.call(node, calls.MIGRATION_PROGRESS, name=name)["stage"])


def settle(
    config: Config, nodes: Nodes, instance: objects.Instance, silent: frozenset[str] = frozenset()
) -> objects.Instance:
    """The instance when it is known where it is; NodeError if a node does not say what it has.

    A node marked offline, or named in `silent`, is taken to run nothing. If it did, that is ended
    when it comes back.
    """
    target = instance.arriving_at
    if target is None:
        return instance
    if target == instance.primary_node:
        return stay(config, instance)
    asked = {
        node: not _away(config, node) and node not in silent
        for node in (instance.primary_node, target)
    }
    verdict = whereabouts(nodes, instance, target, asked)
    if verdict is Verdict.TWICE:
        raise twice(instance, target)
    if verdict is Verdict.TARGET:
        nodes.call(target, calls.MIGRATION_SETTLE, name=instance.name, keep=True)
        return arrive(config, instance)
    return bring_back(config, nodes, instance, target, verdict, asked=asked[target])


def whereabouts(
    nodes: Nodes, instance: objects.Instance, target: str, asked: Mapping[str, bool] | None = None
) -> Verdict:
    """Where the guest of an interrupted migration is."""
    return decide(
        *(
            stage(nodes, node, instance.name) if asked is None or asked[node] else Stage.ABSENT
            for node in (instance.primary_node, target)
        )
    )


def bring_back(
    config: Config,
    nodes: Nodes,
    instance: objects.Instance,
    target: str,
    verdict: Verdict,
    *,
    asked: bool = True,
) -> objects.Instance:
    """What the target has is dropped first, so that the source may go on."""
    if asked:
        nodes.call(target, calls.MIGRATION_SETTLE, name=instance.name, keep=False)
    if verdict is Verdict.SOURCE:
        nodes.call(instance.primary_node, calls.MIGRATION_SETTLE, name=instance.name, keep=True)
    return stay(config, instance, () if asked else (target,))


def stay(
    config: Config, instance: objects.Instance, left: tuple[str, ...] = ()
) -> objects.Instance:
    """It is known to be on its primary node; `left` may have more of it."""
    left = tuple(dict.fromkeys((*instance.left_behind, *left)))
    instance = instance.touched(config.now(), arriving_at=None, left_behind=left)
    config.commit([instance])
    return instance


def arrive(
    config: Config, instance: objects.Instance, receipt: Receipt | None = None
) -> objects.Instance:
    """Its target is the primary node from now on, and the old one has a copy to drop."""
    source, target = instance.primary_node, instance.arriving_at or instance.primary_node
    left = [node for node in (*instance.left_behind, source) if node != target]
    instance = instance.touched(
        config.now(),
        primary_node=target,
        secondary_node=source if instance.secondary_node else None,
        arriving_at=None,
        left_behind=tuple(dict.fromkeys(left)),
    )
    config.commit([instance], receipt=receipt)
    return instance


def drop_old(config: Config, nodes: Nodes, instance: objects.Instance) -> objects.Instance:
    """Away with what earlier nodes have of it; those that are offline are left for later."""
    for node in instance.left_behind:
        if config.node(node) is None or not _away(config, node):
            instance = drop_at(config, nodes, instance, node)
    return instance


def drop_at(
    config: Config, nodes: Nodes, instance: objects.Instance, node: str
) -> objects.Instance:
    """Away with what one earlier node has of it."""
    if config.node(node) is not None:
        nodes.call(node, calls.MIGRATION_SETTLE, name=instance.name, keep=False)
    left = tuple(other for other in instance.left_behind if other != node)
    instance = instance.touched(config.now(), left_behind=left)
    config.commit([instance])
    return instance


def twice(instance: objects.Instance, other: str) -> errors.OpExecError:
    return errors.OpExecError(
        f"Instance {instance.name} runs on {instance.primary_node} and on {other}; stop one of "
        "them on its node by hand, then run 'gnt-instance migrate --cleanup'"
    )


def _away(config: Config, name: str) -> bool:
    """Marked offline, or taken out of the cluster: it is asked nothing."""
    node = config.node(name)
    return node is None or node.offline
