"""Quotas as a ledger: limits, what is used, and the commissions that changed it."""

from django.db import models

from synnefo.db.models.identity import Project, User


class QuotaLimit(models.Model):
    """A project's own limit; absent means the default of `core/quota.py`, -1 means none."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE)
    resource = models.CharField(max_length=32)
    limit = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "resource"], name="quota_limit")]

    def __str__(self) -> str:
        return f"{self.resource} <= {self.limit}"


class QuotaDefault(models.Model):
    """The limit of a resource by the name of its class; only the class `default` has an effect."""

    of_class = models.CharField(max_length=255)
    resource = models.CharField(max_length=32)
    limit = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["of_class", "resource"], name="quota_default")
        ]

    def __str__(self) -> str:
        return f"{self.resource} <= {self.limit} in {self.of_class}"


class UserQuotaLimit(models.Model):
    """What one user may use of what a project may use."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    resource = models.CharField(max_length=32)
    limit = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "user", "resource"], name="user_quota_limit")
        ]

    def __str__(self) -> str:
        return f"{self.resource} <= {self.limit} for {self.user_id}"


class QuotaUsage(models.Model):
    """What a project uses of a resource, pending commissions included."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE)
    resource = models.CharField(max_length=32)
    used = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "resource"], name="quota_usage"),
            models.CheckConstraint(condition=models.Q(used__gte=0), name="quota_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.resource} = {self.used}"


class Commission(models.Model):
    """A quota change: issued with the intent, then accepted or rejected exactly once."""

    class State(models.TextChoices):
        """ISSUED is the only state that may still change."""

        ISSUED = "ISSUED"
        ACCEPTED = "ACCEPTED"
        REJECTED = "REJECTED"

    project = models.ForeignKey(Project, on_delete=models.CASCADE)
    server = models.ForeignKey("Server", null=True, on_delete=models.SET_NULL)
    provisions = models.JSONField()  # {"instances": 1, "cores": 1, "ram": 512}
    state = models.CharField(max_length=16, choices=State, default=State.ISSUED)
    issued_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.provisions} {self.state}"
