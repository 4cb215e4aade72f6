"""Sizes of servers."""

from django.db import models


class Flavor(models.Model):
    """vCPUs, memory in MiB, disk in GiB; `disk_template` says how its disks are stored."""

    flavor_id = models.CharField(max_length=64, unique=True)  # the API's id
    name = models.CharField(max_length=255, unique=True)
    vcpus = models.PositiveIntegerField()
    ram = models.PositiveIntegerField()
    disk = models.PositiveIntegerField()
    disk_template = models.CharField(max_length=32, default="file")
    is_public = models.BooleanField(default=True)
    description = models.TextField(null=True)  # noqa: DJ001 - Nova shows null, not "".
    extra_specs = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.name
