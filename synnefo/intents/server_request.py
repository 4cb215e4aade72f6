"""What a request for a new server says, after its form was checked and before it means anything."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class NetworkRequest:
    """One card: a network and, if the user wants a certain one, its address; or a port."""

    network_id: str = ""
    fixed_ip: str | None = None
    port_id: str | None = None
    tag: str = ""


@dataclass(frozen=True, slots=True)
class DeviceRequest:
    """One disk: where its content comes from, and whether it is a volume; `size` in GiB.

    `boot_index` 0 is the one to boot from; below 0, or None, never.
    """

    source: str  # image, volume, snapshot, blank
    uuid: str | None
    to_volume: bool
    size: int | None = None
    boot_index: int | None = None
    delete_on_termination: bool = False
    tag: str = ""
    volume_type: str | None = None
    device_name: str = ""
    guest_format: str = ""


Networks = Sequence[NetworkRequest] | Literal["auto", "none"] | None


@dataclass(frozen=True, slots=True)
class ServerRequest:
    """A wish for `min_count` to `max_count` servers alike.

    `flavor_id`, `image_id` and the networks are API ids as the user gave them. `networks` None
    means that the user said nothing; so do `security_groups` without entries.
    """

    name: str
    flavor_id: str
    image_id: str | None
    networks: Networks = None
    devices: Sequence[DeviceRequest] = ()
    bootable: bool = True  # Whether a volume to boot from has to be known to hold a system.
    security_groups: Sequence[str] = ()
    key_name: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    tags: Sequence[str] = ()
    user_data: str | None = None  # base64
    personality: Sequence[Mapping[str, str]] = ()
    config_drive: bool = False
    description: str | None = None
    hostname: str | None = None
    access_ipv4: str = ""
    access_ipv6: str = ""
    disk_config: str | None = None
    zone: str | None = None
    node: str = ""  # the one wanted, of administrators only
    hints: Mapping[str, Any] = field(default_factory=dict)
    reservation_id: str = ""
    min_count: int = 1
    max_count: int = 1
    idempotency_key: str | None = None
    request_digest: str = ""
