"""The disks of a new server: its own local ones, and volumes that it is made with.

What is wanted is found and checked here first; the rows are written with the server's, and all
disks are made with its instance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest, NotFound
from synnefo.core.volume_states import AVAILABLE
from synnefo.db.inserting import insert
from synnefo.db.models import Flavor, Image, Server, Volume, VolumeAttachment
from synnefo.intents.server_request import DeviceRequest, ServerRequest
from synnefo.intents.volume import volume_lookup, volumes
from synnefo.intents.volume.volumes import VolumeRequest

MIB = 1024 * 1024
GIB = 1024  # in MiB
LEAST_DISK = 16  # MiB, for images that say nothing of their size, and less no cluster makes
LAST = 1 << 16
FIELD = "block_device_mapping_v2"
LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Disks:
    """The disks in their order: sizes in MiB of local ones, and the volumes among them."""

    root: int | None  # of the disk that is filled from the image; None boots from a volume
    volumes: tuple[DeviceRequest, ...]  # in the order of booting, the one booted from first
    local: tuple[int, ...]
    bootable: bool  # Whether what is booted from has to be known to hold a system.


def refusal(why: str) -> BadRequest:
    """The fault for a device that cannot be had."""
    return BadRequest(f"Block Device Mapping is Invalid: {why}", field=FIELD)


def plan(request: ServerRequest, flavor: Flavor, image: Image | None) -> Disks:
    """What disks there will be."""
    wanted = [one for one in request.devices if one.to_volume]
    if request.max_count > 1 and any(one.source == "volume" for one in wanted):
        raise refusal("one volume cannot be given to several servers.")
    wanted.sort(key=_place)
    root = _root(flavor, image) if image is not None else None
    return Disks(root, tuple(wanted), tuple(_local(request, flavor)), request.bootable)


def _place(device: DeviceRequest) -> int:
    """Those that are not booted from come last."""
    index = device.boot_index
    return LAST if index is None or index < 0 else index


def _root(flavor: Flavor, image: Image) -> int:
    """A flavor without a disk size takes the image's own."""
    needed = -(-max(image.virtual_size or 0, image.size or 0) // MIB)
    if not flavor.disk:
        return max(needed, image.min_disk * GIB, LEAST_DISK)
    if flavor.disk * GIB < needed or flavor.disk < image.min_disk:
        raise BadRequest("Flavor's disk is too small for requested image.", field="flavorRef")
    return flavor.disk * GIB


def _local(request: ServerRequest, flavor: Flavor) -> list[int]:
    """Empty disks that go with the server: what the size gives, or parts of it as was asked."""
    asked = [one for one in request.devices if one.source == "blank" and not one.to_volume]
    swaps = [one for one in asked if one.guest_format == "swap"]
    others = [one for one in asked if one.guest_format != "swap"]
    if len(swaps) > 1 or sum((one.size or 0) * GIB for one in swaps) > flavor.swap:
        raise refusal("Swap drive requested is larger than instance type allows.")
    if sum(one.size or 0 for one in others) > flavor.ephemeral:
        raise refusal("Ephemeral disks requested are larger than the instance type allows.")
    sizes = [(one.size or flavor.ephemeral) * GIB for one in others]
    if not others and flavor.ephemeral:
        sizes = [flavor.ephemeral * GIB]
    swap = sum((one.size or 0) * GIB for one in swaps) or flavor.swap
    return [*sizes, *([max(swap, LEAST_DISK)] if swap else [])]


# --- writing --------------------------------------------------------------------------------------


def record(
    caller: Caller, servers: Sequence[Server], disks: Disks, template: str, now: datetime
) -> dict[int, list[Volume]]:
    """Write the rows; answers, by server, the volumes to be attached after its creation."""
    local = []
    later: dict[int, list[Volume]] = {}
    for server in servers:
        index = 0
        if disks.root is not None and template != "diskless":
            local.append(_own(server, index, disks.root, template, now))
        index += disks.root is not None
        for device in disks.volumes:
            volume = _attached(caller, server, device, index, template, now)
            if index == 0:
                _check_bootable(device, volume, flagged=disks.bootable)
            if volume.status != "attaching":
                later.setdefault(server.pk, []).append(volume)
            index += 1
        for size in disks.local if template != "diskless" else ():
            local.append(_own(server, index, size, template, now))
            index += 1
    insert(local)
    return later


def _own(server: Server, index: int, size: int, template: str, now: datetime) -> Volume:
    return Volume(
        project_id=server.project_id,
        server=server,
        index=index,
        size=size,
        disk_template=template,
        created_at=now,
    )


def _attached(
    caller: Caller, server: Server, device: DeviceRequest, index: int, template: str, now: datetime
) -> Volume:
    volume = _volume(caller, server, device, now)
    status = "attaching"
    attachment = VolumeAttachment(
        volume=volume,
        project_id=volume.project_id,
        server=server,
        instance_uuid=server.uuid,
        device=device.device_name or f"/dev/vd{LETTERS[index % len(LETTERS)]}",
        mode="ro" if volume.readonly else "rw",
        status=status,
        tag=device.tag or None,
        delete_on_termination=device.delete_on_termination,
        created_at=now,
    )
    attachment.save(force_insert=True)
    return volumes.saved(volume, status=status, server=server, index=index, disk_template=template)


def _check_bootable(device: DeviceRequest, volume: Volume, *, flagged: bool) -> None:
    """A volume that is there says of itself whether it boots; a new one may be filled later."""
    if flagged and device.source == "volume" and not volume.bootable:
        raise refusal(f"Block Device {device.uuid or 'blank'} is not bootable.")


def _volume(caller: Caller, server: Server, device: DeviceRequest, now: datetime) -> Volume:
    """The volume that is there already, or a new one."""
    if device.source == "volume":
        return _existing(caller, str(device.uuid))
    request = VolumeRequest(size=device.size, volume_type=device.volume_type)
    if device.source == "image":
        request = replace(request, image_id=device.uuid)
    if device.source == "snapshot":
        request = replace(request, snapshot_id=device.uuid)
    try:
        return volumes.made(caller, request, volumes.recipe(caller, request), now)
    except NotFound as absent:
        raise refusal(f"failed to get {device.source} {device.uuid}.") from absent


def _existing(caller: Caller, identifier: str) -> Volume:
    try:
        volume = volume_lookup.volume(caller, identifier)
    except NotFound as absent:
        raise refusal(f"failed to get volume {identifier}.") from absent
    if volume.status != AVAILABLE:
        raise BadRequest(
            f"Invalid volume: volume {identifier} is {volume.status}, not available.", field=FIELD
        )
    return volume
