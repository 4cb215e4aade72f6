"""What is kept of volumes: snapshots and backups."""

import uuid

from django.db import models

from synnefo.db.models.identity import Project
from synnefo.db.models.volume import Volume, VolumeContent
from synnefo.db.models.volume_group import GroupSnapshot


class Snapshot(models.Model):
    """A volume as it was; size in GiB, content null where it was empty."""

    uuid = models.UUIDField(unique=True, default=uuid.uuid4)
    project = models.ForeignKey(Project, on_delete=models.PROTECT)
    user_id = models.CharField(max_length=64, blank=True, default="")
    volume = models.ForeignKey(Volume, on_delete=models.PROTECT, related_name="snapshots")
    name = models.CharField(max_length=255, null=True)  # noqa: DJ001 - Cinder shows null.
    description = models.TextField(null=True)  # noqa: DJ001 - Cinder shows null, not "".
    size = models.PositiveIntegerField()
    status = models.CharField(max_length=32, default="creating")
    progress = models.CharField(max_length=8, default="0%")
    metadata = models.JSONField(default=dict)
    content = models.ForeignKey(
        VolumeContent, null=True, on_delete=models.PROTECT, related_name="snapshots"
    )
    group_snapshot = models.ForeignKey(
        GroupSnapshot, null=True, on_delete=models.CASCADE, related_name="snapshots"
    )
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["project", "-created_at", "-id"], name="snapshot_list")]

    def __str__(self) -> str:
        return str(self.uuid)


class Backup(models.Model):
    """A copy of a volume that outlives it; size in GiB."""

    uuid = models.UUIDField(unique=True, default=uuid.uuid4)
    project = models.ForeignKey(Project, on_delete=models.PROTECT)
    user_id = models.CharField(max_length=64, blank=True, default="")
    volume_uuid = models.UUIDField()
    snapshot_id = models.UUIDField(null=True)
    parent = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="dependents"
    )
    name = models.CharField(max_length=255, null=True)  # noqa: DJ001 - Cinder shows null.
    description = models.TextField(null=True)  # noqa: DJ001 - Cinder shows null, not "".
    container = models.CharField(max_length=255, null=True)  # noqa: DJ001 - Cinder shows null.
    availability_zone = models.CharField(max_length=255, default="nova")
    size = models.PositiveIntegerField()
    status = models.CharField(max_length=32, default="creating")
    fail_reason = models.TextField(null=True)  # noqa: DJ001 - null unless it failed.
    incremental = models.BooleanField(default=False)
    metadata = models.JSONField(default=dict)
    content = models.ForeignKey(
        VolumeContent, null=True, on_delete=models.PROTECT, related_name="backups"
    )
    volume_facts = models.JSONField(default=dict)  # what else a restored volume takes over
    data_timestamp = models.DateTimeField()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["project", "-created_at", "-id"], name="backup_list")]

    def __str__(self) -> str:
        return str(self.uuid)
