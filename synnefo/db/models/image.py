"""What servers boot from (OpenStack image v2)."""

import uuid

from django.db import models

from synnefo.db.models.identity import Project


class Image(models.Model):
    """One image; its bytes are the file named by `uuid` in the images folder."""

    uuid = models.UUIDField(unique=True, default=uuid.uuid4)
    project = models.ForeignKey(Project, on_delete=models.PROTECT)
    name = models.CharField(max_length=255, blank=True, default="")
    status = models.CharField(max_length=32, default="queued")
    visibility = models.CharField(max_length=32, default="shared")
    disk_format = models.CharField(max_length=32, null=True)  # noqa: DJ001 - null until set.
    container_format = models.CharField(max_length=32, null=True)  # noqa: DJ001 - null until set.
    size = models.BigIntegerField(null=True)
    virtual_size = models.BigIntegerField(null=True)
    checksum = models.CharField(max_length=32, null=True)  # noqa: DJ001 - null until uploaded.
    os_hash_value = models.CharField(max_length=128, null=True)  # noqa: DJ001 - null until uploaded.
    min_disk = models.PositiveIntegerField(default=0)
    min_ram = models.PositiveIntegerField(default=0)
    protected = models.BooleanField(default=False)
    os_hidden = models.BooleanField(default=False)
    tags = models.JSONField(default=list)
    properties = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
