"""What belongs to servers beside their own rows: addresses, volumes, groups, tags, sizes.

Each part is one query for any number of servers, and a prepared one for a single server.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import QuerySet

from synnefo.db.models import (
    Address,
    Aggregate,
    Flavor,
    FloatingIp,
    Image,
    Port,
    Server,
    ServerTag,
    VolumeAttachment,
)
from synnefo.db.prepared import Prepared

Addresses = dict[str, list[dict[str, Any]]]


class Part:
    """Rows that begin with the key of their server, which is `column` of the database.

    The keys of many servers are written into the query as they are: they are numbers of our own,
    and Django takes longer to prepare a thousand of them than the database to find their rows.
    """

    def __init__(self, rows: "QuerySet[Any, Any]", server: str, column: str) -> None:
        self._rows, self._column = rows, column
        self._one = Prepared(lambda key: rows.filter(**{server: key}), int)

    def of_one(self, server: int) -> Iterable[tuple[Any, ...]]:
        """The rows of one server."""
        return self._one.rows(server)

    def of_many(self, servers: Sequence[int]) -> Iterable[tuple[Any, ...]]:
        """The rows of these servers."""
        if not servers:
            return ()
        keys = ",".join(str(int(key)) for key in servers)
        found: Iterable[tuple[Any, ...]] = self._rows.extra(where=[f"{self._column} IN ({keys})"])
        return found


def _through_port(rows: "QuerySet[Any, Any]") -> Part:
    return Part(rows, "port__server", '"synnefo_port"."server_id"')


MEMBERS: "QuerySet[Any, Any]" = Port.security_groups.through.objects.all()
GROUP_COLUMNS = ("port__server_id", "securitygroup__name")
ADDRESSES = _through_port(
    Address.objects.order_by("port__server", "port__index", "pk").values_list(
        "port__server_id",
        "port__network__name",
        "port__mac_address",
        "address",
        "subnet__ip_version",
    )
)
FLOATING = _through_port(
    FloatingIp.objects.order_by("pk").values_list(
        "port__server_id", "port__network__name", "port__mac_address", "address"
    )
)
GROUPS = _through_port(MEMBERS.order_by(*GROUP_COLUMNS).values_list(*GROUP_COLUMNS).distinct())
VOLUMES = Part(
    VolumeAttachment.objects.filter(detached_at=None)
    .order_by("pk")
    .values_list("server_id", "volume__uuid", "delete_on_termination"),
    "server",
    '"synnefo_volumeattachment"."server_id"',
)
TAGS = Part(
    ServerTag.objects.order_by("tag").values_list("server_id", "tag"),
    "server",
    '"synnefo_servertag"."server_id"',
)
# What the servers were given at their creation: large, and for administrators only.
USER_DATA = Part(
    Server.objects.exclude(user_data="").values_list("pk", "user_data"),
    "pk",
    '"synnefo_server"."id"',
)
# What they were asked to be placed by.
HINTS = Part(
    Server.objects.values_list("pk", "hints"),
    "pk",
    '"synnefo_server"."id"',
)


def image_properties(uuids: Iterable[str]) -> dict[str, dict[str, str]]:
    """The properties of images by their ids, as the database spells these."""
    wanted = {UUID(one): one for one in uuids}
    found = Image.objects.filter(uuid__in=wanted).values_list("uuid", "properties")
    return {wanted[uuid]: properties for uuid, properties in found}


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
    lambda: (
        Aggregate.nodes.through.objects.filter(aggregate__zone__isnull=False)
        .exclude(aggregate__zone="")
        .values_list("node__name", "aggregate__zone")
    )
)


def zones() -> dict[str, str]:
    """The nodes that are in a zone of their own; all others are in the usual one."""
    return dict(OF_NODES.rows())


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
