"""Limits that the identity service keeps for services, those of others included.

Those that the cloud registers itself are no rows: `core/unified_limits.py` knows them, and their
numbers are those of the quotas.
"""

from django.db import models

from synnefo.db.models.identity import Domain, Project, new_hex_id

_SUBJECT = ("service_id", "region_id", "resource_name")


class RegisteredLimit(models.Model):
    """What everybody may have of a resource unless a limit says otherwise."""

    id = models.CharField(primary_key=True, max_length=64, default=new_hex_id)
    service_id = models.CharField(max_length=64)  # of a row, or of a service of this cloud
    region_id = models.CharField(max_length=255, blank=True, default="")
    resource_name = models.CharField(max_length=255)
    default_limit = models.BigIntegerField()
    description = models.TextField(null=True)  # noqa: DJ001 - Keystone shows null, not "".

    class Meta:
        constraints = [models.UniqueConstraint(fields=_SUBJECT, name="registered_limit")]

    def __str__(self) -> str:
        return f"{self.resource_name} <= {self.default_limit}"


class UnifiedLimit(models.Model):
    """What one project, or one domain, may have of a registered resource.

    For a quota of this cloud `resource_limit` is what was asked for here last; what is in force
    stands in `QuotaLimit`.
    """

    id = models.CharField(primary_key=True, max_length=64, default=new_hex_id)
    service_id = models.CharField(max_length=64)
    region_id = models.CharField(max_length=255, blank=True, default="")
    resource_name = models.CharField(max_length=255)
    resource_limit = models.BigIntegerField()
    description = models.TextField(null=True)  # noqa: DJ001 - Keystone shows null, not "".
    project = models.ForeignKey(Project, null=True, on_delete=models.CASCADE)
    domain = models.ForeignKey(Domain, null=True, on_delete=models.CASCADE)

    class Meta:
        constraints = [
            *(
                models.UniqueConstraint(fields=(*_SUBJECT, of), name=f"limit_of_{of}")
                for of in ("project", "domain")
            ),
            models.CheckConstraint(
                condition=models.Q(project__isnull=True) ^ models.Q(domain__isnull=True),
                name="limit_of_one",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.resource_name} <= {self.resource_limit}"
