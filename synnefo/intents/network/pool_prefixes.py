"""What users ask of the prefixes of subnet pools: some more, some fewer, or those of a network."""

from __future__ import annotations

from collections.abc import Sequence

from synnefo.core import subnet_rules
from synnefo.core.caller import Caller
from synnefo.core.network_faults import (
    IllegalSubnetPoolPrefixUpdate,
    IllegalSubnetPoolUpdate,
    NetworkNotFound,
)
from synnefo.db.models import Subnet
from synnefo.db.transactions import writing
from synnefo.intents.network import network_rows, subnet_pools


def add(caller: Caller, identifier: str, prefixes: Sequence[str]) -> list[str]:
    """Some more; what the pool has then."""
    with writing():
        row = subnet_pools.mine(caller, identifier, "add_prefixes", None)
        if not prefixes:
            return list(row.prefixes)
        wish = {"prefixes": [*row.prefixes, *prefixes]}
        return list(subnet_pools.update(caller, identifier, wish, None).prefixes)


def remove(caller: Caller, identifier: str, prefixes: Sequence[str]) -> list[str]:
    """Some fewer, whole or in part; none that a subnet was cut from."""
    with writing():
        row = subnet_pools.mine(caller, identifier, "remove_prefixes", None)
        gone = [subnet_rules.network(one, row.ip_version) for one in prefixes]
        cut = list(row.subnets.values_list("cidr", flat=True))
        if any(subnet_rules.overlapping(one, cut) for one in gone):
            raise IllegalSubnetPoolPrefixUpdate(
                "Illegal subnetpool prefix update : One or more the prefixes to be removed is in"
                " use by a subnet.",
                field="prefixes",
            )
        left = subnet_rules.without(row.prefixes, gone)
        if left != row.prefixes:
            network_rows.written(row, {"prefixes": left})
        return left


def onboard(caller: Caller, identifier: str, network_id: str) -> list[Subnet]:
    """The subnets of a network of one's own become subnets of the pool."""
    with writing():
        pool = subnet_pools.mine(caller, identifier, "onboard_network_subnets", None)
        rows = network_rows.networks(caller)
        network = network_rows.locked(rows, network_id, NetworkNotFound, "Network")
        network_rows.check_owner(caller, network.project_id, "onboard_network_subnets")
        subnets = Subnet.objects.filter(network=network, ip_version=pool.ip_version).order_by("pk")
        found, taken = list(subnets), list(pool.subnets.values_list("cidr", flat=True))
        for one in found:
            if subnet_rules.overlapping(subnet_rules.network(one.cidr, one.ip_version), taken):
                raise IllegalSubnetPoolUpdate(
                    f"Illegal subnetpool update : Onboarding subnet {one.uuid}: {one.cidr}"
                    f" conflicts with allocated prefixes in subnet pool {pool.uuid}.",
                    field="network_id",
                )
        wish = {"prefixes": [*pool.prefixes, *(one.cidr for one in found)]}
        subnet_pools.update(caller, identifier, wish, None)
        for one in found:
            network_rows.written(one, {"subnet_pool": pool})
        return found
