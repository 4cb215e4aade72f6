"""One resource of each kind that belongs to the user's project, for walks by strangers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from synnefo.db.models import (
    Flavor,
    GroupSnapshot,
    GroupType,
    UnifiedLimit,
    Volume,
    VolumeAttachment,
    VolumeGroup,
    VolumeMessage,
)
from tests.integration.api.client import Api
from tests.integration.api.world import World

Maker = Callable[[World], str]


def _server(world: World) -> str:
    return str(world.server("secret-name").uuid)


def _image(world: World) -> str:
    return str(world.picture("secret-name", world.demo).uuid)


def _network(world: World) -> str:
    return str(world.net("secret-name", world.demo).uuid)


def _subnet(world: World) -> str:
    return str(world.pool(world.net("secret-name", world.demo)).uuid)


def _port(world: World) -> str:
    return str(world.with_address(world.server(), "198.18.0.77").uuid)


def _project(world: World) -> str:
    return str(world.demo.id)


def _user(world: World) -> str:
    return str(world.user.id)


def _made(path: str, noun: str, **fields: Any) -> Maker:
    """A maker that asks the API as the user."""

    def maker(world: World) -> str:
        answer = Api(world)("POST", path, {noun: fields}, version="2.60")
        assert answer.status in (200, 201, 202), answer
        return str(answer.body[noun]["id"])

    return maker


def _server_group(world: World) -> str:
    fields = {"name": "secret-name", "policies": ["anti-affinity"]}
    return _made("/compute/v2.1/os-server-groups", "server_group", **fields)(world)


def _rule(world: World) -> str:
    group = Api(world)("POST", "/network/v2.0/security-groups", {"security_group": {"name": "g"}})
    return str(group.body["security_group"]["security_group_rules"][0]["id"])


def _sharing(world: World) -> str:
    fields = {
        "object_type": "network", "object_id": _network(world), "target_tenant": "f" * 32,
        "action": "access_as_shared",
    }  # fmt: skip
    return _made("/network/v2.0/rbac-policies", "rbac_policy", **fields)(world)


def _floating(world: World) -> str:
    network = str(world.network.uuid)
    return _made("/network/v2.0/floatingips", "floatingip", floating_network_id=network)(world)


_GROUP = _made("/network/v2.0/security-groups", "security_group", name="secret-name")


def _available(world: World) -> str:
    made = _made("/volume/v3/volumes", "volume", size=1, name="secret-name")(world)
    Volume.objects.filter(uuid=made).update(status="available")
    return made


def _snapshot(world: World) -> str:
    return _made("/volume/v3/snapshots", "snapshot", volume_id=_available(world))(world)


def _transfer(world: World) -> str:
    volume = _available(world)
    return _made("/volume/v3/volume-transfers", "transfer", volume_id=volume)(world)


def _credential(world: World) -> str:
    fields = {"blob": "secret-name", "type": "cert", "user_id": world.user.id}
    return _made("/identity/v3/credentials", "credential", **fields)(world)


def _limit(world: World) -> str:
    row = UnifiedLimit.objects.create(
        service_id="secret-name", resource_name="r", resource_limit=1, project=world.demo
    )
    return str(row.id)


def _trust(world: World) -> str:
    fields = {
        "trustor_user_id": world.user.id, "trustee_user_id": world.user.id, "impersonation": False,
        "project_id": world.demo.id, "roles": [{"name": "member"}],
    }  # fmt: skip
    return _made("/identity/v3/OS-TRUST/trusts", "trust", **fields)(world)


def _flavor(world: World) -> str:
    size = world.size("97", "secret-name", 1, 512, 1)
    Flavor.objects.filter(pk=size.pk).update(is_public=False)
    return size.flavor_id


def _backup(world: World) -> str:
    return _made("/volume/v3/backups", "backup", volume_id=_available(world), name="b")(world)


def _message(world: World) -> str:
    now = timezone.now()
    row = VolumeMessage.objects.create(
        project=world.demo, event_id="VOLUME_1", user_message="secret-name", created_at=now,
        guaranteed_until=now + timedelta(days=1),
    )  # fmt: skip
    return str(row.uuid)


def _attachment(world: World) -> str:
    volume = Volume.objects.get(uuid=_available(world))
    now = timezone.now()
    row = VolumeAttachment.objects.create(volume=volume, project=world.demo, created_at=now)
    return str(row.uuid)


def _volume_group(world: World) -> VolumeGroup:
    now = timezone.now()
    kind, _ = GroupType.objects.get_or_create(name="kind", defaults={"created_at": now})
    return VolumeGroup.objects.create(
        project=world.demo, name="secret-name", group_type=kind, created_at=now
    )


def _volumes_together(world: World) -> str:
    return str(_volume_group(world).uuid)


def _group_snapshot(world: World) -> str:
    row = GroupSnapshot.objects.create(
        project=world.demo, group=_volume_group(world), created_at=timezone.now()
    )
    return str(row.uuid)


# What is the cloud's own, or was never anything: no project has one that others must not see.
NOBODYS: dict[tuple[str, str], str] = {
    ("identity", "domains"): "seen by who is in it, others get 403 whatever the id",
    ("identity", "regions"): "the cloud's",
    ("identity", "registered_limits"): "the cloud's",
    ("network", "agents"): "the cloud's",
    ("network", "default-security-group-rules"): "the cloud's",
    ("network", "network-ip-availabilities"): "administrators' and services'",
    ("volume", "types"): "the cloud's",
    ("volume", "group_types"): "the cloud's",
}
NOUNS: dict[tuple[str, str], Maker] = {
    ("compute", "flavors"): _flavor,
    ("compute", "images"): _image,
    ("compute", "os-networks"): _network,
    ("compute", "os-snapshots"): _snapshot,
    ("compute", "os-tenant-networks"): _network,
    ("compute", "os-volumes"): _available,
    ("compute", "servers"): _server,
    ("compute", "os-quota-sets"): _project,
    ("compute", "os-server-groups"): _server_group,
    ("compute", "os-simple-tenant-usage"): _project,
    ("compute", "os-floating-ips"): _floating,
    ("compute", "os-security-groups"): _GROUP,
    ("compute", "os-security-group-rules"): _rule,
    ("identity", "OS-TRUST"): _trust,
    ("identity", "projects"): _project,
    ("identity", "users"): _user,
    ("identity", "credentials"): _credential,
    ("identity", "limits"): _limit,
    ("image", "images"): _image,
    ("network", "auto-allocated-topology"): _project,
    ("network", "networks"): _network,
    ("network", "subnets"): _subnet,
    ("network", "ports"): _port,
    ("network", "quotas"): _project,
    ("network", "floatingips"): _floating,
    ("network", "routers"): _made("/network/v2.0/routers", "router", name="secret-name"),
    ("network", "security-groups"): _GROUP,
    ("network", "security-group-rules"): _rule,
    ("network", "subnetpools"): _made(
        "/network/v2.0/subnetpools", "subnetpool", name="secret-name", prefixes=["10.0.0.0/8"]
    ),
    ("network", "address-groups"): _made(
        "/network/v2.0/address-groups", "address_group", name="secret-name"
    ),
    ("network", "address-scopes"): _made(
        "/network/v2.0/address-scopes", "address_scope", name="secret-name", ip_version=4
    ),
    ("network", "rbac-policies"): _sharing,
    ("volume", "volumes"): _available,
    ("volume", "snapshots"): _snapshot,
    ("volume", "attachments"): _attachment,
    ("volume", "backups"): _backup,
    ("volume", "groups"): _volumes_together,
    ("volume", "group_snapshots"): _group_snapshot,
    ("volume", "consistencygroups"): _volumes_together,
    ("volume", "cgsnapshots"): _group_snapshot,
    ("volume", "messages"): _message,
    ("volume", "volume-transfers"): _transfer,
    ("volume", "os-volume-transfer"): _transfer,
    ("volume", "os-quota-sets"): _project,
}
