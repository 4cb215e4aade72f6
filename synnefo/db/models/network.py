"""Networks, subnets, ports and the addresses handed out of pools (OpenStack network v2.0)."""

import uuid
from typing import TYPE_CHECKING, Any

from django.db import models

from synnefo.db.models.identity import Project
from synnefo.db.models.partial_index import where_set

if TYPE_CHECKING:
    from synnefo.db.models.security_group import SecurityGroup


class Network(models.Model):
    """Instance `snf-net-<id>` on the backends; `mode` and `link` say how nodes connect it."""

    uuid = models.UUIDField(unique=True, default=uuid.uuid4)
    project = models.ForeignKey(Project, on_delete=models.PROTECT)
    name = models.CharField(max_length=255, blank=True, default="")
    public = models.BooleanField(default=False)  # shared: usable by every project
    # A way out of the cloud; null, as rows of before have it, stands for the same as `public`.
    external = models.BooleanField(null=True)
    description = models.CharField(max_length=255, blank=True, default="")
    admin_up = models.BooleanField(default=True)
    is_default = models.BooleanField(default=False)  # the external network that is taken unasked
    port_security = models.BooleanField(default=True)  # what its ports get
    mtu = models.PositiveIntegerField(default=1500)
    physical = models.JSONField(default=dict)  # provider:* as an administrator wished it
    dns_domain = models.CharField(max_length=255, blank=True, default="")
    revision = models.PositiveIntegerField(default=1)
    mode = models.CharField(max_length=16, default="bridged")
    link = models.CharField(max_length=64, default="br0")
    mac_prefix = models.CharField(max_length=17, blank=True, default="")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name

    @property
    def is_external(self) -> bool:
        """Whether it leads out of the cloud: gateways and floating addresses are taken from it."""
        return self.public if self.external is None else self.external


class RetiredNetwork(models.Model):
    """A network that was deleted: what backends have of it is to be removed, by its old number.

    Below 0 it is that of a subnet that had a network of its own there.
    """

    number = models.BigIntegerField(primary_key=True)
    deleted_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.number)


class Subnet(models.Model):
    """An address range of a network and the pool that servers get addresses from.

    `pools` are the ranges of the pool, [[first, last], …], where there is not just the one from
    `pool_start` to `pool_end`; these always hold its ends. A network of a backend has one range of
    IPv4: a subnet that is `apart` has a network of its own there, at the same place.
    """

    uuid = models.UUIDField(unique=True, default=uuid.uuid4)
    network = models.ForeignKey(Network, on_delete=models.CASCADE, related_name="subnets")
    name = models.CharField(max_length=255, blank=True, default="")
    ip_version = models.PositiveSmallIntegerField(default=4)
    cidr = models.CharField(max_length=64)
    gateway = models.CharField(max_length=64, blank=True, default="")
    pool_start = models.CharField(max_length=64)
    pool_end = models.CharField(max_length=64)
    dns_nameservers = models.JSONField(default=list)
    pools = models.JSONField(default=list)
    description = models.CharField(max_length=255, blank=True, default="")
    enable_dhcp = models.BooleanField(default=True)
    host_routes = models.JSONField(default=list)
    ipv6_ra_mode = models.CharField(max_length=16, blank=True, default="")
    ipv6_address_mode = models.CharField(max_length=16, blank=True, default="")
    subnet_pool = models.ForeignKey(
        "SubnetPool", null=True, on_delete=models.PROTECT, related_name="subnets"
    )
    service_types = models.JSONField(default=list)
    revision = models.PositiveIntegerField(default=1)
    next_offset = models.PositiveBigIntegerField(default=0)  # where a search begins
    apart = models.BooleanField(default=False)
    # By backend: addresses of the pool that an administrator keeps from servers there.
    reserved = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.cidr


class Port(models.Model):
    """A nic of a server (`snf-nic-<id>` on the backend), of a router, or of nobody yet.

    `owner` and `device` are device_owner and device_id as the API shows them where neither a server
    nor a router has the port.
    """

    uuid = models.UUIDField(unique=True, default=uuid.uuid4)
    project = models.ForeignKey(Project, on_delete=models.PROTECT)
    network = models.ForeignKey(Network, on_delete=models.PROTECT)
    server = models.ForeignKey("Server", null=True, on_delete=models.SET_NULL, related_name="ports")
    name = models.CharField(max_length=255, blank=True, default="")
    index = models.PositiveSmallIntegerField(default=0)
    mac_address = models.CharField(max_length=17, blank=True, default="", db_index=True)
    status = models.CharField(max_length=16, default="BUILD")  # BUILD, ACTIVE, DOWN
    router = models.ForeignKey(
        "Router", null=True, on_delete=models.PROTECT, related_name="ports", db_index=False
    )
    owner = models.CharField(max_length=64, blank=True, default="")
    device = models.CharField(max_length=255, blank=True, default="", db_index=True)
    kept = models.BooleanField(default=False)  # Its user made it: it outlives its server.
    description = models.CharField(max_length=255, blank=True, default="")
    admin_up = models.BooleanField(default=True)
    port_security = models.BooleanField(default=True)
    security_groups: "models.ManyToManyField[SecurityGroup, Any]" = models.ManyToManyField(
        "SecurityGroup", related_name="ports"
    )
    address_pairs = models.JSONField(default=list)
    dhcp_options = models.JSONField(default=list)
    vnic_type = models.CharField(max_length=16, default="normal")
    profile = models.JSONField(default=dict)
    host = models.CharField(max_length=255, blank=True, default="")
    dns_name = models.CharField(max_length=63, blank=True, default="")
    tag = models.CharField(max_length=60, blank=True, default="")  # of the card, for its guest
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        indexes = [where_set("router", "port_router")]

    def __str__(self) -> str:
        return str(self.uuid)


class Address(models.Model):
    """One address in use; the unique pair is what keeps it from being handed out twice."""

    subnet = models.ForeignKey(  # one_holder begins with it.
        Subnet, on_delete=models.CASCADE, related_name="addresses", db_index=False
    )
    port = models.ForeignKey(Port, on_delete=models.CASCADE, related_name="addresses")
    address = models.GenericIPAddressField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subnet", "address"], name="one_holder")]

    def __str__(self) -> str:
        return self.address
