"""What an export says of its instance, in the sections and keys of Ganeti's `config.ini` (pure).

All values are text, as in the file. Private OS parameters have a section of their own; secret ones
are in no export.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ganeti_backend import errors, objects

FORMAT = "0"
EXPORT, INSTANCE, HYPERVISOR = "export", "instance", "hypervisor"
BACKEND, OS, OS_PRIVATE = "backend", "os", "os_private"
NOTHING = ("", "None")

Sections = dict[str, dict[str, str]]


def describe(
    instance: objects.Instance,
    cluster: objects.Cluster,
    networks: Mapping[str, objects.Network],
    dumps: Sequence[str | None],
    timestamp: float,
) -> Sections:
    """The export of an instance; `dumps` are the files of its disks, None for one without."""
    beparams = cluster.fill_beparams(instance.beparams)
    hvparams = cluster.fill_hvparams(instance.hypervisor, instance.hvparams, instance.os)
    return {
        EXPORT: {
            "version": FORMAT,
            "timestamp": str(int(timestamp)),
            "source": instance.primary_node,
            "os": instance.os,
            "compression": "none",
        },
        INSTANCE: {
            **_general(instance, beparams),
            **_nics(instance, networks),
            **_disks(instance, dumps),
        },
        HYPERVISOR: _texts(hvparams),
        BACKEND: _texts({k: v for k, v in beparams.items() if k != "memory"}),
        OS: _texts(instance.osparams),
        OS_PRIVATE: _texts(instance.osparams_private),
    }


def _general(instance: objects.Instance, beparams: Mapping[str, Any]) -> dict[str, str]:
    return {
        "name": instance.name,
        "maxmem": str(beparams["maxmem"]),
        "minmem": str(beparams["minmem"]),
        "memory": str(beparams["maxmem"]),
        "vcpus": str(beparams["vcpus"]),
        "disk_template": instance.disk_template,
        "hypervisor": instance.hypervisor,
        "tags": " ".join(instance.tags),
    }


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in values.items()}


def _nics(instance: objects.Instance, networks: Mapping[str, objects.Network]) -> dict[str, str]:
    found = {"nic_count": str(len(instance.nics))}
    for index, nic in enumerate(instance.nics):
        network = networks.get(nic.network or "")
        values = {
            "mac": nic.mac,
            "ip": nic.ip,
            "name": nic.name,
            "network": network.name if network is not None else None,
            "mode": nic.mode,
            "link": nic.link,
            "vlan": nic.vlan,
        }
        found.update({f"nic{index}_{name}": str(value) for name, value in values.items()})
    return found


def _disks(instance: objects.Instance, dumps: Sequence[str | None]) -> dict[str, str]:
    found = {"disk_count": str(len(instance.disks))}
    for index, (disk, dump) in enumerate(zip(instance.disks, dumps, strict=True)):
        if dump is not None:
            found[f"disk{index}_ivname"] = f"disk/{index}"
            found[f"disk{index}_dump"] = dump
        found[f"disk{index}_size"] = str(disk.size)
        found[f"disk{index}_name"] = str(disk.name)
        found[f"disk{index}_mode"] = disk.mode
    return found


class Export:
    """A description that was read back; OpPrereqError where it cannot be understood."""

    def __init__(self, sections: Mapping[str, Mapping[str, str]], place: str) -> None:
        self._sections = sections
        self._place = place
        if self._value(EXPORT, "version") != FORMAT:
            version = self._sections.get(EXPORT, {}).get("version")
            text = f"Wrong export version {version} of {place}, only {FORMAT} is known"
            raise errors.OpPrereqError(text, errors.ECODE_ENVIRON)

    @property
    def name(self) -> str:
        return self._value(INSTANCE, "name")

    @property
    def os(self) -> str:
        return self._value(EXPORT, "os")

    @property
    def dumps(self) -> list[str | None]:
        """The file of each disk."""
        section = self._sections[INSTANCE]
        return [section.get(f"disk{n}_dump") for n in range(self._count("disk_count"))]

    @property
    def disks(self) -> list[dict[str, Any]]:
        """The disks as an opcode orders them."""
        found = []
        for index in range(self._count("disk_count")):
            disk: dict[str, Any] = {"size": self._count(f"disk{index}_size")}
            for key in ("name", "mode"):
                value = self._sections[INSTANCE].get(f"disk{index}_{key}", "")
                if value not in NOTHING:
                    disk[key] = value
            found.append(disk)
        return found

    @property
    def nics(self) -> list[dict[str, Any]]:
        """The interfaces as an opcode orders them, with the addresses they had."""
        keys = ("mac", "ip", "name", "network", "mode", "link", "vlan")
        found = []
        for index in range(self._count("nic_count")):
            section = self._sections[INSTANCE]
            nic = {key: section.get(f"nic{index}_{key}", "") for key in keys}
            nic = {key: value for key, value in nic.items() if value not in NOTHING}
            if "network" in nic:
                # The network knows them, and a network that changed is the newer truth.
                for key in ("mode", "link", "vlan"):
                    nic.pop(key, None)
            found.append(nic)
        return found

    @property
    def beparams(self) -> dict[str, Any]:
        return {name: _typed(value) for name, value in self._section(BACKEND).items()}

    @property
    def hvparams(self) -> dict[str, Any]:
        return {name: _typed(value) for name, value in self._section(HYPERVISOR).items()}

    @property
    def osparams(self) -> dict[str, str]:
        return self._section(OS)

    @property
    def osparams_private(self) -> dict[str, str]:
        return self._section(OS_PRIVATE)

    def instance_value(self, key: str) -> str | None:
        """One more value of the instance's section."""
        value = self._section(INSTANCE).get(key, "")
        return None if value in NOTHING else value

    def _section(self, name: str) -> dict[str, str]:
        return dict(self._sections.get(name, {}))

    def _value(self, section: str, key: str) -> str:
        try:
            return self._sections[section][key]
        except KeyError:
            text = f"The export in {self._place} is incomplete: no '{key}' in section [{section}]"
            raise errors.OpPrereqError(text, errors.ECODE_ENVIRON) from None

    def _count(self, key: str) -> int:
        value = self._value(INSTANCE, key)
        if not (value.isascii() and value.isdigit()):
            text = f"The export in {self._place} is broken: '{key}' is {value!r}"
            raise errors.OpPrereqError(text, errors.ECODE_ENVIRON)
        return int(value)


def _typed(value: str) -> Any:
    if value in ("True", "False"):
        return value == "True"
    if value == "None":
        return None
    return int(value) if value.isascii() and value.isdigit() else value
