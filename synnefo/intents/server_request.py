"""What a request for a new server says, after its form was checked and before it means anything."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class NetworkRequest:
    """One card: a network and, if the user wants a certain one, its address."""

    network_id: str
    fixed_ip: str | None = None


Networks = Sequence[NetworkRequest] | Literal["auto", "none"] | None


@dataclass(frozen=True, slots=True)
class ServerRequest:
    """A wish for `min_count` to `max_count` servers alike.

    `flavor_id`, `image_id` and the networks are API ids as the user gave them. `networks` None
    means that the user said nothing.
    """

    name: str
    flavor_id: str
    image_id: str | None
    networks: Networks = None
    key_name: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    user_data: str | None = None  # base64
    config_drive: bool = False
    description: str | None = None
    access_ipv4: str = ""
    access_ipv6: str = ""
    min_count: int = 1
    max_count: int = 1
    idempotency_key: str | None = None
    request_digest: str = ""
