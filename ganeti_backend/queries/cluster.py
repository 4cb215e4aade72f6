"""What the remote API and `gnt-cluster info` say about the cluster as a whole."""

import platform
from functools import cache
from importlib import metadata
from typing import Any

from ganeti_backend.queries.groups import diskparams, ipolicy
from ganeti_backend.queries.nodes import ND_DEFAULTS
from ganeti_backend.queries.snapshot import Snapshot

# What a client of Ganeti 3.0 checks before it talks to a cluster.
SOFTWARE_VERSION = "3.0.2"
PROTOCOL_VERSION = 3000000
OS_API_VERSION = 20
COLLECTORS = ("cpu-avg-load", "diskstats", "drbd", "inst-status-xen", "lv", "xen-cpu-avg-load")
COLLECTOR_MICROSECONDS = 5_000_000
# Settings of features that this cluster manager does not have, with the values that say so.
ABSENT: dict[str, Any] = {
    "os_hvp": {},
    "max_running_jobs": 20,
    "max_tracked_jobs": 25,
    "master_netdev": "lo",
    "master_netmask": 32,
    "use_external_mip_script": False,
    "volume_group_name": None,
    "drbd_usermode_helper": None,
    "shared_file_storage_dir": "",
    "gluster_storage_dir": "",
    "maintain_node_health": False,
    "uid_pool": [],
    "default_iallocator_params": {},
    "reserved_lvs": [],
    "primary_ip_version": 4,
    "prealloc_wipe_disks": False,
    "hidden_os": [],
    "blacklisted_os": [],
    "install_image": "",
    "instance_communication_network": "",
    "zeroing_image": "",
    "compression_tools": ["gzip", "gzip-fast", "gzip-slow"],
    "enabled_user_shutdown": False,
    "enabled_data_collectors": dict.fromkeys(COLLECTORS, False),
    "data_collector_interval": dict.fromkeys(COLLECTORS, COLLECTOR_MICROSECONDS),
    "modify_ssh_setup": False,
    "ssh_key_type": "rsa",
    "ssh_key_bits": 2048,
    "vg_name": None,
    "drbd_helper": None,
}


def info(snapshot: Snapshot, file_storage_dir: str = "") -> dict[str, Any]:
    """The cluster as `/2/info` shows it."""
    return {
        **_versions(),
        **_parameters(snapshot),
        **ABSENT,
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
        "vcs_version": f"(synnefo) version {_own_version()}",
        "architecture": [platform.architecture()[0].replace("bit", "bits"), platform.machine()],
    }


def _own_version() -> str:
    try:
        return metadata.version("synnefo")
    except metadata.PackageNotFoundError:  # Run from a checkout that is not installed.
        return "unknown"


def _parameters(snapshot: Snapshot) -> dict[str, Any]:
    cluster = snapshot.cluster
    return {
        "name": cluster.name,
        "master": cluster.master,
        "default_hypervisor": cluster.hypervisor,
        "enabled_hypervisors": list(cluster.enabled_hypervisors),
        "hvparams": {name: cluster.hvparams.get(name, {}) for name in cluster.enabled_hypervisors},
        "beparams": cluster.beparams,
        "osparams": cluster.osparams,
        "ipolicy": ipolicy(snapshot),
        "nicparams": {"default": cluster.fill_nicparams({})},
        "ndparams": ND_DEFAULTS,
        "diskparams": diskparams(snapshot),
        "candidate_pool_size": cluster.candidate_pool_size,
        "mac_prefix": cluster.mac_prefix,
        "ctime": cluster.ctime,
        "mtime": cluster.mtime,
        "uuid": cluster.uuid,
        "tags": sorted(cluster.tags),
        "default_iallocator": cluster.default_iallocator,
        "enabled_disk_templates": list(cluster.enabled_disk_templates),
    }
