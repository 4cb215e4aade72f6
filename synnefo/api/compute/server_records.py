"""How servers look: one record per microversion, built from plain tuples for speed.

A list of a thousand servers is two queries, whatever the servers hold: the rows, and their
addresses; for administrators a third, what the servers were given as user data.
"""

import hashlib
import hmac
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from synnefo.api.prepared import Prepared
from synnefo.api.request import Request, long_timestamp, timestamp
from synnefo.core.naming import instance_name
from synnefo.core.server_states import NOVA_VIEW, ServerState, ServerTask, nova_status
from synnefo.db.models import Address, Server

ZONE = "nova"
WITH_PROGRESS = frozenset({"ACTIVE", "BUILD", "REBUILD", "RESIZE", "VERIFY_RESIZE"})
SECURITY_GROUPS = [{"name": "default"}]


class Row(NamedTuple):
    """The columns that a record is made of."""

    pk: int
    uuid: Any
    name: str
    description: str | None
    state: str
    task: str | None
    progress: int
    flavor: str
    image: Any
    metadata: dict[str, str]
    access_ipv4: str
    access_ipv6: str
    key_name: str | None
    config_drive: bool
    fault: dict[str, Any] | None
    node: str
    project_id: str
    user_id: str
    created_at: Any
    updated_at: Any
    launched_at: Any
    deleted_at: Any


COLUMNS = tuple(
    {"flavor": "flavor__flavor_id", "image": "image__uuid"}.get(name, name) for name in Row._fields
)
ALIVE = Server.objects.exclude(state=ServerState.DELETED)
ONE = Prepared(UUID, lambda uuid: ALIVE.filter(uuid=uuid).values_list(*COLUMNS))
BRIEF_COLUMNS = ("pk", "uuid", "name")
Addresses = dict[str, list[dict[str, Any]]]


def one(uuid: str) -> Row | None:
    """One server that is not deleted, whoever's it is."""
    found = ONE.rows(UUID(uuid))
    return Row._make(found[0]) if found else None


def rows(servers: "QuerySet[Server]") -> list[Row]:
    """The servers as tuples: one query."""
    return list(map(Row._make, servers.values_list(*COLUMNS)))


def addresses(servers: Iterable[int], *, with_macs: bool = True) -> dict[int, Addresses]:
    """Each server's addresses by the name of the network: one query."""
    return _by_server(_addresses(Address.objects.filter(port__server__in=servers)), with_macs)


def _addresses(found: "QuerySet[Address]") -> "QuerySet[Any, Any]":
    return found.order_by("port__server", "port__index", "pk").values_list(
        "port__server_id",
        "port__network__name",
        "port__mac_address",
        "address",
        "subnet__ip_version",
    )


OF_ONE = Prepared(int, lambda server: _addresses(Address.objects.filter(port__server=server)))


def _by_server(found: Iterable[Any], with_macs: bool) -> dict[int, Addresses]:
    result: dict[int, Addresses] = defaultdict(dict)
    for server, network, mac, address, version in found:
        entry: dict[str, Any] = {"version": version, "addr": address}
        if with_macs:
            entry["OS-EXT-IPS:type"] = "fixed"
            entry["OS-EXT-IPS-MAC:mac_addr"] = mac
        result[server].setdefault(network, []).append(entry)
    return result


@lru_cache(maxsize=4096)
def host_id(project: str, node: str) -> str:
    """The same for servers of one project on one node, and telling nothing about the node."""
    return hashlib.sha224(f"{project}{node}".encode()).hexdigest() if node else ""


def links(base: str, uuid: str) -> list[dict[str, str]]:
    """The two addresses of a server."""
    return [
        {"rel": "self", "href": f"{base}/compute/v2.1/servers/{uuid}"},
        {"rel": "bookmark", "href": f"{base}/compute/servers/{uuid}"},
    ]


def brief(base: str, uuid: str, name: str) -> dict[str, Any]:
    """A server in the short list."""
    return {"id": uuid, "name": name, "links": links(base, uuid)}


def _fault(fault: dict[str, Any], admin: bool) -> dict[str, Any]:
    shown = {
        "code": fault.get("code", 500),
        "created": fault.get("created"),
        "message": fault.get("message", ""),
    }
    if admin and fault.get("details"):
        shown["details"] = fault["details"]
    return shown


def _user_data(servers: Iterable[int]) -> dict[int, str]:
    """What the servers were given at their creation: large, and for administrators only."""
    given = Server.objects.filter(pk__in=servers).exclude(user_data="")
    return dict(given.values_list("pk", "user_data"))


Extra = Callable[[Row, dict[str, Any]], None]


def _host(row: Row, record: dict[str, Any]) -> None:
    record["OS-EXT-SRV-ATTR:host"] = row.node or None
    record["OS-EXT-SRV-ATTR:hypervisor_hostname"] = row.node or None
    record["OS-EXT-SRV-ATTR:instance_name"] = instance_name(
        settings.SYNNEFO_INSTANCE_PREFIX, row.pk
    )


def _more_attributes(row: Row, record: dict[str, Any]) -> None:
    record["OS-EXT-SRV-ATTR:reservation_id"] = f"r-{row.pk:08x}"
    record["OS-EXT-SRV-ATTR:launch_index"] = 0
    record["OS-EXT-SRV-ATTR:hostname"] = row.name
    record["OS-EXT-SRV-ATTR:kernel_id"] = ""
    record["OS-EXT-SRV-ATTR:ramdisk_id"] = ""
    record["OS-EXT-SRV-ATTR:root_device_name"] = "/dev/vda"


def _locked(_row: Row, record: dict[str, Any]) -> None:
    record["locked"] = False


def _host_status(row: Row, record: dict[str, Any]) -> None:
    record["host_status"] = "UP" if row.node else ""


def _description(row: Row, record: dict[str, Any]) -> None:
    record["description"] = row.description


# What a record has beyond 2.1: (from minor version, for administrators only, what it adds).
EXTRAS: tuple[tuple[int, bool, Extra], ...] = (
    (1, True, _host),
    (3, True, _more_attributes),
    (9, False, _locked),
    (16, True, _host_status),
    (19, False, _description),
)


def _add_states(row: Row, record: dict[str, Any]) -> str:
    """The state in all its words; gives the status back."""
    state = ServerState(row.state)
    vm_state, power_state, _ = NOVA_VIEW[state]
    status = nova_status(state, ServerTask(row.task) if row.task else None)
    record["status"] = status
    record["OS-EXT-STS:task_state"] = row.task
    record["OS-EXT-STS:vm_state"] = vm_state
    record["OS-EXT-STS:power_state"] = power_state
    return status


class Renderer:
    """Builds the records of one answer."""

    def __init__(self, request: Request) -> None:
        self.base = request.base
        self.admin = request.caller.is_admin
        self.extras = tuple(
            add
            for minor, admin_only, add in EXTRAS
            if request.version[1] >= minor and (self.admin or not admin_only)
        )
        self._flavors: dict[str, dict[str, Any]] = {}
        self._images: dict[Any, Any] = {None: ""}

    def _flavor(self, key: str) -> dict[str, Any]:
        if key not in self._flavors:
            href = f"{self.base}/compute/flavors/{key}"
            self._flavors[key] = {"id": key, "links": [{"rel": "bookmark", "href": href}]}
        return self._flavors[key]

    def _image(self, key: Any) -> Any:
        if key not in self._images:
            href = f"{self.base}/compute/images/{key}"
            self._images[key] = {"id": str(key), "links": [{"rel": "bookmark", "href": href}]}
        return self._images[key]

    def record(self, row: Row, nets: Addresses) -> dict[str, Any]:
        """One server."""
        record = self._what(row, nets)
        status = _add_states(row, record)
        if status in WITH_PROGRESS:
            record["progress"] = row.progress
        if row.fault:  # Nova shows it of failed servers only; ours also tells what was given up.
            record["fault"] = _fault(row.fault, self.admin)
        for add in self.extras:
            add(row, record)
        return record

    def _what(self, row: Row, nets: Addresses) -> dict[str, Any]:
        uuid = str(row.uuid)
        return {
            "id": uuid,
            "name": row.name,
            "tenant_id": row.project_id,
            "user_id": row.user_id,
            "metadata": row.metadata,
            "hostId": host_id(row.project_id, row.node),
            "image": self._image(row.image),
            "flavor": self._flavor(row.flavor),
            "created": timestamp(row.created_at),
            "updated": timestamp(row.updated_at),
            "addresses": nets,
            "accessIPv4": row.access_ipv4,
            "accessIPv6": row.access_ipv6,
            "links": links(self.base, uuid),
            "OS-DCF:diskConfig": "MANUAL",
            "OS-EXT-AZ:availability_zone": ZONE if row.node else "",
            "config_drive": "True" if row.config_drive else "",
            "key_name": row.key_name,
            "OS-SRV-USG:launched_at": long_timestamp(row.launched_at),
            "OS-SRV-USG:terminated_at": long_timestamp(row.deleted_at),
            "security_groups": SECURITY_GROUPS,
            "os-extended-volumes:volumes_attached": [],
        }

    def one(self, row: Row) -> dict[str, Any]:
        """One server and its addresses."""
        nets = _by_server(OF_ONE.rows(row.pk), True)
        return self._complete([row], nets)[0]

    def all(self, servers: list[Row]) -> list[dict[str, Any]]:
        """Many servers and their addresses."""
        return self._complete(servers, addresses([row.pk for row in servers]))

    def _complete(self, servers: list[Row], nets: dict[int, Addresses]) -> list[dict[str, Any]]:
        records = [self.record(row, nets.get(row.pk, {})) for row in servers]
        if _more_attributes in self.extras:
            given = _user_data([row.pk for row in servers])
            for row, record in zip(servers, records, strict=True):
                record["OS-EXT-SRV-ATTR:user_data"] = given.get(row.pk)
        return records


def admin_password(uuid: str) -> str:
    """What the API calls adminPass: the same at each repetition of a creation, stored nowhere."""
    key = settings.SECRET_KEY.encode()
    return hmac.new(key, f"admin-password:{uuid}".encode(), hashlib.sha256).hexdigest()[:12]
