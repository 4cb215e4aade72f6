"""A cloud with something in every table, and then more of it: for what must not grow with it.

Rows are copied: beside the original, so that its owners have more; below the copies of what it
belongs to; and for the copies of its project and its user.
"""

from __future__ import annotations

import uuid
from itertools import count
from typing import Any

from django.apps import apps
from django.db import IntegrityError, models, transaction

from synnefo.db import models as tables
from synnefo.db.sealing import seal
from tests.integration.api.nouns import NOUNS
from tests.integration.api.world import FAR, START, World

NAMES = frozenset(
    {"name", "namespace", "tag", "flavor_id", "request_id", "path", "member_id", "resource_name"}
)
PEOPLE = frozenset({"Domain", "Project", "User"})
# Tokens say who asks; the default network must stay one, and services are known by their names.
LEFT = frozenset({"Token", "VolumeService", "QuotaDefault"})
AT = {"created_at": START}
SINCE = {**AT, "updated_at": START}
Row = models.Model


def fill(world: World) -> dict[tuple[str, str], str]:
    """Something in every table; gives the id of one of each noun that belongs to the user."""
    ids = {noun: make(world) for noun, make in NOUNS.items()}
    ids["identity", "groups"] = str(_identity(world).id)
    ids["identity", "roles"] = str(world.roles["member"].id)
    ids["compute", "flavors"] = world.flavor.flavor_id
    for noun in ("os-networks", "os-tenant-networks"):
        ids["compute", noun] = ids["network", "networks"]
    _catalog(world)
    server = tables.Server.objects.get(uuid=ids["compute", "servers"])
    _compute(world, server)
    _images(world, tables.Image.objects.get(uuid=ids["image", "images"]))
    for noun in ("networks", "subnets", "ports", "routers", "floatingips", "security-groups"):
        tables.NetworkTag.objects.create(resource=ids["network", noun], tag="t")
    volume = tables.Volume.objects.get(uuid=ids["volume", "volumes"])
    ids["volume", "types"] = str(_volumes(world, volume, server).uuid)
    return ids


def _identity(world: World) -> tables.Group:
    user, project, role = world.user, world.demo, world.roles["member"]
    group = tables.Group.objects.create(domain=world.domain, name="g")
    tables.Membership.objects.create(group=group, user=user)
    tables.ImpliedRole.objects.create(prior=world.roles["admin"], implied=role)
    assign = tables.RoleAssignment.objects.create
    for actor in ({"user": user}, {"group": group}):
        for target in ({"project": project}, {"domain": world.domain}, {}):
            for inherited in (False, True) if target else (False,):
                if (actor, target, inherited) != ({"user": user}, {"project": project}, False):
                    assign(role=role, inherited=inherited, **actor, **target)
    rule = tables.AccessRule.objects.create(user=user, service="compute", method="GET", path="/x")
    made = tables.ApplicationCredential.objects.create(
        user=user, project=project, name="a", secret="!", **AT
    )
    made.roles.add(role)
    made.access_rules.add(rule)
    trust = tables.Trust.objects.create(
        trustor=user, trustee=world.stranger, project=project, impersonation=True, **AT
    )
    trust.roles.add(role)
    sealed = seal('{"access": "a", "secret": "s"}')
    tables.Credential.objects.create(user=user, project=project, type="ec2", blob_encrypted=sealed)
    return group


def _catalog(world: World) -> None:
    region = tables.Region.objects.create(description="r")
    service = tables.CatalogService.objects.create(type="x")
    endpoint = tables.Endpoint.objects.create(
        service_id=service.id, interface="public", url="http://x", region_id=region.id
    )
    filters = {"service_id": service.id}
    tables.EndpointGroup.objects.create(name="e", filters=filters).projects.add(world.demo)
    tables.ProjectEndpoint.objects.create(endpoint_id=endpoint.id, project=world.demo)
    about = {"service_id": service.id, "region_id": region.id, "resource_name": "r"}
    tables.RegisteredLimit.objects.create(**about, default_limit=1)
    tables.UnifiedLimit.objects.create(**about, resource_limit=2, project=world.demo)
    tables.Policy.objects.create(type="t", blob="{}")
    tables.Consumer.objects.create(secret_encrypted=seal("x"))


def _compute(world: World, server: tables.Server) -> None:
    node = tables.Node.objects.create(
        backend=world.backend, name="node1.fake", up_since=START, seen_at=START, **AT
    )
    aggregate = tables.Aggregate.objects.create(name="a", zone="z", **AT)
    aggregate.nodes.add(node)
    hidden = tables.Flavor.objects.get(flavor_id="9")
    tables.FlavorAccess.objects.create(flavor=hidden, project=world.demo)
    world.key("k")
    server.group = tables.ServerGroup.objects.earliest("pk")
    server.metadata = {"k": "v"}
    server.save()
    world.with_address(server, "198.18.0.99")
    tables.ServerTag.objects.create(server=server, tag="t")
    for action in ("live_migrate", "stop"):
        intent = tables.Intent.objects.create(
            project=world.demo, user=world.user, action=action, server=server,
            state=tables.Intent.State.SUBMITTED, request_id=f"req-{action}", **AT,
        )  # fmt: skip
        tables.Activity.objects.create(
            server=server, intent=intent, action=action, actor="demo",
            request_id=f"req-{action}", started_at=START,
        )  # fmt: skip
    world.quota(world.demo, cores=7)


def _images(world: World, image: tables.Image) -> None:
    image.visibility, image.tags, image.properties = "shared", ["t"], {"k": "v"}
    image.save()
    tables.ImageMember.objects.create(image=image, member_id=world.other.id, **SINCE)
    tables.ImageTask.objects.create(
        type="import", status="success", owner=world.demo.id, image_uuid=image.uuid, **SINCE
    )
    namespace = tables.MetadefNamespace.objects.create(
        namespace="n", owner=world.demo.id, visibility="public", **SINCE
    )
    for kind in ("property", "object", "tag", "resource_type"):
        content = {"name": kind, "title": "t", "type": "string"}
        tables.MetadefItem.objects.create(
            namespace=namespace, kind=kind, name=kind, content=content, **SINCE
        )


def _volumes(world: World, volume: tables.Volume, server: tables.Server) -> tables.VolumeType:
    project = world.demo
    qos = tables.QosSpecs.objects.create(name="q", **AT)
    kind = tables.VolumeType.objects.create(
        name="v", qos_specs=qos, extra_specs={"k": "v"}, encryption={"provider": "x"},
        is_public=False, **AT,
    )  # fmt: skip
    tables.VolumeTypeAccess.objects.create(volume_type=kind, project=project)
    tables.DefaultVolumeType.objects.create(volume_type=kind, project=project)
    group_type = tables.GroupType.objects.create(name="t", specs={"k": "v"}, **AT)
    group = tables.VolumeGroup.objects.create(project=project, group_type=group_type, **AT)
    group.volume_types.add(kind)
    taken = tables.GroupSnapshot.objects.create(project=project, group=group, **AT)
    content = tables.VolumeContent.objects.create(**AT)
    tables.Snapshot.objects.update(group_snapshot=taken, content=content, metadata={"k": "v"})
    volume.group, volume.volume_type, volume.content = group, kind, content
    volume.metadata = {"k": "v"}
    volume.save()
    tables.VolumeAttachment.objects.create(
        volume=volume, project=project, server=server, instance_uuid=server.uuid,
        status="attached", device="/dev/vdb", **AT,
    )  # fmt: skip
    tables.VolumeMessage.objects.create(
        project=project, resource_type="VOLUME", resource_uuid=volume.uuid,
        event_id="VOLUME_VOLUME_001_002", user_message="m", level="ERROR",
        guaranteed_until=FAR, **AT,
    )  # fmt: skip
    tables.Backup.objects.create(
        project=project, volume_uuid=volume.uuid, size=1, status="available",
        content=content, data_timestamp=START, **AT,
    )  # fmt: skip
    return kind


class Copies:
    """More of everything that was there when it was made."""

    def __init__(self) -> None:
        every = [one for one in _ordered() if one.__name__ not in LEFT]
        self._originals: list[Row] = [
            row for model in every for row in model._base_manager.order_by("pk")[:4]
        ]
        self._numbers = count(1)

    def add(self) -> None:
        """One more generation."""
        made: dict[tuple[type[Row], Any], Any] = {}
        for row in self._originals:
            key = (type(row), row.pk)
            for foreign in ((), ("below",), ("below", "people")):
                copied = self._copied(row, made if foreign else {}, people="people" in foreign)
                if copied is not None and "people" not in foreign:
                    made[key] = copied.pk

    def _copied(self, row: Row, made: dict[Any, Any], *, people: bool) -> Row | None:
        """What the database does not want twice is left."""
        number = next(self._numbers)
        values = {
            field.attname: _changed(field, field.value_from_object(row), number)
            for field in row._meta.concrete_fields
            if not isinstance(field, models.AutoField)
        }
        for field in row._meta.concrete_fields:
            owner = field.related_model
            if isinstance(owner, type) and (people or owner.__name__ not in PEOPLE):
                kept = values[field.attname]
                values[field.attname] = made.get((owner, kept), kept)
        try:
            with transaction.atomic():
                return type(row)._base_manager.create(**values)
        except IntegrityError:
            return None


def _ordered() -> list[type[Row]]:
    """Every table after those that it points at."""
    left, done = list(apps.get_models(include_auto_created=True)), list[type[Row]]()
    while left:
        for model in left:
            needed = {field.related_model for field in model._meta.concrete_fields} - {None, model}
            if needed <= set(done):
                break
        left.remove(model)
        done.append(model)
    return done


def _changed(field: models.Field[Any, Any], value: Any, number: int) -> Any:
    """A value of a copy: its own where rows must differ, else the original's."""
    if field.related_model or value is None:
        return value
    if isinstance(field, models.UUIDField) and field.unique:
        return uuid.uuid4()
    if field.primary_key:
        return uuid.uuid4().hex
    if field.name == "address" and field.model.__name__ in ("Address", "FloatingIp"):
        return f"198.18.{10 + number // 250 % 5}.{number % 250 + 1}"
    if field.name in NAMES and isinstance(field, models.CharField):
        return f"{value}-{number}"
    return value
