"""What floating addresses lead to: the port, its address, and the router on the way."""

from __future__ import annotations

from collections.abc import Collection

from synnefo.core.network_faults import ExternalGatewayForFloatingIPNotFound
from synnefo.db.models import Address, FloatingIp, Network, Port, Router, Subnet
from synnefo.intents.network.network_rows import INTERFACE


def check_kept(port: Port, gone: Collection[str]) -> None:
    """Where a port loses an address, floating ones that led there lead nowhere any more."""
    rows = FloatingIp.objects.filter(port=port, fixed_address__in=list(gone))
    rows.update(port=None, fixed_address=None, router=None)


def router_to(network: Network, subnet: Subnet) -> Router:
    """The router that has a port in the subnet and leads to the external network."""
    holders = Address.objects.filter(subnet=subnet, port__owner=INTERFACE)
    ways = Router.objects.filter(gateway=network, pk__in=holders.values("port__router"))
    # Of several the one that has the subnet's gateway is the one that guests use.
    ways_here = ways.filter(ports__addresses__address=subnet.gateway or None)
    found = (ways_here.first() if subnet.gateway else None) or ways.order_by("pk").first()
    if found is None:
        raise ExternalGatewayForFloatingIPNotFound(
            f"External network {network.uuid} is not reachable from subnet {subnet.uuid}."
            " Therefore, cannot associate the port with a Floating IP."
        )
    return found
