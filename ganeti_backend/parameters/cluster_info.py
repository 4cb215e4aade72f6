"""What the remote API, CLUSTER_QUERY and `gnt-cluster info` say about the cluster as a whole."""

from __future__ import annotations

import platform
from functools import cache
from importlib import metadata
from typing import Any

from ganeti_backend import objects
from ganeti_backend.parameters import (
    cluster_parameters,
    disk_template_parameters,
    ipolicy,
    node_parameters,
)

# What a client of Ganeti 3.0 checks before it talks to a cluster.
SOFTWARE_VERSION = "3.0.2"
PROTOCOL_VERSION = 3000000
OS_API_VERSION = 20


def describe(cluster: objects.Cluster, file_storage_dir: str = "") -> dict[str, Any]:
    """The cluster as `/2/info` shows it."""
    return {
        **_versions(),
        **_parameters(cluster),
        **cluster_parameters.of(cluster),
        "file_storage_dir": file_storage_dir,
    }


@cache
def _versions() -> dict[str, Any]:
    return {
        "software_version": SOFTWARE_VERSION,
        "protocol_version": PROTOCOL_VERSION,
        "config_version": PROTOCOL_VERSION,
        "os_api_version": OS_API_VERSION,
        "export_version": 0,
        "vcs_version": f"(synnefo) version {own_version()}",
        "architecture": [platform.architecture()[0].replace("bit", "bits"), platform.machine()],
    }


def own_version() -> str:
    try:
        return metadata.version("synnefo")
    except metadata.PackageNotFoundError:  # Run from a checkout that is not installed.
        return "unknown"


def _parameters(cluster: objects.Cluster) -> dict[str, Any]:
    return {
        "name": cluster.name,
        "master": cluster.master,
        "default_hypervisor": cluster.hypervisor,
        "enabled_hypervisors": list(cluster.enabled_hypervisors),
        "hvparams": {name: cluster.hvparams.get(name, {}) for name in cluster.enabled_hypervisors},
        "os_hvp": cluster.os_hvp,
        "beparams": {"default": {**objects.BE_DEFAULTS, **cluster.beparams.get("default", {})}},
        "osparams": cluster.osparams,
        "ipolicy": ipolicy.of_cluster(cluster),
        "nicparams": {"default": cluster.fill_nicparams({})},
        "ndparams": {**node_parameters.DEFAULTS, **cluster.ndparams},
        "diskparams": disk_template_parameters.filled(cluster.diskparams),
        "candidate_pool_size": cluster.candidate_pool_size,
        "mac_prefix": cluster.mac_prefix,
        "hidden_os": list(cluster.hidden_os),
        "blacklisted_os": list(cluster.blacklisted_os),
        "ctime": cluster.ctime,
        "mtime": cluster.mtime,
        "uuid": cluster.uuid,
        "tags": sorted(cluster.tags),
        "default_iallocator": cluster.default_iallocator,
        "enabled_disk_templates": list(cluster.enabled_disk_templates),
    }
