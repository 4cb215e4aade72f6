"""Images without bytes, which name snapshots instead, as Nova makes of servers on volumes.

Their property block_device_mapping is a list of devices in JSON. A server of such an image gets a
new volume of each snapshot.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from synnefo.core.faults import BadRequest
from synnefo.db.models import Image
from synnefo.intents.server_request import DeviceRequest, ServerRequest

MAPPING = "block_device_mapping"
MOST_DISKS = 16
LARGEST_GIB = 1 << 21


def devices(image: Image) -> list[DeviceRequest]:
    """The disks that an image names; none if it is one with bytes."""
    if MAPPING not in image.properties:
        return []
    broken = BadRequest(
        f"Image {image.uuid} has a {MAPPING} that cannot be read: it has to be a list of at most"
        f" {MOST_DISKS} devices in JSON, each of the source_type snapshot.",
        field="imageRef",
    )
    try:
        entries = json.loads(image.properties[MAPPING])
        found = [_device(one) for one in entries]
        others = [one for one in entries if one.get("source_type") != "snapshot"]
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise broken from error
    if others or len(found) > MOST_DISKS or not isinstance(entries, list):
        raise broken
    return found


def _device(entry: Mapping[str, Any]) -> DeviceRequest:
    index, size = entry.get("boot_index"), entry.get("volume_size")
    return DeviceRequest(
        source="snapshot",
        uuid=str(entry.get("snapshot_id")),
        to_volume=True,
        size=size if isinstance(size, int) and 0 < size <= LARGEST_GIB else None,
        boot_index=index if isinstance(index, int) else None,
        delete_on_termination=entry.get("delete_on_termination") is True,
        device_name=str(entry.get("device_name") or "")[:255],
    )


def merged(request: ServerRequest, image: Image) -> ServerRequest:
    """The request with the image's disks too, but for those that the user names otherwise."""
    named = {one.device_name for one in request.devices if one.device_name}
    places = {one.boot_index for one in request.devices}
    others = [one for one in devices(image) if one.device_name not in named]
    if any(one.boot_index == 0 for one in others) and 0 in places:
        raise BadRequest(
            "Block Device Mapping is Invalid: the image names a device to boot from, and so does"
            " the request.",
            field="block_device_mapping_v2",
        )
    return replace(request, devices=[*others, *request.devices])


def root_snapshot(image: Image) -> str | None:
    """The snapshot that a volume made of the image is made from; None if the image has bytes."""
    found = devices(image)
    first = next((one for one in found if one.boot_index == 0), found[0] if found else None)
    return first.uuid if first else None
