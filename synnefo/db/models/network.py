"""Networks, subnets, ports and the addresses handed out of pools (OpenStack network v2.0)."""

import uuid

from django.db import models

from synnefo.db.models.identity import Project


class Network(models.Model):
    """Instance `snf-net-<id>` on the backends; `mode` and `link` say how nodes connect it."""

    uuid = models.UUIDField(unique=True, default=uuid.uuid4)
    project = models.ForeignKey(Project, on_delete=models.PROTECT)
    name = models.CharField(max_length=255, blank=True, default="")
    public = models.BooleanField(default=False)  # router:external and usable by every project
    mode = models.CharField(max_length=16, default="bridged")
    link = models.CharField(max_length=64, default="br0")
    mac_prefix = models.CharField(max_length=17, blank=True, default="")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Subnet(models.Model):
    """An address range of a network and the pool that servers get addresses from."""

    uuid = models.UUIDField(unique=True, default=uuid.uuid4)
    network = models.ForeignKey(Network, on_delete=models.CASCADE, related_name="subnets")
    name = models.CharField(max_length=255, blank=True, default="")
    ip_version = models.PositiveSmallIntegerField(default=4)
    cidr = models.CharField(max_length=64)
    gateway = models.CharField(max_length=64, blank=True, default="")
    pool_start = models.CharField(max_length=64)
    pool_end = models.CharField(max_length=64)
    dns_nameservers = models.JSONField(default=list)
    next_offset = models.PositiveBigIntegerField(default=0)  # where a search begins
    # By backend: addresses of the pool that an administrator keeps from servers there.
    reserved = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.cidr


class Port(models.Model):
    """A nic of a server: `snf-nic-<id>` on the backend."""

    uuid = models.UUIDField(unique=True, default=uuid.uuid4)
    project = models.ForeignKey(Project, on_delete=models.PROTECT)
    network = models.ForeignKey(Network, on_delete=models.PROTECT)
    server = models.ForeignKey("Server", null=True, on_delete=models.SET_NULL, related_name="ports")
    name = models.CharField(max_length=255, blank=True, default="")
    index = models.PositiveSmallIntegerField(default=0)
    mac_address = models.CharField(max_length=17, blank=True, default="")
    status = models.CharField(max_length=16, default="BUILD")  # BUILD, ACTIVE, DOWN
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.uuid)


class Address(models.Model):
    """One address in use; the unique pair is what keeps it from being handed out twice."""

    subnet = models.ForeignKey(Subnet, on_delete=models.CASCADE, related_name="addresses")
    port = models.ForeignKey(Port, on_delete=models.CASCADE, related_name="addresses")
    address = models.GenericIPAddressField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subnet", "address"], name="one_holder")]

    def __str__(self) -> str:
        return self.address
