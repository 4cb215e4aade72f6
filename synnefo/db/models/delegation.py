"""What users give to programs and to one another: application credentials, trusts, EC2 keys."""

from django.db import models

from synnefo.db.models.identity import Project, Role, User, new_hex_id


class AccessRule(models.Model):
    """Requests that an application credential is good for; kept for the next one, too."""

    id = models.CharField(primary_key=True, max_length=64, default=new_hex_id)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    service = models.CharField(max_length=64)  # a type of the catalog
    method = models.CharField(max_length=16)
    path = models.CharField(max_length=128)  # with * for a segment and ** for several

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "service", "method", "path"], name="access_rule"
            )
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path} of {self.service}"


class ApplicationCredential(models.Model):
    """A secret for a program that acts as its user in one project with some of the roles."""

    id = models.CharField(primary_key=True, max_length=64, default=new_hex_id)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    project = models.ForeignKey(Project, on_delete=models.CASCADE)
    name = models.CharField(max_length=255)
    description = models.TextField(blank=True, default="")
    secret = models.CharField(max_length=255)  # an Argon2 hash in Django's encoding
    roles = models.ManyToManyField(Role)
    access_rules = models.ManyToManyField(AccessRule)
    restricted = models.BooleanField(default=False)  # to its access rules
    unrestricted = models.BooleanField(default=False)  # may make credentials and trusts itself
    expires_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "name"], name="application_credential_name")
        ]

    def __str__(self) -> str:
        return self.name


class Trust(models.Model):
    """What one user (the trustor) lets another one (the trustee) do in a project."""

    id = models.CharField(primary_key=True, max_length=64, default=new_hex_id)
    trustor = models.ForeignKey(User, on_delete=models.CASCADE, related_name="trusts_given")
    trustee = models.ForeignKey(User, on_delete=models.CASCADE, related_name="trusts_got")
    project = models.ForeignKey(Project, null=True, on_delete=models.CASCADE)
    impersonation = models.BooleanField()
    roles = models.ManyToManyField(Role)
    expires_at = models.DateTimeField(null=True)
    remaining_uses = models.IntegerField(null=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.trustor_id} trusts {self.trustee_id}"


class Credential(models.Model):
    """A secret that other services verify, such as an EC2 key; the text is encrypted at rest.

    The id of an EC2 key is the SHA-256 of its public part, so that it is found by that.
    """

    id = models.CharField(primary_key=True, max_length=64, default=new_hex_id)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    project = models.ForeignKey(Project, null=True, on_delete=models.CASCADE)
    type = models.CharField(max_length=255)
    blob_encrypted = models.TextField()

    def __str__(self) -> str:
        return f"{self.type} of {self.user_id}"
