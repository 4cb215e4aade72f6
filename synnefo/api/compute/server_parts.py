"""What belongs to servers beside their own rows: addresses, volumes, groups, tags, sizes.

Each part is one query for any number of servers, and a prepared one for a single server.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from django.db.models import QuerySet

from synnefo.api.prepared import Prepared
from synnefo.db.models import (
    Address,
    Aggregate,
    Flavor,
    FloatingIp,
    Port,
    Server,
    ServerTag,
    VolumeAttachment,
)

Addresses = dict[str, list[dict[str, Any]]]
Build = Callable[[str, Any], "QuerySet[Any, Any]"]


class Part:
    """Rows that begin with the key of their server; `build` gets "" or "__in" and what to find."""

    def __init__(self, build: Build) -> None:
        self._build = build
        self._one = Prepared(int, lambda server: build("", server))

    def of_one(self, server: int) -> Iterable[tuple[Any, ...]]:
        """The rows of one server."""
        return self._one.rows(server)

    def of_many(self, servers: Sequence[int]) -> Iterable[tuple[Any, ...]]:
        """The rows of these servers."""
        return self._build("__in", servers) if servers else ()


def _addresses(how: str, servers: Any) -> "QuerySet[Any, Any]":
    found = Address.objects.filter(**{f"port__server{how}": servers})
    return found.order_by("port__server", "port__index", "pk").values_list(
        "port__server_id",
        "port__network__name",
        "port__mac_address",
        "address",
        "subnet__ip_version",
    )


def _floating(how: str, servers: Any) -> "QuerySet[Any, Any]":
    found = FloatingIp.objects.filter(**{f"port__server{how}": servers}).order_by("pk")
    return found.values_list(
        "port__server_id", "port__network__name", "port__mac_address", "address"
    )


def _volumes(how: str, servers: Any) -> "QuerySet[Any, Any]":
    found = VolumeAttachment.objects.filter(**{f"server{how}": servers}, detached_at=None)
    return found.order_by("pk").values_list("server_id", "volume__uuid", "delete_on_termination")


def _groups(how: str, servers: Any) -> "QuerySet[Any, Any]":
    pairs: QuerySet[Any, Any] = Port.security_groups.through.objects.all()
    found = pairs.filter(**{f"port__server{how}": servers})
    columns = ("port__server_id", "securitygroup__name")
    return found.order_by(*columns).values_list(*columns).distinct()


def _tags(how: str, servers: Any) -> "QuerySet[Any, Any]":
    found = ServerTag.objects.filter(**{f"server{how}": servers})
    return found.order_by("tag").values_list("server_id", "tag")


def _user_data(how: str, servers: Any) -> "QuerySet[Any, Any]":
    """What the servers were given at their creation: large, and for administrators only."""
    found = Server.objects.filter(**{f"pk{how}": servers}).exclude(user_data="")
    return found.values_list("pk", "user_data")


ADDRESSES, FLOATING, VOLUMES = Part(_addresses), Part(_floating), Part(_volumes)
GROUPS, TAGS, USER_DATA = Part(_groups), Part(_tags), Part(_user_data)


class Size(NamedTuple):
    """A flavor as servers show it from 2.47 on."""

    pk: int
    name: str
    vcpus: int
    ram: int
    disk: int
    ephemeral: int
    swap: int
    extra_specs: dict[str, str]


def sizes(keys: Iterable[int]) -> dict[int, Size]:
    """Flavors by their keys, those included that were deleted since."""
    found = Flavor.ever.filter(pk__in=set(keys)).values_list(*Size._fields)
    return {row[0]: Size._make(row) for row in found}


OF_NODES = Prepared(
    str,
    lambda nothing: Aggregate.nodes.through.objects.filter(aggregate__zone__isnull=False)
    .exclude(aggregate__zone=nothing)
    .values_list("node__name", "aggregate__zone"),
)


def zones() -> dict[str, str]:
    """The nodes that are in a zone of their own; all others are in the usual one."""
    return dict(OF_NODES.rows(""))


def nets(
    fixed: Iterable[tuple[Any, ...]], floating: Iterable[tuple[Any, ...]], *, with_macs: bool
) -> dict[int, Addresses]:
    """Each server's addresses by the name of the network."""
    result: dict[int, Addresses] = defaultdict(dict)
    for server, network, mac, address, version in fixed:
        entry: dict[str, Any] = {"version": version, "addr": address}
        if with_macs:
            entry["OS-EXT-IPS:type"] = "fixed"
            entry["OS-EXT-IPS-MAC:mac_addr"] = mac
        result[server].setdefault(network, []).append(entry)
    for server, network, mac, address in floating:
        entry = {"version": 6 if ":" in address else 4, "addr": address}
        if with_macs:
            entry["OS-EXT-IPS:type"] = "floating"
            entry["OS-EXT-IPS-MAC:mac_addr"] = mac
        result[server].setdefault(network, []).append(entry)
    return result


def gathered(found: Iterable[tuple[Any, ...]]) -> dict[int, list[Any]]:
    """What belongs to each server, of rows of two columns."""
    result: dict[int, list[Any]] = defaultdict(list)
    for server, value in found:
        result[server].append(value)
    return result
