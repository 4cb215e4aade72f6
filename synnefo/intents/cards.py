"""Cards of servers that follow their ports: the jobs that attach, detach and readdress them."""

from __future__ import annotations

from synnefo.core.caller import Caller
from synnefo.core.network_faults import PortInUse
from synnefo.db.models import Port


def readdressed(caller: Caller, port: Port) -> None:
    """A port has other addresses: the card of its server gets them, too."""
    if port.server_id is not None:
        raise PortInUse(f"Port {port.uuid} is a card of a server that {caller.user_name} has.")


def detaches(caller: Caller, port: Port, *, gone: bool) -> bool:
    """Whether a job takes the card from its server first."""
    if port.server_id is not None:
        raise PortInUse(f"Port {port.uuid} is a card of a server ({gone}, {caller.user_name}).")
    return False
