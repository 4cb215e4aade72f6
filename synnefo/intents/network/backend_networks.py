"""Networks as backends have them: how a row is described, and the jobs that make it there.

They are counted by `naming.network_number`: one for each network, and one for each of its further
subnets of IPv4, as a network has but one range there.

Whoever needs one asks for it: the dispatcher before the first instance on it, the reconciler where
it went missing. Both may ask at once: the second job fails and harms nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q

from synnefo.core import naming
from synnefo.core.subnet_rules import fits_clusters, inside
from synnefo.db.models import Network, Subnet
from synnefo.db.prepared import Prepared
from synnefo.ports import Cluster, NetworkSpec

# Ganeti wants IPv4 on every network, too, where it can count no addresses of a subnet's range.
NO_IPV4 = "192.0.0.0/29"
# Asked for each server that is built, on one or two networks.
_RANGE = Prepared(
    lambda network: (
        Subnet.objects.filter(apart=False, ip_version=4, network=network)
        .order_by("pk")
        .values_list("cidr")[:1]
    ),
    int,
)
_RANGE_APART = Prepared(
    lambda subnet: Subnet.objects.filter(apart=True, ip_version=4, pk=subnet).values_list("cidr"),
    int,
)


def network_of(network: Network, number: int, prefix: str) -> NetworkSpec:
    """A network with the subnet of IPv4 that its number says, and the first one of IPv6."""
    six = network.subnets.filter(ip_version=6).order_by("pk").first()
    mine = Q(pk=-number) if number < 0 else Q(apart=False)
    four = network.subnets.filter(mine, ip_version=4).order_by("pk").first()
    if four is not None and not fits_clusters(four.cidr):
        four = None
    return NetworkSpec(
        name=naming.network_name(prefix, number),
        cidr=four.cidr if four else NO_IPV4,
        gateway=inside(four.gateway, four.cidr) if four else None,
        cidr6=six.cidr if six else None,
        gateway6=inside(six.gateway, six.cidr) if six else None,
        mac_prefix=network.mac_prefix or None,
    )


def ranges_of(numbers: Iterable[int]) -> dict[int, str]:
    """The range of IPv4 that each of them has on backends."""
    wanted = dict.fromkeys(numbers, NO_IPV4)
    for number in wanted:
        for (cidr,) in _RANGE.rows(number) if number > 0 else _RANGE_APART.rows(-number):
            wanted[number] = cidr if fits_clusters(cidr) else NO_IPV4
    return wanted


def ask(
    cluster: Cluster, number: int, groups: Iterable[str], prefix: str, reason: str, *, new: bool
) -> None:
    """Have it made, if it is new there, and connected to node groups."""
    mine = {"subnets": -number} if number < 0 else {"pk": number}
    network, job = Network.objects.get(**mine), None
    spec = network_of(network, number, prefix)
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
