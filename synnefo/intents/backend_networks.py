"""Networks as backends have them: how a row is described, and the jobs that make it there.

Whoever needs one asks for it: the dispatcher before the first instance on it, the reconciler where
it went missing. Both may ask at once: the second job fails and harms nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from synnefo.core import naming
from synnefo.db.models import Network, Subnet
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


def ranges_of(networks: Iterable[int]) -> dict[int, str]:
    """The range of IPv4 that each network has on backends."""
    wanted = dict.fromkeys(networks, NO_IPV4)
    rows = Subnet.objects.filter(network__in=wanted, ip_version=4).order_by("-pk")
    return wanted | dict(rows.values_list("network_id", "cidr"))


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


def ask_away(
    cluster: Cluster, number: int, groups: Iterable[str], prefix: str, reason: str
) -> None:
    """Have a network that was deleted taken from node groups, or removed where it is in none."""
    name, connected = naming.network_name(prefix, number), list(groups)
    for group in connected:
        cluster.submit_network_disconnect(name, group, reason)
    if not connected:
        cluster.submit_network_remove(name, reason)
