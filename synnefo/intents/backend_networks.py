"""Networks as backends have them: how a row is described, and the jobs that make it there.

Whoever needs one asks for it: the dispatcher before the first instance on it, the reconciler where
it went missing. Both may ask at once: the second job fails and harms nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from synnefo.core import naming
from synnefo.db.models import Network
from synnefo.ports import Cluster, NetworkSpec

# Ganeti wants IPv4 on every network; cards get none of a network that has only IPv6.
NO_IPV4 = "192.0.0.0/29"


def network_of(network: Network, prefix: str) -> NetworkSpec:
    """A network with its first subnet of each version."""
    subnets = {subnet.ip_version: subnet for subnet in network.subnets.order_by("-pk")}
    four, six = subnets.get(4), subnets.get(6)
    return NetworkSpec(
        name=naming.network_name(prefix, network.pk),
        cidr=four.cidr if four else NO_IPV4,
        gateway=(four.gateway or None) if four else None,
        cidr6=six.cidr if six else None,
        gateway6=(six.gateway or None) if six else None,
        mac_prefix=network.mac_prefix or None,
    )


def ask(
    cluster: Cluster, network_id: int, groups: Iterable[str], prefix: str, reason: str, *, new: bool
) -> None:
    """Have it made, if it is new there, and connected to node groups."""
    network, job = Network.objects.get(pk=network_id), None
    spec = network_of(network, prefix)
    if new:
        job = cluster.submit_network_add(spec, reason)
    for group in groups:
        cluster.submit_network_connect(
            spec.name, group, network.mode, network.link, reason, after=job
        )
