"""Holds changed instances against the instance policy of their nodes' groups."""

from __future__ import annotations

from collections.abc import Iterator

from ganeti_backend import errors, objects
from ganeti_backend.configuration.config import Config
from ganeti_backend.parameters import ipolicy


def check_change(config: Config, before: objects.Instance, after: objects.Instance) -> None:
    """OpPrereqError if what changes breaks a policy; what stays as it was is left in peace."""
    cluster = config.cluster()
    spec = ipolicy.Spec.of(after, cluster)
    if spec == ipolicy.Spec.of(before, cluster):
        return
    for group, found in broken(config, after):
        text = f"Instance {after.name} would violate the policy of group {group}: {found}"
        raise errors.OpPrereqError(text, errors.ECODE_INVAL)


def broken(config: Config, instance: objects.Instance) -> Iterator[tuple[str, str]]:
    """For each group that does not allow such an instance: its name, and why not."""
    cluster = config.cluster()
    spec = ipolicy.Spec.of(instance, cluster)
    nodes = (config.node(name) for name in instance.nodes)
    for uuid in dict.fromkeys(node.group for node in nodes if node is not None):
        group = config.group(uuid)
        found = ipolicy.violations(ipolicy.of_group(cluster, group), spec)
        if found:
            yield group.name if group is not None else uuid, ", ".join(found)
