"""The paths of servers and of what belongs to them, of key pairs and of extensions."""

from synnefo.api import bodies
from synnefo.api.bodies import record
from synnefo.api.compute import (
    extensions,
    history,
    keypairs,
    metadata,
    server_bodies,
    servers,
)
from synnefo.api.compute.server_filters import QUERY
from synnefo.api.routing import Route, Who

CREATED = record(
    {
        "server": record(
            {"id": bodies.uuid, "adminPass": bodies.text()}, ("id",), rest=bodies.anything
        ),
        "reservation_id": bodies.text(),
    }
)
NETS = record({}, rest=bodies.anything)

ROUTES = (
    Route("GET", "extensions", extensions.index, Who.READER, gives={200: extensions.LIST}),
    Route("GET", "extensions/{alias}", extensions.show, Who.READER, gives={200: extensions.ONE}),
    Route(
        "GET", "servers", servers.list_brief, Who.READER, gives={200: servers.SERVERS}, query=QUERY
    ),
    Route("POST", "servers", servers.create, Who.MEMBER, server_bodies.CREATION, {202: CREATED}),
    Route(
        "GET",
        "servers/detail",
        servers.list_detail,
        Who.READER,
        gives={200: servers.SERVERS},
        query=QUERY,
    ),
    Route("GET", "servers/{id}", servers.show, Who.READER, gives={200: servers.SERVER}),
    Route(
        "PUT",
        "servers/{id}",
        servers.update,
        Who.MEMBER,
        server_bodies.CHANGE,
        {200: servers.SERVER},
    ),
    Route("DELETE", "servers/{id}", servers.delete, Who.MEMBER, gives={204: None}),
    Route("GET", "servers/{id}/ips", servers.ips, Who.READER, gives={200: NETS}),
    Route(
        "GET", "servers/{id}/ips/{network}", servers.ips_of_network, Who.READER, gives={200: NETS}
    ),
    Route("GET", "servers/{id}/metadata", metadata.show_all, Who.READER, gives={200: metadata.ALL}),
    Route(
        "PUT",
        "servers/{id}/metadata",
        metadata.replace_all,
        Who.MEMBER,
        metadata.ALL,
        {200: metadata.ALL},
    ),
    Route(
        "POST",
        "servers/{id}/metadata",
        metadata.merge,
        Who.MEMBER,
        metadata.ALL,
        {200: metadata.ALL},
    ),
    Route(
        "GET", "servers/{id}/metadata/{key}", metadata.show, Who.READER, gives={200: metadata.ONE}
    ),
    Route(
        "PUT",
        "servers/{id}/metadata/{key}",
        metadata.set_item,
        Who.MEMBER,
        metadata.ONE,
        {200: metadata.ONE},
    ),
    Route(
        "DELETE", "servers/{id}/metadata/{key}", metadata.delete_item, Who.MEMBER, gives={204: None}
    ),
    Route(
        "GET",
        "servers/{id}/os-instance-actions",
        history.index,
        Who.READER,
    ),
    Route("GET", "servers/{id}/os-instance-actions/{request_id}", history.show, Who.READER),
    Route("GET", "os-keypairs", keypairs.index, Who.READER),
    Route("POST", "os-keypairs", keypairs.create, Who.MEMBER),
    Route("GET", "os-keypairs/{name}", keypairs.show, Who.READER),
    Route("DELETE", "os-keypairs/{name}", keypairs.delete, Who.MEMBER),
)
