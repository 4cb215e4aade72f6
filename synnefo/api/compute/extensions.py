"""The list of extensions, which old clients and tests ask for: names of what is always there."""

from typing import Any

from django.http import HttpResponse

from synnefo.api import bodies
from synnefo.api.bodies import record
from synnefo.api.request import Request, answer
from synnefo.core.faults import NotFound

UPDATED = "2014-12-03T00:00:00Z"
NAMES: dict[str, str] = {
    "NMN": "Multinic",
    "OS-DCF": "DiskConfig",
    "OS-EXT-AZ": "ExtendedAvailabilityZone",
    "OS-EXT-IMG-SIZE": "ImageSize",
    "OS-EXT-IPS": "ExtendedIps",
    "OS-EXT-IPS-MAC": "ExtendedIpsMac",
    "OS-EXT-SRV-ATTR": "ExtendedServerAttributes",
    "OS-EXT-STS": "ExtendedStatus",
    "OS-FLV-DISABLED": "FlavorDisabled",
    "OS-FLV-EXT-DATA": "FlavorExtraData",
    "OS-SCH-HNT": "SchedulerHints",
    "OS-SRV-USG": "ServerUsage",
    "os-access-ips": "AccessIPs",
    "os-admin-actions": "AdminActions",
    "os-admin-password": "AdminPassword",
    "os-aggregates": "Aggregates",
    "os-attach-interfaces": "AttachInterfaces",
    "os-availability-zone": "AvailabilityZone",
    "os-block-device-mapping": "BlockDeviceMapping",
    "os-block-device-mapping-v2-boot": "BlockDeviceMappingV2Boot",
    "os-config-drive": "ConfigDrive",
    "os-console-output": "ConsoleOutput",
    "os-consoles": "Consoles",
    "os-create-backup": "CreateBackup",
    "os-create-server-ext": "Createserverext",
    "os-deferred-delete": "DeferredDelete",
    "os-evacuate": "Evacuate",
    "os-extended-volumes": "ExtendedVolumes",
    "os-flavor-access": "FlavorAccess",
    "os-flavor-extra-specs": "FlavorExtraSpecs",
    "os-flavor-manage": "FlavorManage",
    "os-flavor-rxtx": "FlavorRxtx",
    "os-flavor-swap": "FlavorSwap",
    "os-floating-ip-pools": "FloatingIpPools",
    "os-floating-ips": "FloatingIps",
    "os-hosts": "Hosts",
    "os-hypervisors": "Hypervisors",
    "os-instance-actions": "InstanceActions",
    "os-instance-usage-audit-log": "InstanceUsageAuditLog",
    "os-keypairs": "Keypairs",
    "os-lock-server": "LockServer",
    "os-migrate-server": "MigrateServer",
    "os-migrations": "Migrations",
    "os-multiple-create": "MultipleCreate",
    "os-networks": "Networks",
    "os-pause-server": "PauseServer",
    "os-personality": "Personality",
    "os-quota-class-sets": "QuotaClasses",
    "os-quota-sets": "Quotas",
    "os-remote-consoles": "RemoteConsoles",
    "os-rescue": "Rescue",
    "os-security-groups": "SecurityGroups",
    "os-server-diagnostics": "ServerDiagnostics",
    "os-server-external-events": "ServerExternalEvents",
    "os-server-groups": "ServerGroups",
    "os-server-password": "ServerPassword",
    "os-server-tags": "ServerTags",
    "os-services": "Services",
    "os-shelve": "Shelve",
    "os-simple-tenant-usage": "SimpleTenantUsage",
    "os-suspend-server": "SuspendServer",
    "os-tenant-networks": "TenantNetworks",
    "os-used-limits": "UsedLimits",
    "os-user-data": "UserData",
    "os-virtual-interfaces": "VirtualInterfaces",
    "os-volumes": "Volumes",
    "extension-info": "ExtensionInfo",
    "flavors": "Flavors",
    "image-metadata": "ImageMetadata",
    "images": "Images",
    "ips": "Ips",
    "limits": "Limits",
    "server-metadata": "ServerMetadata",
    "server-migrations": "ServerMigrations",
    "servers": "Servers",
    "versions": "Versions",
}
EXTENSIONS = {
    alias: {
        "alias": alias,
        "name": name,
        "description": name,
        "links": [],
        "namespace": "http://docs.openstack.org/compute/ext/fake_xml",
        "updated": UPDATED,
    }
    for alias, name in NAMES.items()
}
EXTENSION = record(
    {
        "alias": bodies.text(),
        "name": bodies.text(),
        "description": bodies.text(),
        "links": bodies.listing(bodies.anything),
        "namespace": bodies.text(),
        "updated": bodies.text(),
    },
    ("alias", "name"),
)
LIST = record({"extensions": bodies.listing(EXTENSION, most=1000)}, ("extensions",))
ONE = record({"extension": EXTENSION}, ("extension",))


def index(_request: Request) -> HttpResponse:
    """GET /extensions."""
    return answer({"extensions": list(EXTENSIONS.values())})


def show(_request: Request, alias: str) -> HttpResponse:
    """GET /extensions/{alias}."""
    extension: dict[str, Any] | None = EXTENSIONS.get(alias)
    if extension is None:
        raise NotFound("The resource could not be found.")
    return answer({"extension": extension})
