"""What users ask of subnet pools and address scopes, and subnets cut from pools."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import ip_network
from typing import Any

from django.utils import timezone

from synnefo.core import subnet_rules
from synnefo.core.caller import Caller
from synnefo.core.faults import BadRequest
from synnefo.core.network_faults import (
    AddressScopeInUse,
    AddressScopeNotFound,
    InvalidInput,
    MaxPrefixSubnetAllocationError,
    MinPrefixSubnetAllocationError,
    SubnetAllocationError,
    SubnetPoolInUse,
    SubnetPoolNotFound,
    SubnetPoolQuotaExceeded,
)
from synnefo.db.models import AddressScope, NetworkGrant, Subnet, SubnetPool
from synnefo.db.transactions import writing
from synnefo.intents import quota
from synnefo.intents.network import network_rows

COLUMNS = {
    "name": "name",
    "description": "description",
    "shared": "public",
    "is_default": "is_default",
    "default_quota": "default_quota",
    "min_prefixlen": "min_prefixlen",
    "default_prefixlen": "default_prefixlen",
    "max_prefixlen": "max_prefixlen",
}
LEAST = {4: 8, 6: 64}
LONGEST = {4: 32, 6: 128}


# --- subnets cut from them ------------------------------------------------------------------------


def cut(caller: Caller, wish: Mapping[str, Any]) -> tuple[SubnetPool | None, str, int]:
    """The pool of a new subnet if it is to come from one, its range, and the version of IP."""
    pool = _pool_for(caller, wish)
    cidr, version = wish.get("cidr"), wish.get("ip_version")
    if pool is None:
        if not cidr:
            raise BadRequest(
                "a subnetpool must be specified in the absence of a cidr", field="cidr"
            )
        return None, cidr, version or _version_of(cidr)
    if version not in (None, pool.ip_version):
        raise BadRequest(
            f"Subnet has an ip_version {version}, its pool has {pool.ip_version}.",
            field="ip_version",
        )
    length = wish.get("prefixlen") or pool.default_prefixlen
    if cidr:
        length = subnet_rules.network(cidr, pool.ip_version).prefixlen
    _check_length(pool, length)
    taken = list(Subnet.objects.filter(subnet_pool=pool).values_list("cidr", flat=True))
    found = subnet_rules.cut(pool.prefixes, taken, length, cidr)
    if found is None:
        raise SubnetAllocationError(
            "Failed to allocate subnet: Insufficient prefix space to allocate subnet size"
            f" /{length}."
            if cidr is None
            else "Failed to allocate subnet: Cannot allocate requested subnet from the available"
            " set of prefixes."
        )
    _check_share(caller, pool, length)
    return pool, found, pool.ip_version


def _version_of(cidr: str) -> int:
    return 6 if ":" in cidr else 4


def _pool_for(caller: Caller, wish: Mapping[str, Any]) -> SubnetPool | None:
    rows = network_rows.subnet_pools(caller).select_for_update(of=("self",))
    if wish.get("subnetpool_id"):
        return network_rows.found(rows, wish["subnetpool_id"], SubnetPoolNotFound, "Subnet pool")
    if not wish.get("use_default_subnetpool"):
        return None
    pool = rows.filter(is_default=True, ip_version=wish.get("ip_version") or 4).first()
    if pool is None:
        raise BadRequest("No default subnetpool found for IPv4", field="use_default_subnetpool")
    return pool


def _check_length(pool: SubnetPool, length: int) -> None:
    if length < pool.min_prefixlen:
        raise MinPrefixSubnetAllocationError(
            f"Unable to allocate subnet with prefix length {length}, minimum allowed prefix is"
            f" {pool.min_prefixlen}.",
            field="prefixlen",
        )
    if length > pool.max_prefixlen:
        raise MaxPrefixSubnetAllocationError(
            f"Unable to allocate subnet with prefix length {length}, maximum allowed prefix is"
            f" {pool.max_prefixlen}.",
            field="prefixlen",
        )


def _check_share(caller: Caller, pool: SubnetPool, length: int) -> None:
    if pool.default_quota is None:
        return
    unit = 32 if pool.ip_version == 4 else 64
    mine = Subnet.objects.filter(subnet_pool=pool, network__project_id=caller.project_id)
    lengths = [ip_network(cidr).prefixlen for cidr in mine.values_list("cidr", flat=True)]
    if sum(1 << max(unit - one, 0) for one in [*lengths, length]) > pool.default_quota:
        raise SubnetPoolQuotaExceeded("Per-tenant subnet pool prefix quota exceeded.")


# --- pools ----------------------------------------------------------------------------------------


def create(caller: Caller, wishes: Sequence[Mapping[str, Any]]) -> list[SubnetPool]:
    """All of them or none."""
    with writing():
        return [_create(caller, wish) for wish in wishes]


def _create(caller: Caller, wish: Mapping[str, Any]) -> SubnetPool:
    project, now = network_rows.project_for(caller, wish), timezone.now()
    quota.admit(project, "subnetpool", SubnetPool.objects.filter(project_id=project))
    prefixes = _merged(wish["prefixes"])
    version = ip_network(prefixes[0]).version
    least = LEAST[version] if wish.get("min_prefixlen") is None else wish["min_prefixlen"]
    row = SubnetPool(
        project_id=project,
        ip_version=version,
        prefixes=prefixes,
        min_prefixlen=least,
        max_prefixlen=LONGEST[version],
        default_prefixlen=least,
        scope=_scope(caller, wish.get("address_scope_id"), version, prefixes, None),
        created_at=now,
        updated_at=now,
    )
    for name, column in COLUMNS.items():
        if wish.get(name) is not None:
            setattr(row, column, wish[name])
    _check_lengths(row)
    _check_default(row)
    row.save(force_insert=True)
    return row


def _merged(prefixes: Sequence[str]) -> list[str]:
    """In their order, of one version, without overlaps."""
    if not prefixes:
        raise InvalidInput("Invalid input for operation: no prefixes.", field="prefixes")
    versions = {_version_of(one) for one in prefixes}
    if len(versions) > 1:
        raise BadRequest("Cannot mix IPv4 and IPv6 prefixes in a subnet pool.", field="prefixes")
    nets = sorted((subnet_rules.network(one, *versions) for one in prefixes), key=_place)
    merged: list[subnet_rules.Net] = []
    for net in nets:
        if not merged or not merged[-1].overlaps(net):
            merged.append(net)
    return [str(net) for net in merged]


def _place(net: subnet_rules.Net) -> tuple[int, int]:
    return int(net.network_address), net.prefixlen


def _check_lengths(row: SubnetPool) -> None:
    lengths = row.min_prefixlen, row.default_prefixlen, row.max_prefixlen
    if not lengths[0] <= lengths[1] <= lengths[2] <= LONGEST[row.ip_version]:
        raise InvalidInput(
            "Invalid input for operation: Illegal prefix bounds: min_prefixlen="
            f"{lengths[0]}, default_prefixlen={lengths[1]}, max_prefixlen={lengths[2]}.",
            field="default_prefixlen",
        )


def _check_default(row: SubnetPool) -> None:
    others = SubnetPool.objects.filter(is_default=True, ip_version=row.ip_version)
    if row.is_default and others.exclude(pk=row.pk).exists():
        raise InvalidInput(
            "Invalid input for operation: A default subnetpool for this IP family has already"
            " been set.",
            field="is_default",
        )


def update(
    caller: Caller, identifier: str, wish: Mapping[str, Any], revision: int | None
) -> SubnetPool:
    """Change what a wish names; prefixes can only be added."""
    with writing():
        row = mine(caller, identifier, "update_subnetpool", revision)
        changes = {COLUMNS[name]: value for name, value in wish.items() if name in COLUMNS}
        if "prefixes" in wish:
            changes["prefixes"] = _grown(row, wish["prefixes"])
        if "address_scope_id" in wish or ("prefixes" in wish and row.scope):
            prefixes, kept = changes.get("prefixes", row.prefixes), row.scope
            wanted = wish.get("address_scope_id", str(kept.uuid) if kept else None)
            changes["scope"] = _scope(caller, wanted, row.ip_version, prefixes, row.pk)
        for name, value in changes.items():
            setattr(row, name, value)
        _check_lengths(row)
        _check_default(row)
        network_rows.written(row, changes)
    return row


def _grown(row: SubnetPool, prefixes: Sequence[str]) -> list[str]:
    """All that were there are to stay inside."""
    merged = _merged(prefixes)
    news = [ip_network(one) for one in merged]
    for one in map(ip_network, row.prefixes):
        if not any(one.version == new.version and subnet_rules.within(one, new) for new in news):
            raise InvalidInput(
                "Invalid input for operation: Existing prefixes must be a subset of the new"
                " prefixes.",
                field="prefixes",
            )
    return merged


def mine(caller: Caller, identifier: str, what: str, revision: int | None) -> SubnetPool:
    """The caller's pool with its row locked."""
    rows = network_rows.subnet_pools(caller)
    row = network_rows.locked(rows, identifier, SubnetPoolNotFound, "Subnet pool")
    network_rows.check_owner(caller, row.project_id, what)
    network_rows.check_revision(row, revision)
    return row


def delete(caller: Caller, identifier: str) -> None:
    """Not while there are subnets of it."""
    with writing():
        row = mine(caller, identifier, "delete_subnetpool", None)
        if row.subnets.exists():
            raise SubnetPoolInUse(
                f"Unable to complete operation on subnet pool {row.uuid}. Subnet pool has"
                " existing allocations."
            )
        network_rows.forget_tags([row.uuid])
        NetworkGrant.objects.filter(kind="subnetpool", resource=row.uuid).delete()
        row.delete()


# --- address scopes -------------------------------------------------------------------------------


def _scope(
    caller: Caller, wanted: str | None, version: int, prefixes: Sequence[str], me: int | None
) -> AddressScope | None:
    """The scope that a pool is to be in; no address may be there twice."""
    if wanted is None:
        return None
    rows = network_rows.address_scopes(caller)
    scope = network_rows.locked(rows, wanted, AddressScopeNotFound, "Address scope")
    if scope.ip_version != version:
        raise BadRequest(
            f"Illegal subnetpool association: subnetpool is of IPv{version}, address scope"
            f" {scope.uuid} of IPv{scope.ip_version}.",
            field="address_scope_id",
        )
    others = SubnetPool.objects.filter(scope=scope)
    others = others if me is None else others.exclude(pk=me)
    there = [one for pool in others for one in pool.prefixes]
    if any(subnet_rules.overlapping(ip_network(one), there) for one in prefixes):
        raise InvalidInput(
            "Invalid input for operation: the prefixes overlap with those of another pool of"
            " the address scope.",
            field="address_scope_id",
        )
    return scope


def create_scopes(caller: Caller, wishes: Sequence[Mapping[str, Any]]) -> list[AddressScope]:
    """All of them or none."""
    now = timezone.now()
    with writing():
        return [
            AddressScope.objects.create(
                project_id=network_rows.project_for(caller, wish),
                name=wish.get("name") or "",
                ip_version=wish.get("ip_version") or 4,
                public=bool(wish.get("shared")),
                created_at=now,
                updated_at=now,
            )
            for wish in wishes
        ]


def _my_scope(caller: Caller, identifier: str, what: str) -> AddressScope:
    rows = network_rows.address_scopes(caller)
    row = network_rows.locked(rows, identifier, AddressScopeNotFound, "Address scope")
    network_rows.check_owner(caller, row.project_id, what)
    return row


def update_scope(
    caller: Caller, identifier: str, wish: Mapping[str, Any], _revision: int | None
) -> AddressScope:
    """Change its name, or share it; what is shared stays so."""
    with writing():
        row = _my_scope(caller, identifier, "update_address_scope")
        if row.public and wish.get("shared") is False:
            raise BadRequest(
                f"Unable to update address scope {row.uuid}: Shared address scope can't be"
                " unshared.",
                field="shared",
            )
        row.name = wish.get("name", row.name)
        row.public = wish.get("shared", row.public)
        row.updated_at = timezone.now()
        row.save(update_fields=["name", "public", "updated_at"])
    return row


def delete_scope(caller: Caller, identifier: str) -> None:
    """Not while pools are in it."""
    with writing():
        row = _my_scope(caller, identifier, "delete_address_scope")
        if row.pools.exists():
            raise AddressScopeInUse(
                f"Unable to complete operation on address scope {row.uuid}. There are one or"
                " more subnet pools in use on the address scope."
            )
        NetworkGrant.objects.filter(kind="address_scope", resource=row.uuid).delete()
        row.delete()
