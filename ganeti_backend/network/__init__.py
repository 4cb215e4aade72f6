"""How an instance's network interface reaches a network: a map from the name of a driver to it."""

from ganeti_backend.errors import NetworkError
from ganeti_backend.network.base import Network
from ganeti_backend.network.fake import FakeNetwork
from ganeti_backend.network.user import UserNetwork

DRIVERS: dict[str, type[Network]] = {"fake": FakeNetwork, "user": UserNetwork}


def build(name: str) -> Network:
    """The driver of this name."""
    if name not in DRIVERS:
        raise NetworkError(f"unknown network driver {name!r}; there are {', '.join(DRIVERS)}")
    return DRIVERS[name]()
