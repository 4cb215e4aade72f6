"""One file per noun; import the tables from here."""

from synnefo.db.models.backend import Backend
from synnefo.db.models.flavor import Flavor
from synnefo.db.models.heartbeat import Heartbeat
from synnefo.db.models.identity import Domain, Project, Role, RoleAssignment, Token, User
from synnefo.db.models.image import Image
from synnefo.db.models.intent import Activity, Intent
from synnefo.db.models.keypair import Keypair
from synnefo.db.models.network import Address, Network, Port, Subnet
from synnefo.db.models.quota import Commission, QuotaLimit, QuotaUsage
from synnefo.db.models.server import ConsoleToken, Server, Volume

__all__ = [
    "Activity",
    "Address",
    "Backend",
    "Commission",
    "ConsoleToken",
    "Domain",
    "Flavor",
    "Heartbeat",
    "Image",
    "Intent",
    "Keypair",
    "Network",
    "Port",
    "Project",
    "QuotaLimit",
    "QuotaUsage",
    "Role",
    "RoleAssignment",
    "Server",
    "Subnet",
    "Token",
    "User",
    "Volume",
]
