"""How servers look: one record per microversion, built from plain tuples for speed.

A list of a thousand servers is some queries, whatever the servers hold: the rows, and one for each
part that the microversion shows (`server_parts`).
"""

import hashlib
import hmac
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db.models import CharField, QuerySet
from django.db.models.functions import Cast

from synnefo.api.compute import server_parts as parts
from synnefo.api.compute.server_parts import Addresses, Size
from synnefo.api.request import Request, long_timestamp, timestamp
from synnefo.core.naming import instance_name
from synnefo.core.server_states import (
    NOVA_VIEW,
    ServerMode,
    ServerState,
    ServerTask,
    nova_status,
    vm_state,
)
from synnefo.db.models import Server
from synnefo.db.prepared import Prepared

ZONE = "nova"
WITH_PROGRESS = frozenset({"ACTIVE", "BUILD", "REBUILD", "RESIZE", "VERIFY_RESIZE"})
SECURITY_GROUPS = [{"name": "default"}]
HEX_DIGITS = 32
EMBEDDED_FLAVOR, WITH_TAGS, WITH_GROUPS = 47, 26, 71
WITH_PROPERTIES, WITH_HINTS = 98, 100


class Row(NamedTuple):
    """The columns that a record is made of."""

    pk: int
    uuid: str
    name: str
    description: str | None
    state: str
    mode: str | None
    task: str | None
    progress: int
    size: int
    flavor: str
    image: str | None
    metadata: dict[str, str]
    access_ipv4: str
    access_ipv6: str
    key_name: str | None
    config_drive: bool
    disk_config: str
    hostname: str
    reservation_id: str
    launch_index: int
    zone: str | None
    group: str | None
    locked_by: str | None
    locked_reason: str | None
    fault: dict[str, Any] | None
    node: str
    project_id: str
    user_id: str
    created_at: Any
    updated_at: Any
    launched_at: Any
    deleted_at: Any


def _text(column: str) -> Cast:
    """An id as the database spells it: Django takes long to make objects of them."""
    return Cast(column, CharField())


COLUMNS: dict[str, Any] = {
    "uuid": _text("uuid"),
    "size": "flavor_id",
    "flavor": "flavor__flavor_id",
    "image": _text("image__uuid"),
    "group": _text("group__uuid"),
}


def _columns(servers: "QuerySet[Server]") -> "QuerySet[Any, Any]":
    return servers.values_list(*(COLUMNS.get(name, name) for name in Row._fields))


def dashed(text: str) -> str:
    """An id in its usual form; some databases leave the dashes out."""
    if len(text) != HEX_DIGITS:
        return text
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


ALIVE = Server.objects.exclude(state=ServerState.DELETED)
ONE = Prepared(lambda uuid: _columns(ALIVE.filter(uuid=uuid)), UUID)
BRIEF_COLUMNS = ("pk", "uuid", "name")


def one(uuid: str) -> Row | None:
    """One server that is not deleted, whoever's it is."""
    found = ONE.rows(UUID(uuid))
    return Row._make(found[0]) if found else None


def rows(servers: "QuerySet[Server]") -> list[Row]:
    """The servers as tuples: one query."""
    return list(map(Row._make, _columns(servers)))


def addresses(server: int) -> Addresses:
    """A server's addresses by the name of the network, without what was added to them later."""
    found = parts.nets(
        parts.ADDRESSES.of_one(server), parts.FLOATING.of_one(server), with_macs=False
    )
    return found.get(server, {})


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


Extra = Callable[[Row, dict[str, Any]], None]


def node_of(row: Row) -> str:
    """Where it is; a server that is offloaded is nowhere."""
    return "" if row.mode == ServerMode.SHELVED_OFFLOADED else row.node


def _host(row: Row, record: dict[str, Any]) -> None:
    record["OS-EXT-SRV-ATTR:host"] = node_of(row) or None
    record["OS-EXT-SRV-ATTR:hypervisor_hostname"] = node_of(row) or None
    record["OS-EXT-SRV-ATTR:instance_name"] = instance_name(
        settings.SYNNEFO_INSTANCE_PREFIX, row.pk
    )


def _more_attributes(row: Row, record: dict[str, Any]) -> None:
    record["OS-EXT-SRV-ATTR:reservation_id"] = row.reservation_id or f"r-{row.pk:08x}"
    record["OS-EXT-SRV-ATTR:launch_index"] = row.launch_index
    record["OS-EXT-SRV-ATTR:kernel_id"] = ""
    record["OS-EXT-SRV-ATTR:ramdisk_id"] = ""
    record["OS-EXT-SRV-ATTR:root_device_name"] = "/dev/vda"
    _hostname(row, record)


def _hostname(row: Row, record: dict[str, Any]) -> None:
    record["OS-EXT-SRV-ATTR:hostname"] = row.hostname or row.name


def _locked(row: Row, record: dict[str, Any]) -> None:
    record["locked"] = row.locked_by is not None


def _locked_reason(row: Row, record: dict[str, Any]) -> None:
    record["locked_reason"] = row.locked_reason


def _host_status(row: Row, record: dict[str, Any]) -> None:
    record["host_status"] = "UP" if node_of(row) else ""


def _description(row: Row, record: dict[str, Any]) -> None:
    record["description"] = row.description


def _certificates(_row: Row, record: dict[str, Any]) -> None:
    record["trusted_image_certificates"] = None


def _pinned_zone(row: Row, record: dict[str, Any]) -> None:
    record["pinned_availability_zone"] = row.zone


# What a record has beyond 2.1: (from minor version, for administrators only, what it adds).
EXTRAS: tuple[tuple[int, bool, Extra], ...] = (
    (1, True, _host),
    (3, True, _more_attributes),
    (9, False, _locked),
    (16, True, _host_status),
    (19, False, _description),
    (63, False, _certificates),
    (73, False, _locked_reason),
    (90, False, _hostname),
    (96, False, _pinned_zone),
)


def _add_states(row: Row, record: dict[str, Any]) -> str:
    """The state in all its words; gives the status back."""
    state = ServerState(row.state)
    if state is ServerState.ERROR and row.task == ServerTask.DELETING and row.launched_at is None:
        state = ServerState.BUILD  # Its build was given up for its deletion.
    mode = ServerMode(row.mode) if row.mode else None
    status = nova_status(state, ServerTask(row.task) if row.task else None, mode)
    record["status"] = status
    record["OS-EXT-STS:task_state"] = row.task
    record["OS-EXT-STS:vm_state"] = vm_state(state, mode)
    record["OS-EXT-STS:power_state"] = NOVA_VIEW[state][1]
    return status


def _size(size: Size) -> dict[str, Any]:
    return {
        "original_name": size.name,
        "vcpus": size.vcpus,
        "ram": size.ram,
        "disk": size.disk,
        "ephemeral": size.ephemeral,
        "swap": size.swap,
        "extra_specs": size.extra_specs,
    }


class Renderer:
    """Builds the records of one answer."""

    def __init__(self, request: Request) -> None:
        self.base = request.base
        self.minor = request.version[1]
        self.admin = request.caller.is_admin
        self.extras = tuple(
            add
            for minor, admin_only, add in EXTRAS
            if self.minor >= minor and (self.admin or not admin_only)
        )
        self._flavors: dict[Any, dict[str, Any]] = {}
        self._images: dict[Any, Any] = {None: ""}
        self._zones: dict[str, str] | None = None

    def _flavor(self, key: str) -> dict[str, Any]:
        if key not in self._flavors:
            href = f"{self.base}/compute/flavors/{key}"
            self._flavors[key] = {"id": key, "links": [{"rel": "bookmark", "href": href}]}
        return self._flavors[key]

    def _image(self, key: Any) -> Any:
        if key not in self._images:
            identifier = dashed(key)
            href = f"{self.base}/compute/images/{identifier}"
            self._images[key] = {"id": identifier, "links": [{"rel": "bookmark", "href": href}]}
        return self._images[key]

    def _zone(self, row: Row) -> str:
        """That of its node; before it has one, the one that its user wants."""
        if not row.node:
            return row.zone or ""
        if self._zones is None:
            self._zones = parts.zones()
        return self._zones.get(row.node, ZONE)

    def record(self, row: Row) -> dict[str, Any]:
        """One server, but for its parts."""
        record = self._what(row)
        status = _add_states(row, record)
        if status in WITH_PROGRESS:
            record["progress"] = row.progress
        if row.fault:  # Nova shows it of failed servers only; ours also tells what was given up.
            record["fault"] = _fault(row.fault, self.admin)
        for add in self.extras:
            add(row, record)
        return record

    def _what(self, row: Row) -> dict[str, Any]:
        uuid = dashed(row.uuid)
        return {
            "id": uuid,
            "name": row.name,
            "tenant_id": row.project_id,
            "user_id": row.user_id,
            "metadata": row.metadata,
            "hostId": host_id(row.project_id, node_of(row)),
            "image": self._image(row.image),
            "flavor": self._flavor(row.flavor),
            "created": timestamp(row.created_at),
            "updated": timestamp(row.updated_at),
            "addresses": {},
            "accessIPv4": row.access_ipv4,
            "accessIPv6": row.access_ipv6,
            "links": links(self.base, uuid),
            "OS-DCF:diskConfig": row.disk_config,
            "OS-EXT-AZ:availability_zone": self._zone(row),
            "config_drive": "True" if row.config_drive else "",
            "key_name": row.key_name,
            "OS-SRV-USG:launched_at": long_timestamp(row.launched_at),
            "OS-SRV-USG:terminated_at": long_timestamp(row.deleted_at),
            "os-extended-volumes:volumes_attached": [],
        }

    def one(self, row: Row, *, with_macs: bool = True) -> dict[str, Any]:
        """One server with its parts and, from 2.71 on, its group."""
        record = self._complete([row], lambda part: part.of_one(row.pk), with_macs)[0]
        if self.minor >= WITH_GROUPS:
            record["server_groups"] = [] if row.group is None else [dashed(row.group)]
        return record

    def all(self, servers: list[Row]) -> list[dict[str, Any]]:
        """Many servers with their parts."""
        keys = [row.pk for row in servers]
        return self._complete(servers, lambda part: part.of_many(keys), True)

    def _complete(
        self, servers: list[Row], found: Callable[[parts.Part], Any], with_macs: bool
    ) -> list[dict[str, Any]]:
        records = [self.record(row) for row in servers]
        pairs = list(zip([row.pk for row in servers], records, strict=True))
        nets = parts.nets(found(parts.ADDRESSES), found(parts.FLOATING), with_macs=with_macs)
        groups = parts.gathered(found(parts.GROUPS))
        for key, record in pairs:
            record["addresses"] = nets.get(key, {})
            if named := groups.get(key):  # As with Nova, who is in none says nothing of them.
                record["security_groups"] = [{"name": name} for name in named]
        self._add_volumes(dict(pairs), found(parts.VOLUMES))
        self._add_newer(servers, pairs, found)
        return records

    def _add_volumes(self, records: dict[int, dict[str, Any]], found: Any) -> None:
        for server, volume, delete in found:
            shown: dict[str, Any] = {"id": str(volume)}
            if self.minor >= 3:
                shown["delete_on_termination"] = delete
            records[server]["os-extended-volumes:volumes_attached"].append(shown)

    def _add_newer(
        self,
        servers: Sequence[Row],
        pairs: Sequence[tuple[int, dict[str, Any]]],
        found: Callable[[parts.Part], Any],
    ) -> None:
        """What came with later microversions."""
        if _more_attributes in self.extras:
            given = dict(found(parts.USER_DATA))
            for key, record in pairs:
                record["OS-EXT-SRV-ATTR:user_data"] = given.get(key)
        if self.minor >= WITH_TAGS:
            tags = parts.gathered(found(parts.TAGS))
            for key, record in pairs:
                record["tags"] = tags.get(key, [])
        if self.minor >= EMBEDDED_FLAVOR:
            sizes = {key: _size(one) for key, one in parts.sizes(r.size for r in servers).items()}
            for row, (_, record) in zip(servers, pairs, strict=True):
                record["flavor"] = sizes[row.size]
        if self.minor >= WITH_PROPERTIES:
            self._add_properties(servers, pairs)
        if self.minor >= WITH_HINTS:
            hints = dict(found(parts.HINTS))
            for key, record in pairs:
                record["scheduler_hints"] = hints.get(key, {})

    @staticmethod
    def _add_properties(
        servers: Sequence[Row], pairs: Sequence[tuple[int, dict[str, Any]]]
    ) -> None:
        """What images say of themselves; one that is gone says nothing."""
        known = parts.image_properties({row.image for row in servers if row.image})
        for row, (_, record) in zip(servers, pairs, strict=True):
            if row.image:
                record["image"] = record["image"] | {"properties": known.get(row.image, {})}


def admin_password(uuid: str) -> str:
    """What the API calls adminPass: the same at each repetition of a creation, stored nowhere."""
    key = settings.SECRET_KEY.encode()
    return hmac.new(key, f"admin-password:{uuid}".encode(), hashlib.sha256).hexdigest()[:12]
