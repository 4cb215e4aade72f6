"""Groups of servers that belong together, or apart."""

import uuid

from django.db import models

from synnefo.db.models.identity import Project, User


class ServerGroup(models.Model):
    """`policy` says whether its servers share one node; `most_per_node` softens anti-affinity.

    The members are the servers whose `group` it is.
    """

    class Policy(models.TextChoices):
        """The soft ones are wishes: where they cannot be granted, a server is placed anyway."""

        AFFINITY = "affinity"
        ANTI_AFFINITY = "anti-affinity"
        SOFT_AFFINITY = "soft-affinity"
        SOFT_ANTI_AFFINITY = "soft-anti-affinity"

    uuid = models.UUIDField(unique=True, default=uuid.uuid4)
    project = models.ForeignKey(Project, on_delete=models.PROTECT)
    user = models.ForeignKey(User, on_delete=models.PROTECT)
    name = models.CharField(max_length=255)
    policy = models.CharField(max_length=32, choices=Policy)
    most_per_node = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
