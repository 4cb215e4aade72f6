"""The disks that a creation asks for: block_device_mapping, old and new, made one and checked.

What they refer to is found out by the intent; here is decided what cannot make sense at all.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from synnefo.core.faults import BadRequest
from synnefo.intents.server_request import DeviceRequest

FIELD = "block_device_mapping_v2"
LOCAL_FROM = ("image", "blank")


def refusal(why: str) -> BadRequest:
    """The fault for a mapping that cannot be done."""
    return BadRequest(f"Block Device Mapping is Invalid: {why}", field=FIELD)


def devices(server: Mapping[str, Any], image: str | None) -> Sequence[DeviceRequest]:
    """The disks wanted beside what the image alone would give."""
    old, new = server.get("block_device_mapping"), server.get(FIELD)
    if old and new:
        raise BadRequest(
            "Using different block_device_mapping syntaxes is not allowed in the same request.",
            field=FIELD,
        )
    found = [_translated(number, item) for number, item in enumerate(old or ())]
    found += [_read(item) for item in new or () if not item.get("no_device")]
    for device in found:
        _check(device, image)
    if old and image is not None:
        # The old form names the disks beside the image, which is booted from.
        found = [_unbootable(device) for device in found]
    return _check_order(found, image)


def _translated(number: int, item: Mapping[str, Any]) -> DeviceRequest:
    """The form of before: volumes and snapshots only, in the order of booting."""
    volume, snapshot = item.get("volume_id"), item.get("snapshot_id")
    if bool(volume) == bool(snapshot):
        raise refusal("one of volume_id and snapshot_id is needed.")
    return DeviceRequest(
        source="volume" if volume else "snapshot",
        uuid=volume or snapshot,
        to_volume=True,
        size=item.get("volume_size"),
        boot_index=0 if number == 0 else None,
        delete_on_termination=item.get("delete_on_termination", False),
        device_name=item.get("device_name") or "",
    )


def _unbootable(device: DeviceRequest) -> DeviceRequest:
    return DeviceRequest(
        device.source,
        device.uuid,
        device.to_volume,
        device.size,
        None,
        device.delete_on_termination,
        device.tag,
        device.volume_type,
        device.device_name,
    )


def _read(item: Mapping[str, Any]) -> DeviceRequest:
    source, uuid = item.get("source_type"), item.get("uuid")
    for word in ("image", "volume", "snapshot"):  # Some say the id and not what it is of.
        if item.get(f"{word}_id"):
            source, uuid = source or word, uuid or item[f"{word}_id"]
    if source is None:
        raise refusal("source_type is missing.")
    default = "local" if source in LOCAL_FROM else "volume"
    return DeviceRequest(
        source=source,
        uuid=uuid,
        to_volume=item.get("destination_type", default) == "volume",
        size=item.get("volume_size"),
        boot_index=item.get("boot_index"),
        delete_on_termination=item.get("delete_on_termination", False),
        tag=item.get("tag", ""),
        volume_type=item.get("volume_type"),
        device_name=item.get("device_name") or "",
        guest_format=item.get("guest_format") or "",
    )


def _check(device: DeviceRequest, image: str | None) -> None:
    if device.source == "blank" and device.uuid:
        raise refusal("a blank device has no uuid.")
    if device.source != "blank" and not device.uuid:
        raise refusal("the uuid of what it is made from is missing.")
    if device.source not in LOCAL_FROM and not device.to_volume:
        raise refusal(f"a {device.source} cannot become a local disk.")
    if device.source == "image" and not device.to_volume:
        if device.boot_index != 0:
            raise refusal("Mapping image to local is not supported but to boot from.")
        if image is not None and device.uuid != image:
            raise refusal("the image to boot from is not imageRef.")
    if device.to_volume and device.source in LOCAL_FROM and not device.size:
        raise refusal(
            f"{'Images' if device.source == 'image' else 'Blank devices'} with destination_type"
            " 'volume' need to have a non-zero size specified"
        )
    if device.volume_type and not device.to_volume:
        raise refusal("only volumes have a volume_type.")


def _check_order(found: Sequence[DeviceRequest], image: str | None) -> Sequence[DeviceRequest]:
    """Exactly one comes first; the places of those that are booted from have no gaps."""
    places = sorted(
        one.boot_index for one in found if one.boot_index is not None and one.boot_index >= 0
    )
    if image is not None and 0 not in places:
        places = [0, *places]
    if found and places != list(range(len(places))):
        raise refusal(
            "Boot sequence for the instance and image/block device mapping combination is not"
            " valid."
        )
    if found and not places:
        raise refusal("none of the devices is to be booted from.")
    return found
