"""What a cluster has to be, to be attached: pure.

Where it is told by an address `ganeti://USER@HOST:PORT`, which never holds a password: addresses
are seen in process lists and kept in shells' histories.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

OLDEST = (3, 0)
DEFAULT_PORT = 5080
SCHEMES = ("ganeti", "https")
# Not for disks without further settings: the first has none, the second wants a provider named.
NOT_FOR_ALL = ("diskless", "ext")


class BadAddress(ValueError):  # noqa: N818  # The name says what is wrong.
    """This is no address of a cluster; the text says why."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a cluster's remote API is, and as whom to ask it."""

    url: str
    user: str


def address(text: str, user: str = "") -> Address:
    """From `ganeti://USER@HOST:PORT`, or `https://HOST:PORT` with the user apart."""
    try:
        parts = urlsplit(text)
        port = parts.port or DEFAULT_PORT
    except ValueError as error:
        raise BadAddress(f"{text} is no address of a cluster: {error}") from None
    if parts.password is not None:
        raise BadAddress("a password does not belong into an address: everybody can see those")
    if parts.scheme not in SCHEMES or not parts.hostname or parts.path.strip("/"):
        raise BadAddress(f"{text} is no address of a cluster: ganeti://USER@HOST:{DEFAULT_PORT}")
    name = user or parts.username or ""
    if not name:
        raise BadAddress(f"{text} names no user of the cluster's remote API")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return Address(f"https://{host}:{port}", name)


def version(text: str) -> tuple[int, ...]:
    """The numbers at the beginning of `3.0.2~rc1` and the like."""
    found = re.match(r"\d+(?:\.\d+)*", text)
    return tuple(int(number) for number in found[0].split(".")) if found else ()


def too_old(text: str) -> str | None:
    """Why a cluster of this version cannot be attached, or None."""
    if version(text)[:2] >= OLDEST:
        return None
    wanted = ".".join(map(str, OLDEST))
    return f"it runs Ganeti {text or 'of an unknown version'}, and {wanted} or newer is needed"


def template_for(enabled: tuple[str, ...]) -> str:
    """The disk template of the first flavors: the cluster's own first choice, where it can be."""
    return next((one for one in enabled if one not in NOT_FOR_ALL), "diskless")
