"""Kinds of volumes, who may use them, and what else an administrator says of them."""

import uuid

from django.db import models

from synnefo.db.models.identity import Project


class QosSpecs(models.Model):
    """Wishes about the speed of volumes; kept and shown."""

    uuid = models.UUIDField(unique=True, default=uuid.uuid4)
    name = models.CharField(max_length=255, unique=True)
    consumer = models.CharField(max_length=16, default="back-end")
    specs = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class VolumeType(models.Model):
    """A kind of volumes."""

    uuid = models.UUIDField(unique=True, default=uuid.uuid4)
    name = models.CharField(max_length=255, unique=True)
    description = models.TextField(null=True)  # noqa: DJ001 - Cinder shows null, not "".
    is_public = models.BooleanField(default=True)
    extra_specs = models.JSONField(default=dict)
    qos_specs = models.ForeignKey(
        QosSpecs, null=True, on_delete=models.SET_NULL, related_name="types"
    )
    encryption = models.JSONField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class VolumeTypeAccess(models.Model):
    """A project that may use a private type."""

    volume_type = models.ForeignKey(VolumeType, on_delete=models.CASCADE, related_name="access")
    project = models.ForeignKey(Project, on_delete=models.CASCADE)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["volume_type", "project"], name="volume_type_access")
        ]

    def __str__(self) -> str:
        return f"{self.project_id} may use {self.volume_type_id}"


class DefaultVolumeType(models.Model):
    """The type that a project's volumes get unless they ask for one."""

    project = models.OneToOneField(Project, primary_key=True, on_delete=models.CASCADE)
    volume_type = models.ForeignKey(VolumeType, on_delete=models.CASCADE)

    def __str__(self) -> str:
        return f"default type of {self.project_id}"


class GroupType(models.Model):
    """A kind of groups of volumes."""

    uuid = models.UUIDField(unique=True, default=uuid.uuid4)
    name = models.CharField(max_length=255, unique=True)
    description = models.TextField(null=True)  # noqa: DJ001 - Cinder shows null, not "".
    is_public = models.BooleanField(default=True)
    specs = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name
