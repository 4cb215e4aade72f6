"""Sizes of servers, and who may use those that are not for everybody."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from synnefo.db.models.identity import Project


class FlavorQuerySet(models.QuerySet["Flavor"]):
    """Questions that are asked of sizes in several places."""

    def usable_by(self, project_id: str) -> FlavorQuerySet:
        """Public ones and those that the project was given."""
        given = FlavorAccess.objects.filter(project_id=project_id).values("flavor_id")
        return self.filter(models.Q(is_public=True) | models.Q(pk__in=given))


class PresentFlavors(models.Manager["Flavor"]):
    """Those that were not deleted; a deleted one stays for its servers, which still have it."""

    def get_queryset(self) -> FlavorQuerySet:
        """Without the deleted ones."""
        return FlavorQuerySet(self.model, using=self._db).filter(deleted_at=None)

    def usable_by(self, project_id: str) -> FlavorQuerySet:
        """Public ones and those that the project was given."""
        return self.get_queryset().usable_by(project_id)


class Flavor(models.Model):
    """vCPUs, memory in MiB, disk in GiB; `disk_template` says how its disks are stored."""

    flavor_id = models.CharField(max_length=255)  # the API's id
    name = models.CharField(max_length=255)
    vcpus = models.PositiveIntegerField()
    ram = models.PositiveIntegerField()
    disk = models.PositiveIntegerField()
    ephemeral = models.PositiveIntegerField(default=0)  # GiB of a second disk
    swap = models.PositiveIntegerField(default=0)  # MiB of another one
    rxtx_factor = models.FloatField(default=1.0)
    disk_template = models.CharField(max_length=32, default="file")
    is_public = models.BooleanField(default=True)
    description = models.TextField(null=True)  # noqa: DJ001 - Nova shows null, not "".
    extra_specs = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)
    deleted_at = models.DateTimeField(null=True)

    objects = PresentFlavors()
    ever = models.Manager["Flavor"]()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[field], condition=models.Q(deleted_at=None), name=f"flavor_one_{field}"
            )
            for field in ("flavor_id", "name")
        ]

    def __str__(self) -> str:
        return self.name


class FlavorAccess(models.Model):
    """A project may use a size that is not public."""

    flavor = models.ForeignKey(Flavor, on_delete=models.CASCADE, related_name="access")
    project = models.ForeignKey(Project, on_delete=models.CASCADE)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["flavor", "project"], name="access_once")]

    def __str__(self) -> str:
        return f"{self.project_id} may use {self.flavor.name}"
