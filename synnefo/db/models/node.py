"""The nodes of clusters: hypervisors, hosts and services in the compute API's words."""

import uuid

from django.db import models

from synnefo.db.models.backend import Backend


class Node(models.Model):
    """What a cluster said of a node when it was looked at; sizes in MiB.

    Readers find it here and never ask a cluster. `wanted_role` is what an administrator asks for
    and the cluster has not done yet: the reconciler asks it for that.
    """

    class Role(models.TextChoices):
        """In Ganeti's words; a master or master candidate counts as regular."""

        REGULAR = "regular"
        DRAINED = "drained"
        OFFLINE = "offline"

    uuid = models.UUIDField(unique=True, default=uuid.uuid4)
    backend = models.ForeignKey(Backend, on_delete=models.CASCADE, related_name="nodes")
    name = models.CharField(max_length=255)
    address = models.CharField(max_length=45, blank=True, default="")
    role = models.CharField(max_length=16, choices=Role, default=Role.REGULAR)
    master = models.BooleanField(default=False)
    vm_capable = models.BooleanField(default=True)
    answers = models.BooleanField(default=True)  # It could be asked at the last look.
    memory_total = models.BigIntegerField(default=0)
    memory_free = models.BigIntegerField(default=0)
    disk_total = models.BigIntegerField(default=0)
    disk_free = models.BigIntegerField(default=0)
    cpus = models.IntegerField(default=0)
    instances = models.IntegerField(default=0)
    wanted_role = models.CharField(max_length=16, null=True, choices=Role)  # noqa: DJ001 - null is "no wish".
    asked_at = models.DateTimeField(null=True)  # when the cluster was last asked for it
    disabled_reason = models.CharField(max_length=255, null=True)  # noqa: DJ001 - Nova shows null.
    created_at = models.DateTimeField()
    up_since = models.DateTimeField(null=True)  # It has answered without a break since then.
    seen_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["backend", "name"], name="node_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def disabled(self) -> bool:
        """Whether it takes no new servers, or will soon take none."""
        return (self.wanted_role or self.role) != self.Role.REGULAR

    @property
    def forced_down(self) -> bool:
        """Whether an administrator says that it is dead."""
        return (self.wanted_role or self.role) == self.Role.OFFLINE
