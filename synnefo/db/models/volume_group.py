"""Groups of volumes that are handled together."""

import uuid

from django.db import models

from synnefo.db.models.identity import Project
from synnefo.db.models.volume_type import GroupType, VolumeType


class VolumeGroup(models.Model):
    """Some volumes of a project."""

    uuid = models.UUIDField(unique=True, default=uuid.uuid4)
    project = models.ForeignKey(Project, on_delete=models.PROTECT)
    user_id = models.CharField(max_length=64, blank=True, default="")
    name = models.CharField(max_length=255, null=True)  # noqa: DJ001 - Cinder shows null.
    description = models.TextField(null=True)  # noqa: DJ001 - Cinder shows null, not "".
    group_type = models.ForeignKey(GroupType, on_delete=models.PROTECT)
    volume_types = models.ManyToManyField(VolumeType)
    availability_zone = models.CharField(max_length=255, default="nova")
    status = models.CharField(max_length=32, default="available")
    group_snapshot_id = models.UUIDField(null=True)  # what it was made from
    source_group_id = models.UUIDField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.uuid)


class GroupSnapshot(models.Model):
    """The snapshots of all volumes of a group."""

    uuid = models.UUIDField(unique=True, default=uuid.uuid4)
    project = models.ForeignKey(Project, on_delete=models.PROTECT)
    user_id = models.CharField(max_length=64, blank=True, default="")
    group = models.ForeignKey(VolumeGroup, on_delete=models.CASCADE, related_name="snapshots")
    name = models.CharField(max_length=255, null=True)  # noqa: DJ001 - Cinder shows null.
    description = models.TextField(null=True)  # noqa: DJ001 - Cinder shows null, not "".
    status = models.CharField(max_length=32, default="available")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return str(self.uuid)


class VolumeService(models.Model):
    """What an administrator decided of a part of the service; without a row it is enabled."""

    binary = models.CharField(primary_key=True, max_length=64)
    disabled = models.BooleanField(default=False)
    reason = models.CharField(max_length=255, null=True)  # noqa: DJ001 - null is "none given".
    frozen = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.binary
