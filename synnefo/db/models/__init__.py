"""One file per noun; import the tables from here."""

from synnefo.db.models.backend import Backend
from synnefo.db.models.flavor import Flavor, FlavorAccess
from synnefo.db.models.heartbeat import Heartbeat
from synnefo.db.models.identity import Domain, Project, Role, RoleAssignment, Token, User
from synnefo.db.models.image import Image
from synnefo.db.models.intent import Activity, Intent
from synnefo.db.models.keypair import Keypair
from synnefo.db.models.network import Address, Network, Port, RetiredNetwork, Subnet
from synnefo.db.models.network_sharing import AddressScope, NetworkGrant, NetworkTag, SubnetPool
from synnefo.db.models.quota import Commission, QuotaLimit, QuotaUsage
from synnefo.db.models.routing import FloatingIp, Router
from synnefo.db.models.security_group import SecurityGroup, SecurityGroupRule
from synnefo.db.models.server import ConsoleToken, Server, Volume
from synnefo.db.models.server_tag import ServerTag

__all__ = [
    "Activity",
    "Address",
    "AddressScope",
    "Backend",
    "Commission",
    "ConsoleToken",
    "Domain",
    "Flavor",
    "FlavorAccess",
    "FloatingIp",
    "Heartbeat",
    "Image",
    "Intent",
    "Keypair",
    "Network",
    "NetworkGrant",
    "NetworkTag",
    "Port",
    "Project",
    "QuotaLimit",
    "QuotaUsage",
    "RetiredNetwork",
    "Role",
    "RoleAssignment",
    "Router",
    "SecurityGroup",
    "SecurityGroupRule",
    "Server",
    "ServerTag",
    "Subnet",
    "SubnetPool",
    "Token",
    "User",
    "Volume",
]
