"""What servers boot from (OpenStack image v2): images, who they are shared with, their imports."""

from __future__ import annotations

import uuid

from django.db import models

from synnefo.db.models.identity import Project

# Nobody sees either; the bytes of the first are still there, for backends that copy them.
PENDING_DELETE, DELETED = "pending_delete", "deleted"


class PresentImages(models.Manager["Image"]):
    """Those that were not deleted; a deleted one stays for the servers that were made of it."""

    def get_queryset(self) -> models.QuerySet[Image]:
        """Without the deleted ones."""
        return super().get_queryset().exclude(status__in=(PENDING_DELETE, DELETED))


class Image(models.Model):
    """One image; its bytes are the file named by `uuid` in the images folder."""

    uuid = models.UUIDField(unique=True, default=uuid.uuid4)
    # Administrators may name any owner, and an image outlives its project, as in OpenStack.
    project = models.ForeignKey(Project, on_delete=models.DO_NOTHING, db_constraint=False)
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
    # What the service itself says among the properties (os_glance_…): how the last import went.
    notes = models.JSONField(default=dict)
    # Bytes that wait beside for their import, and what is known of them.
    staged_size = models.BigIntegerField(null=True)
    staged = models.JSONField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = PresentImages()
    ever = models.Manager["Image"]()

    class Meta:
        indexes = [
            models.Index(fields=["project", "created_at"], name="image_of_project"),
            models.Index(fields=["visibility", "created_at"], name="image_visibility"),
            models.Index(
                fields=["status"],
                condition=models.Q(status__in=["pending_delete", "saving", "uploading"]),
                name="image_passing",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ImageMember(models.Model):
    """A project that an image is shared with; nobody looks whether there is such a project."""

    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="members")
    member_id = models.CharField(max_length=255)
    status = models.CharField(max_length=16, default="pending")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["image", "member_id"], name="image_member_once")
        ]
        indexes = [models.Index(fields=["member_id", "status"], name="image_member_of")]

    def __str__(self) -> str:
        return f"{self.image_id} for {self.member_id}"


class ImageTask(models.Model):
    """One import and how it went; it may outlive its image and goes when it has expired."""

    uuid = models.UUIDField(unique=True, default=uuid.uuid4)
    type = models.CharField(max_length=32)
    status = models.CharField(max_length=16)  # pending, processing, success, failure
    owner = models.CharField(max_length=64)
    user_id = models.CharField(max_length=64, blank=True, default="")
    request_id = models.CharField(max_length=64, blank=True, default="")
    image_uuid = models.UUIDField(null=True, db_index=True)
    input = models.JSONField(default=dict)
    result = models.JSONField(null=True)
    message = models.TextField(blank=True, default="")
    expires_at = models.DateTimeField(null=True, db_index=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.type} {self.status}"
