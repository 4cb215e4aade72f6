"""RAPI's JSON: what is sent for our specifications, and reports read from what is answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from synnefo.ports import (
    ClusterInfo,
    ConsoleReport,
    DiskReport,
    DiskSpec,
    InstanceChange,
    InstanceReport,
    InstanceSpec,
    JobReport,
    NetworkReport,
    NetworkSpec,
    NicReport,
    NicSpec,
    NodeReport,
    OpReport,
)

Json = Mapping[str, Any]
# Lets Ganeti number a new card or disk after those there are.
LAST = -1
FIRST = 0

# --- sent


def nic(spec: NicSpec) -> dict[str, Any]:
    """A card; in a network without an address the cluster takes one from the network's pool."""
    sent: dict[str, Any] = {"name": spec.name}
    if spec.network is not None:
        sent |= {"network": spec.network, "ip": spec.ip or "pool"}
    elif spec.ip is not None:
        sent["ip"] = spec.ip
    if spec.mac is not None:
        sent["mac"] = spec.mac
    return sent


def disk(spec: DiskSpec) -> dict[str, Any]:
    """A disk; what only our backend understands is said where it is wished for."""
    sent: dict[str, Any] = {"name": spec.name, "size": spec.size}
    if spec.fill is not None:
        sent |= {"fill": spec.fill, "fill_format": spec.fill_format}
    if spec.keep_as is not None:
        sent["keep_as"] = spec.keep_as
    return sent


def backend_parameters(vcpus: int | None, memory: int | None) -> dict[str, int]:
    """Memory without ballooning: minimum and maximum are the same."""
    sent = {} if vcpus is None else {"vcpus": vcpus}
    return sent if memory is None else sent | {"minmem": memory, "maxmem": memory}


def create(spec: InstanceSpec) -> dict[str, Any]:
    """The body of a creation. Names are ours, so nobody has to resolve or ping them."""
    sent: dict[str, Any] = {
        "__version__": 1,
        "mode": "create",
        "instance_name": spec.name,
        "disk_template": spec.disk_template,
        "disks": [disk(one) for one in spec.disks],
        "nics": [nic(one) for one in spec.nics],
        "os_type": spec.os,
        "osparams": dict(spec.osparams),
        "hvparams": dict(spec.hvparams),
        "beparams": backend_parameters(spec.vcpus, spec.memory),
        "ip_check": False,
        "name_check": False,
        "conflicts_check": False,
        "wait_for_sync": False,
        "start": spec.start,
        "tags": list(spec.tags),
    }
    if not spec.install:
        sent["no_install"] = True
    if spec.hypervisor is not None:
        sent["hypervisor"] = spec.hypervisor
    if spec.node is not None:
        sent["pnode"] = spec.node
    if spec.second_node is not None:
        sent["snode"] = spec.second_node
    return sent


def modify(change: InstanceChange) -> dict[str, Any]:
    """The body of a change; only what changes is in it."""
    nics: list[list[Any]] = [["remove", name, {}] for name in change.remove_nics]
    nics += [["modify", key, nic(one)] for key, one in change.name_nics.items()]
    nics += [["add", LAST, nic(one)] for one in change.add_nics]
    disks: list[list[Any]] = [["remove", name, {}] for name in change.remove_disks]
    disks += [["modify", key, {"name": name}] for key, name in change.name_disks.items()]
    disks += [["add", LAST, disk(one)] for one in change.add_disks]
    if change.add_first_disk is not None:
        disks.append(["add", FIRST, disk(change.add_first_disk)])
    sent: dict[str, Any] = {
        "beparams": backend_parameters(change.vcpus, change.memory),
        "hvparams": dict(change.hvparams),
        "osparams": dict(change.osparams),
        "nics": nics,
        "disks": disks,
    }
    sent = {key: value for key, value in sent.items() if value}
    if nics or disks:
        sent |= {"hotplug_if_possible": change.hotplug, "conflicts_check": False}
    return sent


def network_add(spec: NetworkSpec) -> dict[str, Any]:
    """The body of a network's creation."""
    optional = {
        "gateway": spec.gateway,
        "network6": spec.cidr6,
        "gateway6": spec.gateway6,
        "mac_prefix": spec.mac_prefix,
    }
    return {
        "network_name": spec.name,
        "network": spec.cidr,
        "conflicts_check": False,
        "tags": list(spec.tags),
    } | {key: value for key, value in optional.items() if value is not None}


# --- answered


def cluster_info(found: Json, features: Sequence[str] = ()) -> ClusterInfo:
    """From /2/info and /2/features."""
    cards = (found.get("nicparams") or {}).get("default") or {}
    return ClusterInfo(
        name=found["name"],
        master=found["master"],
        version=str(found["software_version"]),
        default_hypervisor=found["default_hypervisor"],
        enabled_hypervisors=tuple(found["enabled_hypervisors"]),
        enabled_disk_templates=tuple(found.get("enabled_disk_templates", ())),
        tags=tuple(found.get("tags", ())),
        nic_mode=str(cards.get("mode") or "bridged"),
        nic_link=str(cards.get("link") or ""),
        features=tuple(map(str, features)),
    )


# In the order of what a NicReport and a DiskReport are made of.
NIC_COLUMNS = (
    "nic.names", "nic.uuids", "nic.macs", "nic.ips", "nic.networks.names", "nic.modes", "nic.links",
)  # fmt: skip
DISK_COLUMNS = ("disk.names", "disk.uuids", "disk.sizes")


def instance(found: Json) -> InstanceReport:
    """From /2/instances; its `nic.…` and `disk.…` are columns of equal length."""
    parameters = found["beparams"]
    return InstanceReport(
        name=found["name"],
        uuid=found["uuid"],
        status=found["status"],
        admin_state=found["admin_state"],
        running=found["oper_state"],
        memory=int(parameters.get("maxmem") or parameters.get("memory") or 0),
        vcpus=int(parameters.get("vcpus") or 0),
        pnode=found["pnode"],
        disk_template=found["disk_template"],
        nics=tuple(NicReport(*row) for row in _rows(found, *NIC_COLUMNS)),
        disks=tuple(DiskReport(*row) for row in _rows(found, *DISK_COLUMNS)),
        hypervisor=found.get("hypervisor", ""),
        os=found["os"] or "",
        tags=tuple(found["tags"]),
        created=float(found["ctime"] or 0.0),
        serial=int(found["serial_no"]),
    )


def _rows(found: Json, *columns: str) -> list[tuple[Any, ...]]:
    return list(zip(*(found[column] for column in columns), strict=True))


def node(found: Json) -> NodeReport:
    """From /2/nodes."""
    return NodeReport(
        name=found["name"],
        offline=found["offline"],
        drained=found["drained"],
        vm_capable=found["vm_capable"],
        memory_total=found["mtotal"],
        memory_free=found["mfree"],
        disk_total=found["dtotal"],
        disk_free=found["dfree"],
        cpus=found["ctotal"],
        instances=int(found["pinst_cnt"]),
        address=str(found.get("pip") or ""),
        master=found.get("role") == "M",
    )


def network(found: Json) -> NetworkReport:
    """From /2/networks."""
    return NetworkReport(
        name=found["name"],
        uuid=found["uuid"],
        cidr=found["network"],
        gateway=found["gateway"],
        mac_prefix=found["mac_prefix"],
        free=int(found["free_count"]),
        reserved=int(found["reserved_count"]),
        groups=tuple(group[0] for group in found["group_list"]),
        instances=tuple(found["inst_list"]),
        tags=tuple(found["tags"]),
        external=tuple((found.get("external_reservations") or "").replace(",", " ").split()),
    )


def job(found: Json) -> JobReport:
    """From /2/jobs."""
    columns = (found["ops"], found["opstatus"], found["opresult"], found["oplog"])
    return JobReport(
        id=int(found["id"]),
        status=found["status"],
        ops=tuple(
            OpReport(str(op["OP_ID"]), status, op, result, tuple(log or ()))
            for op, status, result, log in zip(*columns, strict=True)
        ),
        received=_time(found["received_ts"]),
        started=_time(found["start_ts"]),
        ended=_time(found["end_ts"]),
    )


def _time(found: Any) -> tuple[int, int] | None:
    return (int(found[0]), int(found[1])) if found else None


def console(found: Json) -> ConsoleReport:
    """From /2/instances/…/console."""
    port = found.get("port")
    return ConsoleReport(
        kind=found["kind"],
        host=found.get("host"),
        port=int(port) if port is not None else None,
        message=str(found.get("message") or ""),
    )


def jobs_with_reason(rows: Sequence[Any], text: str, since_job: int) -> list[int]:
    """From a query of the fields id and ops, whose cells are [state, value]."""
    found = []
    for (_, job_id), (_, ops), *_ in rows:
        entries = (entry for op in ops or () for entry in op.get("reason") or ())
        if int(job_id) > since_job and any(text in str(entry[1]) for entry in entries):
            found.append(int(job_id))
    return found
