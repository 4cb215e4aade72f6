"""The network service: every path, what answers it and who may ask."""

from synnefo.api import versions
from synnefo.api.network import (
    address_groups,
    default_rules,
    quotas,
    reports,
    routers,
    service,
    topologies,
)
from synnefo.api.network.floating_ips import FLOATING_IPS
from synnefo.api.network.networks import NETWORKS
from synnefo.api.network.ports import PORTS
from synnefo.api.network.security_groups import GROUPS, RULE_COLLECTION
from synnefo.api.network.sharing import GRANTS, POOL_ROUTES, POOLS, SCOPES
from synnefo.api.network.subnets import SUBNETS
from synnefo.api.network.tags import Tags
from synnefo.api.routing import Route, Service, Who

ROOTS = (Route("GET", "", versions.network_root, Who.ANYBODY, gives={200: versions.LIST_SHAPE}),)
COLLECTIONS = (
    NETWORKS,
    SUBNETS,
    PORTS,
    routers.ROUTERS,
    FLOATING_IPS,
    GROUPS,
    RULE_COLLECTION,
    POOLS,
    SCOPES,
    address_groups.GROUPS,
    GRANTS,
    reports.AGENTS,
)
ROUTES = (
    *service.ROUTES,
    *(route for nouns in COLLECTIONS for route in nouns.routes()),
    *(route for nouns in COLLECTIONS if nouns.tagged for route in Tags(nouns).routes()),
    *routers.ROUTER_ROUTES,
    *address_groups.ROUTES,
    *POOL_ROUTES,
    *default_rules.ROUTES,
    *quotas.ROUTES,
    *reports.ROUTES,
    *topologies.ROUTES,
)
SERVICE = Service("network", ROOTS, ("v2.0",), ROUTES)
