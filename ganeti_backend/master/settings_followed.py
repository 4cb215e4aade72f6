"""Brings what the settings file gained since the last start into the configuration.

The settings say what there is to work with, nodes and drivers; what an administrator removed or
disabled by command stays out although the file still names it.
"""

from __future__ import annotations

from collections.abc import Iterator

from ganeti_backend import objects
from ganeti_backend.configuration.config import Config, new_uuid
from ganeti_backend.master.first_cluster import DEFAULT_GROUP
from ganeti_backend.settings import NodeSettings, Settings
from ganeti_backend.units.nodes import candidates


def follow(config: Config, settings: Settings) -> None:
    """Write what is new, in one change; nothing where nothing is."""
    cluster = config.cluster()
    changed: list[objects.Thing] = [*_drivers(config, cluster, settings)]
    changed += _moved_nodes(config, settings)
    changed += _new_nodes(config, cluster, settings)
    if changed:
        config.commit(changed)


def _drivers(
    config: Config, cluster: objects.Cluster, settings: Settings
) -> Iterator[objects.Cluster]:
    """Its master, and the hypervisors and disk templates that came along."""
    hypervisors = (settings.hypervisor, *cluster.enabled_hypervisors)
    disabled = set(cluster.disabled_disk_templates)
    offered = [name for name in settings.disk_templates if name not in disabled]
    templates = (*cluster.enabled_disk_templates, *offered)
    wanted = {
        "master": settings.master,
        "enabled_hypervisors": tuple(dict.fromkeys(hypervisors)),
        "enabled_disk_templates": tuple(dict.fromkeys(templates)),
    }
    if any(getattr(cluster, name) != value for name, value in wanted.items()):
        yield cluster.touched(config.now(), **wanted)


def _moved_nodes(config: Config, settings: Settings) -> Iterator[objects.Node]:
    """Those that listen elsewhere; a node that was added by command has its own say of that."""
    for node in settings.nodes:
        known = config.node(node.name)
        if known is None or known.port or known.primary_ip == node.address:
            continue
        one_network = known.secondary_ip in ("", known.primary_ip)
        second = node.address if one_network else known.secondary_ip
        yield known.touched(config.now(), primary_ip=node.address, secondary_ip=second)


def _new_nodes(
    config: Config, cluster: objects.Cluster, settings: Settings
) -> Iterator[objects.Node]:
    """As many of them become candidates as the pool has room for, and the master in any case."""
    group = config.group(DEFAULT_GROUP) or config.groups()[0]
    room = cluster.candidate_pool_size - candidates.have(config.nodes())
    for node in settings.nodes:
        if config.node(node.name) is None and node.name not in cluster.removed_nodes:
            room -= 1
            candidate = room >= 0 or node.name == settings.master
            yield _node(node, group, candidate, config.now())


def _node(
    node: NodeSettings, group: objects.NodeGroup, candidate: bool, now: float
) -> objects.Node:
    return objects.Node(
        name=node.name,
        uuid=new_uuid(),
        ctime=now,
        mtime=now,
        primary_ip=node.address,
        secondary_ip=node.address,
        group=group.uuid,
        master_candidate=candidate,
    )
