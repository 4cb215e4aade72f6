"""Routers and floating addresses (OpenStack network v2.0)."""

import uuid

from django.db import models

from synnefo.db.models.identity import Project
from synnefo.db.models.network import Network, Port


class Router(models.Model):
    """Joins networks and leads out of the cloud; its ports are rows of `Port`.

    `gateway` is the external network that it leads to, where it has a port of its own.
    """

    uuid = models.UUIDField(unique=True, default=uuid.uuid4)
    project = models.ForeignKey(Project, on_delete=models.PROTECT)
    name = models.CharField(max_length=255, blank=True, default="")
    description = models.CharField(max_length=255, blank=True, default="")
    admin_up = models.BooleanField(default=True)
    gateway = models.ForeignKey(
        Network, null=True, on_delete=models.PROTECT, related_name="gateway_of"
    )
    snat = models.BooleanField(default=True)
    routes = models.JSONField(default=list)
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class AutoTopology(models.Model):
    """What was made for a project that asked for any network."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, primary_key=True)
    network = models.OneToOneField(Network, on_delete=models.CASCADE)
    router = models.ForeignKey(Router, null=True, on_delete=models.SET_NULL)

    def __str__(self) -> str:
        return str(self.network)


class FloatingIp(models.Model):
    """An address of an external network that may stand for a port's.

    `holder` is the port that keeps the address from others, `port` the one that it leads to.
    """

    uuid = models.UUIDField(unique=True, default=uuid.uuid4)
    project = models.ForeignKey(Project, on_delete=models.PROTECT)
    network = models.ForeignKey(Network, on_delete=models.PROTECT, related_name="floating_ips")
    holder = models.OneToOneField(Port, on_delete=models.PROTECT, related_name="floating_ip")
    address = models.GenericIPAddressField()
    port = models.ForeignKey(Port, null=True, on_delete=models.SET_NULL, related_name="reached_by")
    fixed_address = models.GenericIPAddressField(null=True)
    router = models.ForeignKey(
        Router, null=True, on_delete=models.SET_NULL, related_name="floating_ips"
    )
    description = models.CharField(max_length=255, blank=True, default="")
    dns_name = models.CharField(max_length=63, blank=True, default="")
    dns_domain = models.CharField(max_length=255, blank=True, default="")
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["port", "fixed_address", "network"], name="one_floating_ip_each"
            )
        ]

    def __str__(self) -> str:
        return self.address
