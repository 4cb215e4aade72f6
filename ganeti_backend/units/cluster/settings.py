"""What becomes of each part of a CLUSTER_SET_PARAMS: checked, and merged with what was there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ganeti_backend import errors, objects, opcodes
from ganeti_backend.configuration import addresses
from ganeti_backend.configuration.config import Config
from ganeti_backend.disk_templates import TEMPLATES
from ganeti_backend.errors import wrong
from ganeti_backend.iallocator import plugin
from ganeti_backend.parameters import (
    cluster_parameters,
    disk_template_parameters,
    ipolicy,
    node_parameters,
    static_state,
    uid_pool,
)
from ganeti_backend.units import placement
from ganeti_backend.units.instances import parameters

NIC_MODES = ("bridged", "routed", "openvswitch")
NIC_PARAMETERS = ("mode", "link", "vlan")
IN_SETTINGS = ("file_storage_dir", "shared_file_storage_dir", "gluster_storage_dir")


def refuse_absent(op: opcodes.OpClusterSetParams) -> None:
    """OpPrereqError for what stands in another place, rather than to say it in two."""
    for name in IN_SETTINGS:
        if getattr(op, name) is not None:
            raise wrong(f"The cluster parameter '{name}' is said by the settings file of the nodes")


def check_allocator(name: str | None, data_dir: str) -> None:
    """OpPrereqError for a default allocator that is neither built in nor a plug-in here."""
    if name and name != placement.BUILT_IN:
        try:
            plugin.find(name, data_dir)
        except errors.OpPrereqError:
            raise wrong(f"Invalid default iallocator script '{name}' specified") from None


def simple(cluster: objects.Cluster, op: opcodes.OpClusterSetParams) -> dict[str, Any]:
    """The stored single values."""
    for name in cluster_parameters.SETTABLE:
        value = getattr(op, name)
        if value is not None:
            after = cluster_parameters.changed(cluster, name, value)
            cluster = cluster.replace(parameters=after)
    pool = user_ids(cluster, op)
    return {**cluster.parameters, **({} if pool is None else {"uid_pool": pool})}


def user_ids(cluster: objects.Cluster, op: opcodes.OpClusterSetParams) -> uid_pool.Ranges | None:
    """The pool as it will be, if it is to change."""
    if op.uid_pool is None and op.add_uids is None and op.remove_uids is None:
        return None
    pool = cluster_parameters.of(cluster)["uid_pool"] if op.uid_pool is None else op.uid_pool
    pool = uid_pool.checked([*pool, *(op.add_uids or ())])
    return uid_pool.less(pool, op.remove_uids or ())


def beparams(cluster: objects.Cluster, given: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    own = parameters.merge_beparams(
        cluster.replace(beparams={}), cluster.beparams.get("default", {}), given
    )
    return {**cluster.beparams, "default": own}


def nicparams(cluster: objects.Cluster, given: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    for name, value in given.items():
        if name not in NIC_PARAMETERS:
            raise wrong(f"Unknown NIC parameter '{name}'")
        if not isinstance(value, str):
            raise wrong(f"Invalid value {value!r} for NIC parameter '{name}'")
    own = parameters.merge(cluster.nicparams.get("default", {}), given)
    filled = {**objects.NIC_DEFAULTS, **own}
    if filled["mode"] not in NIC_MODES:
        raise wrong(f"Invalid NIC mode '{filled['mode']}'")
    if filled["mode"] != "routed" and not filled["link"]:
        raise wrong("Missing bridged NIC link")
    return {**cluster.nicparams, "default": own}


def hvparams(
    cluster: objects.Cluster, old: Mapping[str, Mapping[str, Any]], given: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """By hypervisor, be it for all systems or for one of them."""
    merged = {name: dict(values) for name, values in old.items()}
    for hypervisor, values in given.items():
        if hypervisor not in cluster.enabled_hypervisors:
            raise wrong(f"Unknown or disabled hypervisor '{hypervisor}'")
        merged[hypervisor] = parameters.merge_hvparams(merged.get(hypervisor, {}), values or {})
    return {name: values for name, values in merged.items() if values}


def os_hvp(cluster: objects.Cluster, given: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(cluster.os_hvp)
    for name, by_hypervisor in given.items():
        merged[name] = hvparams(cluster, merged.get(name, {}), by_hypervisor)
    return {name: values for name, values in merged.items() if values}


def osparams(old: Mapping[str, Mapping[str, Any]], given: Mapping[str, Any]) -> dict[str, Any]:
    """By OS; a value of nothing takes the parameter away."""
    merged = {name: dict(values) for name, values in old.items()}
    for name, values in given.items():
        own = parameters.merge(merged.get(name, {}), values)
        merged[name] = {key: value for key, value in own.items() if value is not None}
    return {name: values for name, values in merged.items() if values}


def listed(old: Sequence[str], changes: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """hidden_os and blacklisted_os: names come and go one by one."""
    found = list(old)
    for verb, name in changes:
        if verb == "add" and name not in found:
            found.append(name)
        elif verb == "remove" and name in found:
            found.remove(name)
    return tuple(found)


def hypervisors(config: Config, given: Sequence[str]) -> tuple[str, ...]:
    """Those that the nodes have, in another order; the first one is the default."""
    known = config.cluster().enabled_hypervisors
    if not given:
        raise wrong("Enabled hypervisors list must contain at least one member")
    if invalid := [name for name in given if name not in known]:
        raise wrong(f"Enabled hypervisors contains invalid entries: {', '.join(invalid)}")
    for instance in config.instances():
        if instance.hypervisor not in given:
            text = f"Instance {instance.name} uses hypervisor {instance.hypervisor}"
            raise errors.OpPrereqError(f"{text}, cannot disable it", errors.ECODE_STATE)
    return tuple(dict.fromkeys(given))


def disk_templates(config: Config, given: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The enabled ones, and those that the settings file is not to bring back."""
    cluster = config.cluster()
    if not given:
        raise wrong("Enabled disk templates list must contain at least one member")
    known = {*cluster.enabled_disk_templates, *cluster.disabled_disk_templates}
    for name in given:
        if name not in TEMPLATES:
            raise wrong(f"Unknown disk template '{name}'")
        if name not in known:
            raise wrong(f"The nodes have no storage for disk template '{name}'")
    gone = [name for name in cluster.enabled_disk_templates if name not in given]
    used = {instance.disk_template for instance in config.instances()}
    for name in gone:
        if name in used:
            text = f"Cannot disable disk template '{name}': at least one instance uses it"
            raise errors.OpPrereqError(text, errors.ECODE_STATE)
    disabled = [name for name in cluster.disabled_disk_templates if name not in given]
    return {
        "enabled_disk_templates": tuple(dict.fromkeys(given)),
        "disabled_disk_templates": tuple(dict.fromkeys([*disabled, *gone])),
    }


def policy(cluster: objects.Cluster, given: Mapping[str, Any]) -> dict[str, Any]:
    own = ipolicy.merged(cluster.ipolicy, given, inherits=False)
    ipolicy.check(ipolicy.of_cluster(cluster.replace(ipolicy=own)))
    return own


def all_changes(config: Config, op: opcodes.OpClusterSetParams) -> dict[str, Any]:
    """The fields of the cluster that change; the order counts, later ones look at earlier ones."""
    cluster = config.cluster()
    after: dict[str, Any] = {}
    if op.enabled_hypervisors is not None:
        after["enabled_hypervisors"] = hypervisors(config, op.enabled_hypervisors)
    if op.enabled_disk_templates is not None:
        after.update(disk_templates(config, op.enabled_disk_templates))
    after.update(_of_parameters(cluster.replace(**after), op))
    if op.hidden_os is not None:
        after["hidden_os"] = listed(cluster.hidden_os, op.hidden_os)
    if op.blacklisted_os is not None:
        after["blacklisted_os"] = listed(cluster.blacklisted_os, op.blacklisted_os)
    for name in ("candidate_pool_size", "default_iallocator"):
        if getattr(op, name) is not None:
            after[name] = getattr(op, name)
    if op.mac_prefix is not None:
        after["mac_prefix"] = addresses.check_mac_prefix(op.mac_prefix)
    after["parameters"] = simple(cluster, op)
    after.update(static_state.changes(cluster, op))
    return after


def _of_parameters(cluster: objects.Cluster, op: opcodes.OpClusterSetParams) -> dict[str, Any]:
    private = "osparams_private_cluster"
    merges: dict[str, Callable[[Any], Any]] = {
        "hvparams": lambda given: hvparams(cluster, cluster.hvparams, given),
        "beparams": lambda given: beparams(cluster, given),
        "nicparams": lambda given: nicparams(cluster, given),
        "ndparams": lambda given: node_parameters.merged(cluster.ndparams, given),
        "diskparams": lambda given: disk_template_parameters.merged(cluster.diskparams, given),
        "os_hvp": lambda given: os_hvp(cluster, given),
        "osparams": lambda given: osparams(cluster.osparams, given),
        private: lambda given: osparams(cluster.osparams_private_cluster, given),
        "ipolicy": lambda given: policy(cluster, given),
    }
    return {
        name: merge(getattr(op, name))
        for name, merge in merges.items()
        if getattr(op, name) is not None
    }
