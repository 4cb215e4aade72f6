"""gnt-cluster info: everything about the cluster, laid out as Ganeti's command does."""

import argparse
import json
import time
from collections.abc import Iterable, Mapping
from typing import Any

from ganeti_backend.cli import report
from ganeti_backend.cli.program import SUCCESS, Command, Session

PARAMETERS = {
    "candidate pool size": "candidate_pool_size",
    "maximal number of jobs running simultaneously": "max_running_jobs",
    "maximal number of jobs simultaneously tracked by the scheduler": "max_tracked_jobs",
    "mac prefix": "mac_prefix",
    "master netdev": "master_netdev",
    "master netmask": "master_netmask",
    "use external master IP address setup script": "use_external_mip_script",
    "lvm volume group": "volume_group_name",
    "lvm reserved volumes": "reserved_lvs",
    "drbd usermode helper": "drbd_usermode_helper",
    "file storage path": "file_storage_dir",
    "shared file storage path": "shared_file_storage_dir",
    "gluster storage path": "gluster_storage_dir",
    "maintenance of node health": "maintain_node_health",
    "uid pool": "uid_pool",
    "default instance allocator": "default_iallocator",
    "default instance allocator parameters": "default_iallocator_params",
    "primary ip version": "primary_ip_version",
    "preallocation wipe disks": "prealloc_wipe_disks",
    "enabled disk templates": "enabled_disk_templates",
    "install image": "install_image",
    "instance communication network": "instance_communication_network",
    "zeroing image": "zeroing_image",
    "compression tools": "compression_tools",
    "enabled user shutdown": "enabled_user_shutdown",
}


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--roman", action="store_true", help=argparse.SUPPRESS)


def _info(args: argparse.Namespace, session: Session) -> int:
    info = session.call("QueryClusterInfo")
    if args.json:
        print(json.dumps(info, indent=2))
    else:
        print("\n".join(report.lines(described(info))))
    return SUCCESS


def described(info: Mapping[str, Any]) -> dict[str, Any]:
    """The report in its order."""
    return {
        "Cluster name": info["name"],
        "Cluster UUID": info["uuid"],
        "Creation time": _moment(info["ctime"]),
        "Modification time": _moment(info["mtime"]),
        "Master node": info["master"],
        "Architecture (this node)": "{} ({})".format(*info["architecture"]),
        "Tags": _joined(sorted(info["tags"])) or "(none)",
        "Default hypervisor": info["default_hypervisor"],
        "Enabled hypervisors": _joined(info["enabled_hypervisors"]),
        "Hypervisor parameters": info["hvparams"],
        "OS-specific hypervisor parameters": info["os_hvp"],
        "OS parameters": info["osparams"],
        "Hidden OSes": _joined(info["hidden_os"]),
        "Blacklisted OSes": _joined(info["blacklisted_os"]),
        "Cluster parameters": {title: _shown(info[key]) for title, key in PARAMETERS.items()},
        "Default node parameters": info["ndparams"],
        "Default instance parameters": info["beparams"],
        "Default nic parameters": info["nicparams"],
        "Disk parameters": info["diskparams"],
        "Instance policy - limits for instances": _policy(info["ipolicy"]),
    }


def _policy(policy: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "bounds specs": [
            {f"{bound}/{index}": pair[bound] for bound in ("max", "min")}
            for index, pair in enumerate(policy["minmax"])
        ],
        "std": policy["std"],
        "allowed disk templates": _joined(policy["disk-templates"]),
    }
    return shown | {name: policy[name] for name in ("spindle-ratio", "vcpu-ratio")}


def _joined(values: Iterable[str]) -> str:
    return ", ".join(values)


def _shown(value: Any) -> Any:
    if isinstance(value, list) and value and isinstance(value[0], list):
        ranges = (f"{first}" if first == last else f"{first}-{last}" for first, last in value)
        return _joined(ranges)
    if isinstance(value, list):
        return _joined(map(str, value)) or "(none)"
    if isinstance(value, dict) and not value:
        return "(none)"
    return value


def _moment(stamp: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(stamp))


COMMANDS = (Command(("info",), "print the cluster's parameters", _configure, _info),)
