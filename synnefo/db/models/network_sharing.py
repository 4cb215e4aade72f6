"""Pools that subnets are cut from, who may use what of others, and tags (network v2.0)."""

import uuid

from django.db import models

from synnefo.db.models.identity import Project


class AddressScope(models.Model):
    """Subnet pools within which no address is there twice."""

    uuid = models.UUIDField(unique=True, default=uuid.uuid4)
    project = models.ForeignKey(Project, on_delete=models.PROTECT)
    name = models.CharField(max_length=255, blank=True, default="")
    ip_version = models.PositiveSmallIntegerField()
    public = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class SubnetPool(models.Model):
    """Prefixes that subnets are cut from; those of one pool do not overlap."""

    uuid = models.UUIDField(unique=True, default=uuid.uuid4)
    project = models.ForeignKey(Project, on_delete=models.PROTECT)
    name = models.CharField(max_length=255, blank=True, default="")
    description = models.CharField(max_length=255, blank=True, default="")
    ip_version = models.PositiveSmallIntegerField()
    prefixes = models.JSONField(default=list)
    min_prefixlen = models.PositiveSmallIntegerField()
    default_prefixlen = models.PositiveSmallIntegerField()
    max_prefixlen = models.PositiveSmallIntegerField()
    # Addresses (of IPv6: /64 networks) that one project may have of it; null is "any number".
    default_quota = models.PositiveBigIntegerField(null=True)
    public = models.BooleanField(default=False)
    is_default = models.BooleanField(default=False)
    scope = models.ForeignKey(
        AddressScope, null=True, on_delete=models.PROTECT, related_name="pools"
    )
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class AddressGroup(models.Model):
    """Ranges of addresses that rules of security groups name together."""

    uuid = models.UUIDField(unique=True, default=uuid.uuid4)
    project = models.ForeignKey(Project, on_delete=models.PROTECT)
    name = models.CharField(max_length=255, blank=True, default="")
    description = models.CharField(max_length=255, blank=True, default="")
    addresses = models.JSONField(default=list)
    public = models.BooleanField(default=False)
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class NetworkGrant(models.Model):
    """Lets another project, or every one (`*`), use a resource: an RBAC policy.

    `kind` is network, subnetpool, address_scope, address_group or security_group.
    """

    uuid = models.UUIDField(unique=True, default=uuid.uuid4)
    project = models.ForeignKey(Project, on_delete=models.CASCADE)
    kind = models.CharField(max_length=32)
    resource = models.UUIDField(db_index=True)
    action = models.CharField(max_length=32)  # access_as_shared, access_as_external
    target = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "resource", "action", "target"], name="one_grant_each"
            )
        ]

    def __str__(self) -> str:
        return f"{self.action} to {self.target}"


class NetworkTag(models.Model):
    """A word that users put on a resource of the network service."""

    resource = models.UUIDField()
    tag = models.CharField(max_length=255)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["resource", "tag"], name="one_tag_each")]

    def __str__(self) -> str:
        return self.tag
