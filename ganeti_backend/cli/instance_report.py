"""What `gnt-instance info` prints of the result of INSTANCE_QUERY_DATA; pure."""

from typing import Any

from ganeti_backend.cli.listing import in_units, moment

COMPLETE = 1
Data = dict[str, Any]


def describe(data: Data) -> Data:
    """One instance as a nested report."""
    actual = data.get("run_state")
    state = f"configured to be {data['config_state']}"
    return {
        "Instance name": data["name"],
        "UUID": data["uuid"],
        "Serial number": data["serial_no"],
        "Creation time": moment(data["ctime"]),
        "Modification time": moment(data["mtime"]),
        "State": f"{state}, actual state is {actual}" if actual else state,
        "Nodes": [
            {"primary": data["pnode"], "group": _group(data)},
            {"secondaries": ", ".join(map(str, data["snodes"])) or "-"},
        ],
        "Operating system": data["os"],
        "Operating system parameters": data["os_actual"],
        "Allocated network port": data["network_port"],
        "Hypervisor": data["hypervisor"],
        "Hypervisor parameters": _marked(data["hv_actual"], data["hv_instance"]),
        "Back-end parameters": _marked(data["be_actual"], data["be_instance"]),
        "NICs": [_nic(place, nic) for place, nic in enumerate(data["nics"])],
        "Disk template": data["disk_template"],
        "Disks": [_disk(place, disk) for place, disk in enumerate(data["disks"])],
        **({"Snapshots": sorted(data["snapshots"])} if data.get("snapshots") else {}),
    }


def _group(data: Data) -> str:
    return f"{data['pnode_group_name']} (UUID {data['pnode_group_uuid']})"


def _marked(actual: Data, own: Data) -> Data:
    """The parameters in force; what the instance takes from the cluster is marked as a default."""
    return {
        name: value if name in own else f"default ({value})"
        for name, value in sorted(actual.items())
    }


def _nic(place: int, nic: list[Any]) -> Data:
    name, uuid, ip, mac, mode, link, vlan, network, details = nic
    network_name = details["name"] if isinstance(details, dict) else network
    return {
        f"nic/{place}": "",
        "MAC": mac,
        "IP": ip,
        "mode": mode,
        "link": link,
        "vlan": vlan,
        "network": network_name,
        "UUID": uuid,
        "name": name,
    }


def _disk(place: int, disk: Data) -> Data:
    size = disk["size"]
    copies = {
        f"on {which}": _copy(disk[key])
        for which, key in (("primary", "pstatus"), ("secondary", "sstatus"))
        if disk["drbd_info"] is not None
    }
    return {
        f"disk/{place}": f"{disk['dev_type']}, size {in_units(size)}",
        "access mode": disk["mode"],
        "logical_id": " ".join(map(str, disk["logical_id"] or ())),
        **copies,
        "name": disk["name"],
        "UUID": disk["uuid"],
    }


def _copy(status: list[Any] | None) -> str:
    """One node's copy of a mirrored disk: its path, and how far it is the same as the other."""
    if status is None:
        return "-"
    path, _major, _minor, percent, _time, degraded, state = status
    mirrored = "in sync" if percent is None else f"syncing: {percent:5.2f}%"
    shown = "status *DEGRADED*" if degraded else "status ok"
    return f"{path} ({mirrored}, {shown}{'' if state == COMPLETE else ', *FAULTY*'})"
