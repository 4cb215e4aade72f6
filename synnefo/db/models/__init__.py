"""One file per noun; import the tables from here."""

from synnefo.db.models.aggregate import Aggregate
from synnefo.db.models.backend import Backend
from synnefo.db.models.delegation import AccessRule, ApplicationCredential, Credential, Trust
from synnefo.db.models.flavor import Flavor, FlavorAccess
from synnefo.db.models.heartbeat import Heartbeat
from synnefo.db.models.identity import (
    Domain,
    Group,
    ImpliedRole,
    Membership,
    Project,
    Role,
    RoleAssignment,
    Token,
    User,
)
from synnefo.db.models.image import Image, ImageMember, ImageTask
from synnefo.db.models.intent import Activity, Intent
from synnefo.db.models.keypair import Keypair
from synnefo.db.models.metadef import MetadefItem, MetadefNamespace
from synnefo.db.models.network import Address, Network, Port, RetiredNetwork, Subnet
from synnefo.db.models.network_sharing import (
    AddressGroup,
    AddressScope,
    NetworkGrant,
    NetworkTag,
    SubnetPool,
)
from synnefo.db.models.node import Node
from synnefo.db.models.quota import (
    Commission,
    QuotaDefault,
    QuotaLimit,
    QuotaUsage,
    UserQuotaLimit,
)
from synnefo.db.models.routing import AutoTopology, FloatingIp, Router
from synnefo.db.models.security_group import DefaultRule, SecurityGroup, SecurityGroupRule
from synnefo.db.models.server import ConsoleToken, Server
from synnefo.db.models.server_group import ServerGroup
from synnefo.db.models.server_tag import ServerTag
from synnefo.db.models.service_catalog import (
    CatalogService,
    Consumer,
    Endpoint,
    EndpointGroup,
    Policy,
    ProjectEndpoint,
    Region,
)
from synnefo.db.models.snapshot import Backup, Snapshot
from synnefo.db.models.unified_limit import RegisteredLimit, UnifiedLimit
from synnefo.db.models.volume import (
    Volume,
    VolumeAttachment,
    VolumeContent,
    VolumeMessage,
    VolumeTransfer,
)
from synnefo.db.models.volume_group import GroupSnapshot, VolumeGroup, VolumeService
from synnefo.db.models.volume_type import (
    DefaultVolumeType,
    GroupType,
    QosSpecs,
    VolumeType,
    VolumeTypeAccess,
)

__all__ = [
    "AccessRule",
    "Activity",
    "Address",
    "AddressGroup",
    "AddressScope",
    "Aggregate",
    "ApplicationCredential",
    "AutoTopology",
    "Backend",
    "Backup",
    "CatalogService",
    "Commission",
    "ConsoleToken",
    "Consumer",
    "Credential",
    "DefaultRule",
    "DefaultVolumeType",
    "Domain",
    "Endpoint",
    "EndpointGroup",
    "Flavor",
    "FlavorAccess",
    "FloatingIp",
    "Group",
    "GroupSnapshot",
    "GroupType",
    "Heartbeat",
    "Image",
    "ImageMember",
    "ImageTask",
    "ImpliedRole",
    "Intent",
    "Keypair",
    "Membership",
    "MetadefItem",
    "MetadefNamespace",
    "Network",
    "NetworkGrant",
    "NetworkTag",
    "Node",
    "Policy",
    "Port",
    "Project",
    "ProjectEndpoint",
    "QosSpecs",
    "QuotaDefault",
    "QuotaLimit",
    "QuotaUsage",
    "Region",
    "RegisteredLimit",
    "RetiredNetwork",
    "Role",
    "RoleAssignment",
    "Router",
    "SecurityGroup",
    "SecurityGroupRule",
    "Server",
    "ServerGroup",
    "ServerTag",
    "Snapshot",
    "Subnet",
    "SubnetPool",
    "Token",
    "Trust",
    "UnifiedLimit",
    "User",
    "UserQuotaLimit",
    "Volume",
    "VolumeAttachment",
    "VolumeContent",
    "VolumeGroup",
    "VolumeMessage",
    "VolumeService",
    "VolumeTransfer",
    "VolumeType",
    "VolumeTypeAccess",
]
