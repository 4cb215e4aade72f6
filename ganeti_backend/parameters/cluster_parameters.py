"""Parameters of the cluster that are single values: which there are, and what they are by default.

What of them this cluster manager has no use for is stored and shown all the same, so that a client
written for Ganeti finds what it set; `WITHOUT_EFFECT` names these.
"""

from __future__ import annotations

from typing import Any

from ganeti_backend import objects

COLLECTORS = ("cpu-avg-load", "diskstats", "drbd", "inst-status-xen", "lv", "xen-cpu-avg-load")
COLLECTOR_MICROSECONDS = 5_000_000
DEFAULTS: dict[str, Any] = {
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
}
# Names that differ between the opcode and what is stored and shown.
STORED_AS = {"vg_name": "volume_group_name", "drbd_helper": "drbd_usermode_helper"}
SETTABLE = (
    "max_running_jobs", "max_tracked_jobs", "master_netdev", "master_netmask",
    "use_external_mip_script", "vg_name", "drbd_helper", "maintain_node_health", "reserved_lvs",
    "default_iallocator_params", "prealloc_wipe_disks", "install_image",
    "instance_communication_network", "zeroing_image", "compression_tools",
    "enabled_user_shutdown", "enabled_data_collectors", "data_collector_interval",
    "modify_etc_hosts",
)  # fmt: skip
NOT_SHOWN = ("modify_etc_hosts",)  # Nor is it by Ganeti.
MERGED = ("enabled_data_collectors", "data_collector_interval")
WITHOUT_EFFECT = frozenset(
    {
        "max_running_jobs", "max_tracked_jobs", "master_netdev", "master_netmask",
        "use_external_mip_script", "maintain_node_health", "install_image",
        "instance_communication_network", "zeroing_image", "compression_tools",
        "enabled_data_collectors", "data_collector_interval", "modify_etc_hosts",
        "uid_pool", "add_uids", "remove_uids", "hv_state", "disk_state",
    }
)  # fmt: skip


def of(cluster: objects.Cluster) -> dict[str, Any]:
    """All of them, with the defaults filled in."""
    stored = {name: v for name, v in cluster.parameters.items() if name not in NOT_SHOWN}
    filled = {**DEFAULTS, **stored}
    # Clients know these two under both names.
    return {**filled, **{old: filled[name] for old, name in STORED_AS.items()}}


def changed(cluster: objects.Cluster, name: str, value: Any) -> dict[str, Any]:
    """The stored parameters after setting one of `SETTABLE`."""
    stored = STORED_AS.get(name, name)
    if name in MERGED:
        value = {**DEFAULTS[name], **cluster.parameters.get(name, {}), **value}
    elif stored != name and value == "":
        value = None
    return {**cluster.parameters, stored: value}


def user_may_stop(cluster: objects.Cluster, instance: objects.Instance) -> bool:
    """Whether an instance that stopped by itself was stopped by its user, and stays so."""
    if not of(cluster)["enabled_user_shutdown"]:
        return False
    filled = cluster.fill_hvparams(instance.hypervisor, instance.hvparams, instance.os)
    return bool(filled.get("user_shutdown", False))
