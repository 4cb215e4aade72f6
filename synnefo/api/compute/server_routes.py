"""The paths of servers and of what belongs to them, of key pairs and of extensions."""

from synnefo.api import bodies
from synnefo.api.bodies import record
from synnefo.api.compute import (
    console_tokens,
    extensions,
    external_events,
    history,
    keypairs,
    metadata,
    server_bodies,
    server_details,
    server_tags,
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

SERVERS = (
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
        gives={200: history.LIST},
        query=history.QUERY,
    ),
    Route(
        "GET",
        "servers/{id}/os-instance-actions/{request_id}",
        history.show,
        Who.READER,
        gives={200: history.ONE},
    ),
    Route(
        "GET",
        "servers/{id}/diagnostics",
        server_details.diagnostics,
        Who.ADMIN,
        gives={200: server_details.ANYTHING},
    ),
    Route(
        "GET",
        "servers/{id}/topology",
        server_details.topology,
        Who.READER,
        gives={200: server_details.ANYTHING},
    ),
    Route(
        "GET",
        "servers/{id}/os-server-password",
        server_details.password,
        Who.READER,
        gives={200: server_details.PASSWORD},
    ),
    Route(
        "DELETE",
        "servers/{id}/os-server-password",
        server_details.forget_password,
        Who.MEMBER,
        gives={204: None},
    ),
    Route(
        "GET",
        "servers/{id}/os-virtual-interfaces",
        server_details.virtual_interfaces,
        Who.READER,
        gives={200: server_details.CARDS},
    ),
    Route(
        "GET",
        "servers/{id}/os-security-groups",
        server_details.security_groups,
        Who.READER,
        gives={200: server_details.GROUPS},
    ),
)
TAGS = (
    Route("GET", "servers/{id}/tags", server_tags.index, Who.READER, gives={200: server_tags.ALL}),
    Route(
        "PUT",
        "servers/{id}/tags",
        server_tags.replace,
        Who.MEMBER,
        server_tags.ALL,
        {200: server_tags.ALL},
    ),
    Route("DELETE", "servers/{id}/tags", server_tags.clear, Who.MEMBER, gives={204: None}),
    Route("GET", "servers/{id}/tags/{tag}", server_tags.show, Who.READER, gives={204: None}),
    Route(
        "PUT", "servers/{id}/tags/{tag}", server_tags.add, Who.MEMBER, gives={201: None, 204: None}
    ),
    Route("DELETE", "servers/{id}/tags/{tag}", server_tags.remove, Who.MEMBER, gives={204: None}),
)
OTHERS = (
    Route(
        "GET",
        "os-console-auth-tokens/{token}",
        console_tokens.show,
        Who.ADMIN,
        gives={200: console_tokens.SHAPE},
    ),
    Route(
        "POST",
        "os-server-external-events",
        external_events.create,
        Who.ADMIN,
        external_events.BODY,
        {200: external_events.SHAPE, 207: external_events.SHAPE},
        also=external_events.SERVICES,
    ),
    Route(
        "GET",
        "os-keypairs",
        keypairs.index,
        Who.READER,
        gives={200: keypairs.LIST},
        query=keypairs.QUERY,
    ),
    Route(
        "POST",
        "os-keypairs",
        keypairs.create,
        Who.READER,
        keypairs.CREATION,
        {200: keypairs.ONE, 201: keypairs.ONE},
        ("user_id",),
    ),
    Route(
        "GET",
        "os-keypairs/{name}",
        keypairs.show,
        Who.READER,
        gives={200: keypairs.ONE},
        query=("user_id",),
    ),
    Route(
        "DELETE",
        "os-keypairs/{name}",
        keypairs.delete,
        Who.READER,
        gives={202: None, 204: None},
        query=("user_id",),
    ),
)
ROUTES = (*SERVERS, *TAGS, *OTHERS)
