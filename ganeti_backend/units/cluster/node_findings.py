"""What a verification finds about nodes, groups and instance policies in the configuration."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ganeti_backend import errors
from ganeti_backend.configuration.config import Config
from ganeti_backend.disk_templates import TEMPLATES, Reach
from ganeti_backend.parameters import ipolicy
from ganeti_backend.units.instances import policy
from ganeti_backend.units.nodes import candidates

ECLUSTERCFG = "ECLUSTERCFG"
EINSTANCELAYOUT = "EINSTANCELAYOUT"
EINSTANCEPOLICY = "EINSTANCEPOLICY"
EINSTANCESPLITGROUPS = "EINSTANCESPLITGROUPS"
EINSTANCEBADNODE = "EINSTANCEBADNODE"
Finding = tuple[str, str, str]  # code, object, text


def findings(config: Config) -> Iterator[Finding]:
    """All of them."""
    yield from _roles(config)
    yield from _places(config)
    yield from _instances(config)
    yield from _policies(config)


def _roles(config: Config) -> Iterator[Finding]:
    cluster, nodes = config.cluster(), config.nodes()
    lacking = candidates.missing(nodes, cluster.candidate_pool_size)
    if lacking:
        have, target = candidates.have(nodes), candidates.wanted(nodes, cluster.candidate_pool_size)
        text = f"Not enough master candidates: actual {have}, target {target}"
        yield ECLUSTERCFG, "cluster", text
    for node in nodes:
        flags = [f for f in ("master_candidate", "drained", "offline") if getattr(node, f)]
        if len(flags) > 1:
            text = f"Node state is invalid: {', '.join(flags)} at the same time"
            yield ECLUSTERCFG, f"node {node.name}", text
        if node.name == cluster.master and (node.offline or node.drained):
            yield ECLUSTERCFG, f"node {node.name}", f"the master is {' and '.join(flags)}"


def _places(config: Config) -> Iterator[Finding]:
    places = Counter((node.primary_ip, node.port) for node in config.nodes() if node.port)
    for (address, port), count in places.items():
        if count > 1:
            yield ECLUSTERCFG, "cluster", f"{count} nodes are at {address}:{port}"


def _instances(config: Config) -> Iterator[Finding]:
    groups = {node.name: node.group for node in config.nodes()}
    for instance in config.instances():
        what = f"instance {instance.name}"
        template = TEMPLATES.get(instance.disk_template)
        mirrored = template is not None and template.reach is Reach.MIRRORED
        if mirrored and instance.secondary_node is None:
            yield EINSTANCELAYOUT, what, "mirrored disks, but no secondary node"
        if instance.secondary_node is not None and instance.secondary_node not in groups:
            yield EINSTANCEBADNODE, what, f"unknown secondary node {instance.secondary_node}"
        if len({groups.get(name) for name in instance.nodes}) > 1:
            yield EINSTANCESPLITGROUPS, what, "its nodes are in different groups"
        for group, found in policy.broken(config, instance):
            yield EINSTANCEPOLICY, what, f"violates the policy of group {group}: {found}"


def _policies(config: Config) -> Iterator[Finding]:
    cluster = config.cluster()
    for group in config.groups():
        try:
            ipolicy.check(ipolicy.of_group(cluster, group))
        except errors.OpPrereqError as error:
            yield ECLUSTERCFG, f"group {group.name}", error.message
