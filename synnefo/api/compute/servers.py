"""Servers: lists, one, create, update, delete, addresses."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse

from synnefo.api import bodies
from synnefo.api.bodies import UUID, record
from synnefo.api.compute import server_requests
from synnefo.api.compute.server_filters import SORT_KEYS, check_query, selected
from synnefo.api.compute.server_records import (
    BRIEF_COLUMNS,
    SECURITY_GROUPS,
    Renderer,
    addresses,
    admin_password,
    brief,
    links,
    one,
    rows,
)
from synnefo.api.pagination import after, limit_of, next_link, ordered, sorted_by, sorting
from synnefo.api.request import Request, answer, empty
from synnefo.core.faults import BadRequest, NotFound
from synnefo.core.server_states import ServerState
from synnefo.db.models import Server
from synnefo.intents.compute import server_changes
from synnefo.intents.compute import servers as intents

# What an update may say, and where it is kept.
COLUMNS = {
    "name": "name",
    "description": "description",
    "accessIPv4": "access_ipv4",
    "accessIPv6": "access_ipv6",
    "hostname": "hostname",
    "OS-DCF:diskConfig": "disk_config",
    "pinned_availability_zone": "zone",
}
NEWEST_FIRST = ("created_at", "desc")
WHOLE_ANSWERS = 75  # From here on updates answer with what reads do.
SERVER = record({"server": bodies.anything}, ("server",))
SERVERS = record({"servers": bodies.listing(bodies.anything, most=1000)}, ("servers",))


def readable(request: Request, uuid: str) -> QuerySet[Server]:
    """The server with this id, if there is one that the caller may see."""
    if not UUID.fullmatch(uuid):
        return Server.objects.none()
    servers = Server.objects.filter(uuid=uuid).exclude(state=ServerState.DELETED)
    return servers if request.caller.is_admin else servers.filter(project_id=request.project)


def missing(uuid: str) -> NotFound:
    """The fault for a server that is not there, or not the caller's."""
    return NotFound(f"Instance {uuid[:80]} could not be found.")


def find(request: Request, uuid: str) -> Server:
    """One server."""
    server = readable(request, uuid).select_related("backend").first()
    if server is None:
        raise missing(uuid)
    return server


def _page(request: Request) -> tuple["QuerySet[Server]", int]:
    check_query(request)
    servers = selected(request)
    order = sorting(request, SORT_KEYS, NEWEST_FIRST)
    marker = request.query.get("marker")
    if marker is not None:
        columns = [column for column, _ in order]
        found = selected_marker(request, marker).values_list(*columns).first()
        if found is None:
            raise BadRequest(f"marker [{marker[:80]}] not found", field="marker")
        servers = servers.filter(after(Server, order, found))
    limit = limit_of(request)
    return ordered(servers, order)[:limit], limit


def selected_marker(request: Request, marker: str) -> "QuerySet[Server]":
    """The server that a page follows; it may have been deleted since."""
    if not UUID.fullmatch(marker):
        return Server.objects.none()
    servers = Server.objects.filter(uuid=marker)
    return servers if request.caller.is_admin else servers.filter(project_id=request.project)


def _list(request: Request, page: list[dict[str, Any]], limit: int, path: str) -> HttpResponse:
    data: dict[str, Any] = {"servers": page}
    if limit and len(page) == limit:
        href = next_link(request, f"{request.base}/compute/v2.1/{path}", page[-1]["id"])
        data["servers_links"] = [{"rel": "next", "href": href}]
    return answer(data)


@sorted_by(SORT_KEYS)
def list_brief(request: Request) -> HttpResponse:
    """GET /servers."""
    servers, limit = _page(request)
    found = servers.values_list(*BRIEF_COLUMNS)
    page = [brief(request.base, str(uuid), name) for _, uuid, name in found]
    return _list(request, page, limit, "servers")


@sorted_by(SORT_KEYS)
def list_detail(request: Request) -> HttpResponse:
    """GET /servers/detail."""
    servers, limit = _page(request)
    page = Renderer(request).all(rows(servers))
    return _list(request, page, limit, "servers/detail")


def show(request: Request, id: str) -> HttpResponse:
    """GET /servers/{id}."""
    row = one(id) if UUID.fullmatch(id) else None
    if row is None or not (row.project_id == request.project or request.caller.is_admin):
        raise missing(id)
    return answer({"server": Renderer(request).one(row)})


def create(request: Request) -> HttpResponse:
    """POST /servers: 202 as soon as the wish is recorded."""
    wish = request.wish["server"]
    server = intents.create(request.caller, server_requests.server_request(request, request.wish))
    if wish.get("return_reservation_id"):
        return answer({"reservation_id": server.reservation_id}, 202)
    uuid = str(server.uuid)
    shown = {
        "id": uuid,
        "links": links(request.base, uuid),
        "OS-DCF:diskConfig": server.disk_config,
        "security_groups": wish.get("security_groups") or SECURITY_GROUPS,
        "adminPass": wish.get("adminPass") or admin_password(uuid),
    }
    location = f"{request.base}/compute/v2.1/servers/{uuid}"
    return answer({"server": shown}, 202, {"Location": location})


def update(request: Request, id: str) -> HttpResponse:
    """PUT /servers/{id}: name, description, access addresses and what the guest is called."""
    find(request, id)
    changes = {
        COLUMNS[key]: value for key, value in request.wish["server"].items() if key in COLUMNS
    }
    if changes:
        server_changes.update(request.caller, id, **changes)
    return answer({"server": changed(request, id)})


# Answers to updates and rebuilds below 2.75 are smaller than those to reads.
ONLY_IN_READS = (
    "OS-EXT-AZ:availability_zone", "config_drive", "key_name", "OS-SRV-USG:launched_at",
    "OS-SRV-USG:terminated_at", "security_groups", "OS-EXT-STS:task_state", "OS-EXT-STS:vm_state",
    "OS-EXT-STS:power_state", "os-extended-volumes:volumes_attached",
)  # fmt: skip


def changed(request: Request, uuid: str) -> dict[str, Any]:
    """A server as the answer to its change shows it."""
    found = rows(readable(request, uuid))
    if not found:  # Deleted in this very moment.
        raise missing(uuid)
    if request.version[1] >= WHOLE_ANSWERS:
        return Renderer(request).one(found[0])
    shown = Renderer(request).one(found[0], with_macs=False)
    return {
        key: value
        for key, value in shown.items()
        if key not in ONLY_IN_READS
        and not key.startswith("OS-EXT-SRV-ATTR")
        and key != "host_status"
    }


def delete(request: Request, id: str) -> HttpResponse:
    """DELETE /servers/{id}: the server stays readable until it is gone."""
    find(request, id)
    intents.delete(request.caller, id)
    return empty(204)


def ips(request: Request, id: str) -> HttpResponse:
    """GET /servers/{id}/ips."""
    return answer({"addresses": addresses(find(request, id).pk)})


def ips_of_network(request: Request, id: str, network: str) -> HttpResponse:
    """GET /servers/{id}/ips/{network}."""
    nets = addresses(find(request, id).pk)
    if network not in nets:
        raise NotFound("Network not found")
    return answer({network: nets[network]})
