"""Taking addresses out of pools. What keeps one from being taken twice is its row's uniqueness."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from ipaddress import IPv4Address, ip_address

from django.db import IntegrityError, transaction

from synnefo.core.addresses import Pool, reason_against
from synnefo.core.faults import BadRequest, Conflict
from synnefo.db.inserting import insert
from synnefo.db.models import Address, Port, Subnet
from synnefo.db.prepared import Prepared, PreparedRows
from synnefo.db.updating import update

SPARE = 8
PART = 16  # addresses that are looked for at once
COMPUTE = "compute:nova"  # What has a server's card, in the API's words.
POOLS = PreparedRows(
    Subnet,
    lambda network_id: (
        Subnet.objects.select_for_update()
        .filter(network_id=network_id, ip_version=4)
        .order_by("pk")
    ),
    int,
)
TAKEN = Prepared(
    lambda subnet_id, *some: Address.objects.filter(
        subnet_id=subnet_id, address__in=list(map(str, some))
    ).values_list("address"),
    int,
    *[IPv4Address] * PART,
)


def pool_of(subnet: Subnet) -> Pool:
    """What can be handed out of a subnet."""
    kept = itertools.chain.from_iterable(subnet.reserved.values())
    pool = Pool.of(subnet.pool_start, subnet.pool_end, subnet.gateway, *kept)
    return pool.within(subnet.pools)


def serves(subnet: Subnet, owner: str) -> bool:
    """Whether ports of such devices get addresses of a subnet unasked."""
    return not subnet.service_types or owner in subnet.service_types


def take_free(network_id: int, count: int) -> list[tuple[Subnet, str]]:
    """The next free addresses of a network; Conflict when there are not that many.

    They are taken in turn, so that an address that was given back rests as long as possible. The
    subnet's row is locked until the end of the transaction, in which the caller stores them.
    """
    found: list[tuple[Subnet, str]] = []
    known = False
    for subnet in POOLS.all(network_id):
        known = True
        if not serves(subnet, COMPUTE):
            continue
        found += [(subnet, text) for text in free_in(subnet, count - len(found))]
        if len(found) == count:
            return found
    if not known:
        return []  # A network without a subnet gives no addresses.
    raise Conflict("No more IP addresses available on the network", field="networks")


def free_in(subnet: Subnet, count: int) -> list[str]:
    """At most `count` free addresses; the caller holds the subnet's row and stores them."""
    pool = pool_of(subnet)
    free: list[str] = []
    # Mostly the next ones are free; a crowded pool is walked in growing steps.
    for window in pool.windows(subnet.next_offset, count + SPARE):
        taken = _taken(subnet, window)
        free += [text for text in window if text not in taken]
        if len(free) >= count:
            break
    free = free[:count]
    if free:
        subnet.next_offset = (pool.offset(free[-1]) + 1) % pool.size
        update(Subnet, "id", ["next_offset"], [(subnet.pk, subnet.next_offset)])
    return free


def _taken(subnet: Subnet, window: Sequence[str]) -> set[str]:
    """Which of these addresses somebody holds."""
    found: set[str] = set()
    for start in range(0, len(window), PART):
        part = list(map(ip_address, window[start : start + PART]))
        part += part[-1:] * (PART - len(part))
        found.update(text for (text,) in TAKEN.rows(subnet.pk, *part))
    return found


def subnet_of(network_id: int, address: str) -> Subnet:
    """The subnet that an address asked for lies in; BadRequest says why it cannot be had."""
    reason = "the network has no subnet"
    for subnet in Subnet.objects.filter(network_id=network_id).order_by("pk"):
        against = reason_against(address, subnet.cidr, subnet.gateway)
        if against is None:
            return subnet
        reason = against
    raise BadRequest(f"Invalid fixed_ip: {reason}", field="networks.fixed_ip")


def hold(rows: list[tuple[Port, Subnet, str]], *, asked: bool) -> None:
    """Store who holds what; Conflict if a user asked for an address that somebody has."""
    addresses = [Address(port=port, subnet=subnet, address=text) for port, subnet, text in rows]
    if not asked:
        insert(addresses)
        return
    try:
        with transaction.atomic():
            insert(addresses)
    except IntegrityError as taken:
        text = ", ".join(text for _, _, text in rows)
        raise Conflict(
            f"Fixed IP address {text} is already in use", field="networks.fixed_ip"
        ) from taken
