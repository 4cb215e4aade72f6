"""Security groups and their rules (OpenStack network v2.0)."""

import uuid
from typing import ClassVar

from django.db import models

from synnefo.db.models.identity import Project
from synnefo.db.models.network_sharing import AddressGroup


class SecurityGroup(models.Model):
    """What may reach and leave the ports in it; each project has a default one."""

    uuid = models.UUIDField(unique=True, default=uuid.uuid4)
    project = models.ForeignKey(Project, on_delete=models.PROTECT)
    name = models.CharField(max_length=255, blank=True, default="")
    description = models.CharField(max_length=255, blank=True, default="")
    is_default = models.BooleanField(default=False)
    stateful = models.BooleanField(default=True)
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project"],
                condition=models.Q(is_default=True),
                name="one_default_group",
            )
        ]

    def __str__(self) -> str:
        return self.name


class SecurityGroupRule(models.Model):
    """One thing that is allowed; one of the remotes says with whom, or none."""

    uuid = models.UUIDField(unique=True, default=uuid.uuid4)
    group = models.ForeignKey(SecurityGroup, on_delete=models.CASCADE, related_name="rules")
    direction = models.CharField(max_length=8)  # ingress, egress
    ethertype = models.CharField(max_length=4)  # IPv4, IPv6
    protocol = models.CharField(max_length=16, null=True)  # noqa: DJ001 - null is "any".
    port_min = models.PositiveIntegerField(null=True)
    port_max = models.PositiveIntegerField(null=True)
    remote_prefix = models.CharField(max_length=64, null=True)  # noqa: DJ001 - null is "any".
    remote_group = models.ForeignKey(
        SecurityGroup, null=True, on_delete=models.CASCADE, related_name="trusted_by"
    )
    remote_addresses = models.ForeignKey(
        AddressGroup, null=True, on_delete=models.PROTECT, related_name="rules"
    )
    description = models.CharField(max_length=255, blank=True, default="")
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.direction} {self.ethertype} {self.protocol or 'any'}"


class DefaultRule(models.Model):
    """A rule that new groups begin with: the default ones of projects, all others, or both.

    `remote_group` is the id of a group, or PARENT for the new group itself. Removed ones stay.
    """

    uuid = models.UUIDField(unique=True, default=uuid.uuid4)
    direction = models.CharField(max_length=8)
    ethertype = models.CharField(max_length=4)
    protocol = models.CharField(max_length=16, null=True)  # noqa: DJ001 - null is "any".
    port_min = models.PositiveIntegerField(null=True)
    port_max = models.PositiveIntegerField(null=True)
    remote_prefix = models.CharField(max_length=64, null=True)  # noqa: DJ001 - null is "any".
    remote_group = models.CharField(max_length=36, null=True)  # noqa: DJ001 - null is "any".
    remote_addresses = models.UUIDField(null=True)
    description = models.CharField(max_length=255, blank=True, default="")
    in_default = models.BooleanField(default=False)
    in_others = models.BooleanField(default=False)
    removed = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    objects: "ClassVar[models.Manager[DefaultRule]]"

    def __str__(self) -> str:
        return f"{self.direction} {self.ethertype} {self.protocol or 'any'}"
