"""Disks: those that servers are made with, and the volumes of the block storage API.

A volume that is attached to no server has no disk on any backend, only a recipe for one: nothing,
or the bytes of a saved content. Its disk is made when it is attached; when it is detached, its
bytes become a content again, which any node of any backend can make a disk of.
"""

import uuid

from django.db import models

from synnefo.db.models.identity import Project
from synnefo.db.models.partial_index import where_set
from synnefo.db.models.server import Server
from synnefo.db.models.volume_group import VolumeGroup
from synnefo.db.models.volume_type import VolumeType


class VolumeContent(models.Model):
    """Saved bytes of a disk: the file named by `uuid` in the images folder.

    Volumes, snapshots and backups share it; nobody changes it. It goes with its last user.
    """

    uuid = models.UUIDField(unique=True, default=uuid.uuid4)
    disk_format = models.CharField(max_length=16, default="raw")
    size = models.PositiveBigIntegerField(default=0)  # MiB of the disk that it fills
    ready = models.BooleanField(default=True)  # False while a backend still writes it
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.uuid)


class Volume(models.Model):
    """A disk, `snf-vol-<id>` on its backend; size in MiB."""

    uuid = models.UUIDField(unique=True, default=uuid.uuid4)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, db_index=False)  # volume_list
    server = models.ForeignKey(Server, null=True, on_delete=models.SET_NULL, related_name="volumes")
    index = models.PositiveSmallIntegerField(default=0)
    size = models.PositiveBigIntegerField()
    disk_template = models.CharField(max_length=32)
    status = models.CharField(max_length=32, default="creating")
    created_at = models.DateTimeField()
    # A local disk is a part of its server: it comes and goes with it and is no volume of the API.
    local = models.BooleanField(default=True)
    user_id = models.CharField(max_length=64, blank=True, default="")
    name = models.CharField(max_length=255, blank=True, default="")
    description = models.TextField(null=True)  # noqa: DJ001 - Cinder shows null, not "".
    volume_type = models.ForeignKey(VolumeType, null=True, on_delete=models.PROTECT)
    group = models.ForeignKey(
        VolumeGroup, null=True, on_delete=models.SET_NULL, related_name="volumes", db_index=False
    )
    availability_zone = models.CharField(max_length=255, default="nova")
    metadata = models.JSONField(default=dict)
    image_metadata = models.JSONField(default=dict)
    bootable = models.BooleanField(default=False)
    readonly = models.BooleanField(null=True)  # null until somebody says so
    multiattach = models.BooleanField(default=False)
    snapshot_id = models.UUIDField(null=True)  # what it was made from, also when that is gone
    source_volid = models.UUIDField(null=True)
    # The recipe of a disk that is not made yet; null is an empty one.
    content = models.ForeignKey(
        VolumeContent, null=True, on_delete=models.PROTECT, related_name="volumes", db_index=False
    )
    migration_status = models.CharField(max_length=32, null=True)  # noqa: DJ001 - null is "none".
    updated_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["project", "local", "-created_at", "-id"], name="volume_list"),
            where_set("group", "volume_group"),
            where_set("content", "volume_content"),
        ]

    def __str__(self) -> str:
        return str(self.uuid)


class VolumeAttachment(models.Model):
    """A volume at a server, or kept for one."""

    uuid = models.UUIDField(unique=True, default=uuid.uuid4)
    volume = models.ForeignKey(Volume, on_delete=models.CASCADE, related_name="attachments")
    project = models.ForeignKey(Project, on_delete=models.PROTECT)
    server = models.ForeignKey(
        Server, null=True, on_delete=models.CASCADE, related_name="attachments"
    )
    # Whoever reserves may name a server that is not there yet, or none.
    instance_uuid = models.UUIDField(null=True)
    host_name = models.CharField(max_length=255, blank=True, default="")
    device = models.CharField(max_length=255, null=True)  # noqa: DJ001 - null until known.
    mode = models.CharField(max_length=8, default="rw")
    status = models.CharField(max_length=16, default="reserved")
    tag = models.CharField(max_length=60, null=True)  # noqa: DJ001 - Nova shows null, not "".
    delete_on_termination = models.BooleanField(default=False)
    connection_info = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    attached_at = models.DateTimeField(null=True)
    detached_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.volume_id} at {self.instance_uuid}"


class VolumeTransfer(models.Model):
    """An offer of a volume to whoever knows its key, of which only the SHA-256 is kept."""

    uuid = models.UUIDField(unique=True, default=uuid.uuid4)
    volume = models.ForeignKey(Volume, null=True, on_delete=models.CASCADE)
    volume_uuid = models.UUIDField()
    project = models.ForeignKey(Project, on_delete=models.PROTECT)
    name = models.CharField(max_length=255, null=True)  # noqa: DJ001 - Cinder shows null.
    digest = models.CharField(max_length=64)
    no_snapshots = models.BooleanField(default=False)
    destination_project_id = models.CharField(max_length=64, null=True)  # noqa: DJ001 - null until accepted.
    accepted = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.uuid)


class VolumeMessage(models.Model):
    """Why something asked of a volume could not be done, for its user."""

    uuid = models.UUIDField(unique=True, default=uuid.uuid4)
    project = models.ForeignKey(Project, on_delete=models.CASCADE)
    resource_type = models.CharField(max_length=36, default="VOLUME")
    resource_uuid = models.UUIDField(null=True)
    event_id = models.CharField(max_length=64)
    user_message = models.TextField()
    level = models.CharField(max_length=16, default="ERROR")
    request_id = models.CharField(max_length=64, blank=True, default="")
    created_at = models.DateTimeField()
    guaranteed_until = models.DateTimeField()

    def __str__(self) -> str:
        return self.user_message
