"""A hook's environment, read: pure. Names are Ganeti's, `GANETI_POST_…` being the newer truth."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from synnefo.core.messages import NetStatus

POST = "GANETI_POST_"
PRE = "GANETI_"
# Above what Ganeti allows an instance to have, and below what a forged count could make us do.
MOST_DEVICES = 64
_NUMBER = re.compile(r"[0-9]{1,15}")


def net_status(environment: Mapping[str, str], when: tuple[int, int]) -> NetStatus | None:
    """What a post hook of an instance tells; None for other phases and objects."""
    if environment.get("GANETI_HOOKS_PHASE") != "post":
        return None
    values = _after(environment)
    name = values.get("INSTANCE_NAME")
    if not name:
        return None
    return NetStatus(
        event_time=when,
        cluster=values.get("CLUSTER", ""),
        instance=name,
        nics=tuple(_nic(values, i) for i in range(_count(values.get("INSTANCE_NIC_COUNT")))),
        disks=tuple(_disk(values, i) for i in range(_count(values.get("INSTANCE_DISK_COUNT")))),
        memory=_number(values.get("INSTANCE_BE_maxmem") or values.get("INSTANCE_MEMORY")),
        vcpus=_number(values.get("INSTANCE_VCPUS")),
        node=values.get("INSTANCE_PRIMARY") or None,
        operation=values.get("OP_CODE") or None,
        hook=values.get("HOOKS_PATH") or None,
        job_id=_number(values.get("JOB_ID")),
        op_index=_number(values.get("OP_INDEX")) or 0,
    )


def _after(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables without their prefixes, those from after the operation preferred.

    An operation that removes a card leaves its variables in `GANETI_…` only: the counts, which are
    in both, say how many are read.
    """
    plain = {
        key.removeprefix(PRE): value
        for key, value in environment.items()
        if key.startswith(PRE) and not key.startswith(POST)
    }
    after = {
        key.removeprefix(POST): value for key, value in environment.items() if key.startswith(POST)
    }
    if "INSTANCE_NAME" in after:
        plain = {
            key: value
            for key, value in plain.items()
            if not key.startswith(("INSTANCE_NIC", "INSTANCE_DISK"))
        }
    return plain | after


def _nic(values: Mapping[str, str], index: int) -> dict[str, Any]:
    start = f"INSTANCE_NIC{index}_"
    found = {
        "name": values.get(start + "NAME"),
        "uuid": values.get(start + "UUID"),
        "mac": values.get(start + "MAC"),
        "ip": values.get(start + "IP"),
        "network": values.get(start + "NETWORK_NAME") or values.get(start + "NETWORK"),
        "mode": values.get(start + "MODE"),
        "link": values.get(start + "LINK"),
        "ipv6": values.get(start + "NETWORK_SUBNET6"),
    }
    return {key: value or None for key, value in found.items()}


def _disk(values: Mapping[str, str], index: int) -> dict[str, Any]:
    start = f"INSTANCE_DISK{index}_"
    return {
        "name": values.get(start + "NAME") or None,
        "uuid": values.get(start + "UUID") or None,
        "size": _number(values.get(start + "SIZE")),
    }


def _number(text: str | None) -> int | None:
    return int(text) if text and _NUMBER.fullmatch(text) else None


def _count(text: str | None) -> int:
    return min(_number(text) or 0, MOST_DEVICES)
