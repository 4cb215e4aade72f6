"""What the network service says of itself: resources, extensions, availability zones."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse

from synnefo.api.network import kinds
from synnefo.api.request import Request, answer
from synnefo.api.routing import Route, Who
from synnefo.core.faults import NotFound

UPDATED = "2015-01-01T10:00:00-00:00"
EXTENSIONS: dict[str, dict[str, Any]] = {
    alias: {
        "alias": alias,
        "name": name,
        "description": description,
        "updated": UPDATED,
        "links": [],
    }
    for alias, name, description in (
        ("address-group", "Address group", "Addresses that rules name together."),
        ("address-scope", "Address scope", "Pools within which no address is there twice."),
        ("agent", "agent", "What does the work on nodes, for administrators."),
        ("allowed-address-pairs", "Allowed Address Pairs", "More addresses that a port may use."),
        (
            "auto-allocated-topology",
            "Auto Allocated Topology Services",
            "A network with a way out for who asks for any.",
        ),
        ("availability_zone", "Availability Zone", "Where networks and routers are."),
        ("binding", "Port Binding", "Where ports are, for administrators."),
        ("binding-extended", "Ports Bindings Extended", "Kinds of cards."),
        ("default-subnetpools", "Default Subnetpools", "The pool that is taken unasked."),
        ("dns-integration", "DNS Integration", "Names of ports and networks."),
        ("empty-string-filtering", "Empty String Filtering", "Filters for empty values."),
        ("ext-gw-mode", "Neutron L3 Configurable external gateway mode", "Gateways without SNAT."),
        ("external-net", "Neutron external network", "Networks that lead out of the cloud."),
        ("extra_dhcp_opt", "Neutron Extra DHCP options", "DHCP options of ports."),
        ("extraroute", "Neutron Extra Route", "Routes of routers."),
        ("extraroute-atomic", "Atomically add/remove extra routes", "Some routes of many."),
        ("fip-port-details", "Floating IP Port Details", "Ports of floating addresses."),
        ("floatingip-pools", "Floating IP Pools Extension", "Where floating addresses are from."),
        ("ip-substring-filtering", "IP address substring filtering", "Filter ports by addresses."),
        ("net-mtu", "Network MTU", "The MTU of networks."),
        ("net-mtu-writable", "Network MTU (writable)", "An MTU of one's choice."),
        ("network-ip-availability", "Network IP Availability", "How many addresses are left."),
        ("network_availability_zone", "Network Availability Zone", "Where networks are."),
        ("pagination", "Pagination support", "Pages of lists."),
        ("port-mac-address-regenerate", "Port MAC address regenerate", "MACs anew."),
        ("port-security", "Port Security", "Only a port's own addresses pass."),
        ("project-id", "project_id field enabled", "project_id beside tenant_id."),
        ("provider", "Provider Network", "How a network is made, for administrators."),
        ("quota-check-limit", "Quota limits check", "Limits are held against what is used."),
        ("quota-check-limit-default", "Quota limits check by default", "That unasked."),
        ("quota_details", "Quota details management support", "What is used of quotas."),
        ("quotas", "Quota management support", "Quotas of projects."),
        ("rbac-address-group", "Address group RBAC", "Address groups for some projects."),
        ("rbac-address-scope", "Address scope RBAC", "Address scopes for some projects."),
        ("rbac-policies", "RBAC Policies", "Resources for some other projects."),
        ("rbac-security-groups", "RBAC security groups", "Security groups for some projects."),
        ("rbac-subnetpool", "Subnetpool RBAC", "Subnet pools for some projects."),
        ("revision-if-match", "Revision number constraints", "Changes of a known revision only."),
        ("router", "Neutron L3 Router", "Routers and floating addresses."),
        ("router_availability_zone", "Router Availability Zone", "Where routers are."),
        ("security-group", "security-group", "Security groups."),
        (
            "security-groups-remote-address-group",
            "Remote address group id field for security group rules",
            "Rules that name groups of addresses.",
        ),
        (
            "security-groups-default-rules",
            "Default rules for security groups",
            "The rules that new groups begin with.",
        ),
        ("security-groups-normalized-cidr", "Normalized CIDR field", "Prefixes without hosts."),
        ("security-groups-port-filtering", "Port filtering on security groups", "As it says."),
        (
            "security-groups-rules-belongs-to-default-sg",
            "Security group rule belongs to the project's default security group",
            "Whether a rule is of the default group.",
        ),
        ("service-type", "Neutron Service Type Management", "Who provides which service."),
        ("sorting", "Sorting support", "Sorted lists."),
        ("standard-attr-description", "standard-attr-description", "Descriptions."),
        ("standard-attr-revisions", "Resource revision numbers", "Revisions."),
        ("standard-attr-tag", "Tag support", "Tags."),
        ("standard-attr-timestamp", "Resource timestamps", "created_at and updated_at."),
        ("stateful-security-group", "Stateful security group", "Whether answers pass unasked."),
        ("subnet-external-network", "Subnet belongs to external network", "Said of subnets."),
        ("subnet_onboard", "Subnet Onboard", "Subnets that come into a pool."),
        ("subnetpool-prefix-ops", "Subnet Pool Prefix Operations", "Some prefixes of many."),
        ("subnet-service-types", "Subnet service types", "Subnets for some kinds of ports."),
        ("tag", "Tag support", "Tags of networks."),
        ("tag-creation", "Resource tag during creation", "Tags from the first moment."),
        ("tag-ext", "Tag support for resources", "Tags of more than networks."),
        ("subnet_allocation", "Subnet Allocation", "Subnets cut from pools."),
    )
}
NOUNS = {
    "network": "networks",
    "subnet": "subnets",
    "subnetpool": "subnetpools",
    "port": "ports",
    "router": "routers",
    "floatingip": "floatingips",
    "security_group": "security-groups",
    "security_group_rule": "security-group-rules",
    "address_group": "address-groups",
    "address_scope": "address-scopes",
    "default_security_group_rule": "default-security-group-rules",
    "rbac_policy": "rbac-policies",
    "extension": "extensions",
    "quota": "quotas",
    "agent": "agents",
    "availability_zone": "availability_zones",
}


class ExtensionNotFound(NotFound):
    """No such extension: clients ask for many to find out."""


def document(request: Request) -> HttpResponse:
    """GET /v2.0/."""
    resources = [
        {
            "name": name,
            "collection": collection.replace("-", "_"),
            "links": [{"rel": "self", "href": f"{request.base}/network/v2.0/{collection}"}],
        }
        for name, collection in NOUNS.items()
    ]
    return answer({"resources": resources})


def list_extensions(request: Request) -> HttpResponse:
    """GET /v2.0/extensions."""
    fields = request.query.getlist("fields")
    shown = [
        {key: one[key] for key in one if not fields or key in fields} for one in EXTENSIONS.values()
    ]
    return answer({"extensions": shown})


def show_extension(_request: Request, alias: str) -> HttpResponse:
    """GET /v2.0/extensions/{alias}."""
    if alias not in EXTENSIONS:
        raise ExtensionNotFound(f"Extension with alias {alias} does not exist")
    return answer({"extension": EXTENSIONS[alias]})


def list_zones(request: Request) -> HttpResponse:
    """GET /v2.0/availability_zones."""
    zones = [
        {"name": "nova", "resource": resource, "state": "available"}
        for resource in ("network", "router")
    ]
    for name in ("name", "resource", "state"):
        if wanted := request.query.getlist(name):
            zones = [zone for zone in zones if zone[name] in wanted]
    return answer({"availability_zones": zones})


def none_of(name: str) -> Callable[[Request], HttpResponse]:
    """GET of what nobody does here: no service above networks and routers has flavors."""
    return lambda _request: answer({name: []})


def no_providers(_request: Request) -> HttpResponse:
    """GET /v2.0/service-providers: no services above networks and routers are provided."""
    return answer({"service_providers": []})


ROUTES = (
    Route("GET", "", document, Who.READER, gives={200: kinds.shapes("resources")}),
    Route(
        "GET",
        "extensions",
        list_extensions,
        Who.READER,
        gives={200: kinds.shapes("extensions")},
        query=("fields",),
    ),
    Route(
        "GET",
        "extensions/{alias}",
        show_extension,
        Who.READER,
        gives={200: kinds.shape("extension")},
    ),
    Route(
        "GET",
        "availability_zones",
        list_zones,
        Who.READER,
        gives={200: kinds.shapes("availability_zones")},
        query=("name", "resource", "state"),
    ),
    Route("GET", "flavors", none_of("flavors"), Who.READER, gives={200: kinds.shapes("flavors")}),
    Route(
        "GET",
        "service_profiles",
        none_of("service_profiles"),
        Who.ADMIN,
        gives={200: kinds.shapes("service_profiles")},
    ),
    Route(
        "GET",
        "service-providers",
        no_providers,
        Who.READER,
        gives={200: kinds.shapes("service_providers")},
    ),
)
