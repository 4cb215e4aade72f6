"""The list of extensions, which old clients and tests ask for."""

from typing import Any

from django.http import HttpResponse

from synnefo.api.request import Request, answer
from synnefo.core.faults import NotFound

UPDATED = "2014-12-03T00:00:00Z"
EXTENSIONS = {
    alias: {
        "alias": alias,
        "name": name,
        "description": description,
        "links": [],
        "namespace": "http://docs.openstack.org/compute/ext/fake_xml",
        "updated": UPDATED,
    }
    for alias, name, description in (
        ("os-availability-zone", "AvailabilityZone", "Availability zones."),
        ("os-consoles", "Consoles", "Consoles of servers."),
        ("os-console-output", "ConsoleOutput", "What a server wrote to its console."),
        ("os-instance-actions", "InstanceActions", "What happened to a server."),
        ("os-keypairs", "Keypairs", "Key pairs."),
        ("os-quota-sets", "Quotas", "Quotas of projects."),
        ("os-remote-consoles", "RemoteConsoles", "Consoles in the browser."),
        ("servers", "Servers", "Servers."),
        ("flavors", "Flavors", "Sizes of servers."),
        ("limits", "Limits", "What a project may use."),
        ("server-metadata", "Server Metadata", "Metadata of servers."),
        ("versions", "Versions", "API version information."),
    )
}


def index(_request: Request) -> HttpResponse:
    """GET /extensions."""
    return answer({"extensions": list(EXTENSIONS.values())})


def show(_request: Request, alias: str) -> HttpResponse:
    """GET /extensions/{alias}."""
    extension: dict[str, Any] | None = EXTENSIONS.get(alias)
    if extension is None:
        raise NotFound("The resource could not be found.")
    return answer({"extension": extension})
