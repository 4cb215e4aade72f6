"""Extra specs of flavors: which keys are known, and what each may be set to.

Keys of the namespaces that are listed here are checked; those of others belong to the operator.
Nothing here says that a cluster heeds a key: that is what the allocator reads them for.
"""

import re
from collections.abc import Mapping

from synnefo.core.faults import BadRequest

BOOLEAN = r"(?i:true|false|1|0|yes|no|on|off|t|f|y|n)"
NUMBER = r"[0-9]{1,18}"
LIST = r"\^?[0-9]+(-[0-9]+)?(,\^?[0-9]+(-[0-9]+)?)*"
NAMESPACES: dict[str, dict[str, str]] = {
    "hw": {
        "cpu_realtime": BOOLEAN,
        "cpu_realtime_mask": LIST,
        "hide_hypervisor_id": BOOLEAN,
        "cpu_policy": "dedicated|shared|mixed",
        "cpu_thread_policy": "prefer|isolate|require",
        "emulator_threads_policy": "isolate|share",
        "cpu_dedicated_mask": LIST,
        "mem_page_size": r"large|small|any|[0-9]+([kKMGT]i?[bB]?)?",
        "locked_memory": BOOLEAN,
        "numa_nodes": r"[1-9][0-9]{0,8}",
        r"numa_cpus\.[0-9]+": LIST,
        r"numa_mem\.[0-9]+": NUMBER,
        "pci_numa_affinity_policy": "required|preferred|legacy|socket",
        "cpu_(max_)?(sockets|cores|threads)": NUMBER,
        "boot_menu": BOOLEAN,
        "vif_multiqueue_enabled": BOOLEAN,
        "mem_encryption": BOOLEAN,
        "mem_encryption_model": "amd-sev|amd-sev-es",
        "pmem": ".+",
        "pmu": BOOLEAN,
        "serial_port_count": NUMBER,
        "tpm_model": "tpm-tis|tpm-crb",
        "tpm_version": r"1\.2|2\.0",
        "tpm_secret_security": "user|host|deployment",
        "watchdog_action": "none|pause|poweroff|reset|disabled",
        "viommu_model": "auto|intel|smmuv3|virtio",
        "virtio_packed_ring": BOOLEAN,
        "sound_model": ".+",
        "usb_model": ".+",
        "redirected_usb_ports": NUMBER,
        "ephemeral_encryption": BOOLEAN,
        "ephemeral_encryption_format": "luks",
    },
    "hw_rng": {"allowed": BOOLEAN, "rate_bytes": NUMBER, "rate_period": NUMBER},
    "hw_video": {"ram_max_mb": NUMBER},
    "quota": {
        "(cpu|memory|disk_io|vif)_(shares_(level|share)|limit|reservation|shares)": ".+",
        "cpu_(period|quota|shares)": r"-?[0-9]{1,18}",
        "disk_(read|write|total)_(bytes|iops)_sec": NUMBER,
        "vif_(inbound|outbound)_(average|peak|burst)": NUMBER,
    },
    "os": {"secure_boot": "required|disabled|optional"},
    "accel": {"device_profile": ".+"},
    "pci_passthrough": {"alias": r"[^:]+:[1-9][0-9]*(, *[^:]+:[1-9][0-9]*)*"},
    "aggregate_instance_extra_specs": {".+": ".*"},
    "capabilities": {".+": ".*"},
}
GROUPED = {
    re.compile(r"resources([a-zA-Z0-9_-]{0,64}):(CUSTOM_)?[A-Z0-9_]+"): NUMBER,
    re.compile(r"trait([a-zA-Z0-9_-]{0,64}):(CUSTOM_)?[A-Z0-9_]+"): "required|forbidden",
}


def check(specs: Mapping[str, str]) -> None:
    """BadRequest for a key that its namespace does not know, and for a value that its key forbids.

    This is what microversion 2.86 brought; earlier ones take any.
    """
    for key, value in specs.items():
        form = _form(key)
        if form is not None and not re.fullmatch(form, value):
            raise BadRequest(
                f"Validation failed; '{value[:80]}' is no valid value of extra spec '{key}'.",
                field=key,
            )


def _form(key: str) -> str | None:
    """The pattern of the key's values; None where any will do."""
    namespace, separator, name = key.partition(":")
    if not separator:
        return None
    for pattern, form in GROUPED.items():
        if pattern.fullmatch(key):
            return form
    known = NAMESPACES.get(namespace)
    if known is None:
        return None
    for pattern_of_name, form in known.items():
        if re.fullmatch(pattern_of_name, name):
            return form
    raise BadRequest(
        f"Validation failed; extra spec '{key}' does not appear to be a valid extra spec.",
        field=key,
    )
