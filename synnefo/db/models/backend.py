"""One cluster as the frontend sees it."""

from django.db import models


class Backend(models.Model):
    """RAPI address, credentials (password encrypted at rest), flags and the last known capacity."""

    name = models.CharField(max_length=255, unique=True)  # the cluster's own name, as in events
    url = models.CharField(max_length=255)
    username = models.CharField(max_length=64)
    password_encrypted = models.TextField()
    ca_file = models.CharField(max_length=1024, blank=True, default="")
    fingerprint = models.CharField(max_length=64, blank=True, default="")  # of its certificate
    drained = models.BooleanField(default=False)
    offline = models.BooleanField(default=False)
    disk_templates = models.JSONField(default=list)
    features = models.JSONField(default=list)  # What it announces; extensions of ours have names.
    hypervisor = models.CharField(max_length=32, blank=True, default="")
    # Capacity in MiB and processors, from the nodes; what the allocator weighs.
    memory_total = models.BigIntegerField(default=0)
    memory_free = models.BigIntegerField(default=0)
    disk_total = models.BigIntegerField(default=0)
    disk_free = models.BigIntegerField(default=0)
    cpu_total = models.IntegerField(default=0)
    seen_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name
