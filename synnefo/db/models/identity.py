"""Who may ask: domains, projects, users, roles and tokens (OpenStack identity v3)."""

import uuid

from django.db import models


def new_hex_id() -> str:
    """Identity's ids are 32 hex digits without dashes, as Keystone's are."""
    return uuid.uuid4().hex


class Domain(models.Model):
    """A name space of users and projects; the first one has the id `default`."""

    id = models.CharField(primary_key=True, max_length=64, default=new_hex_id)
    name = models.CharField(max_length=255, unique=True)
    enabled = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name


class Project(models.Model):
    """The owner of resources and the holder of a quota."""

    id = models.CharField(primary_key=True, max_length=64, default=new_hex_id)
    domain = models.ForeignKey(Domain, on_delete=models.PROTECT)
    name = models.CharField(max_length=255)
    description = models.TextField(blank=True, default="")
    enabled = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["domain", "name"], name="project_name")]

    def __str__(self) -> str:
        return self.name


class User(models.Model):
    """A person or a program; the password is an Argon2 hash in Django's encoding."""

    id = models.CharField(primary_key=True, max_length=64, default=new_hex_id)
    domain = models.ForeignKey(Domain, on_delete=models.PROTECT)
    name = models.CharField(max_length=255)
    password = models.CharField(max_length=255)
    email = models.CharField(max_length=255, blank=True, default="")
    enabled = models.BooleanField(default=True)
    default_project = models.ForeignKey(Project, null=True, on_delete=models.SET_NULL)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["domain", "name"], name="user_name")]

    def __str__(self) -> str:
        return self.name


class Role(models.Model):
    """admin, member or reader."""

    id = models.CharField(primary_key=True, max_length=64, default=new_hex_id)
    name = models.CharField(max_length=255, unique=True)

    def __str__(self) -> str:
        return self.name


class RoleAssignment(models.Model):
    """A user's role in a project."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="assignments")
    project = models.ForeignKey(Project, on_delete=models.CASCADE)
    role = models.ForeignKey(Role, on_delete=models.PROTECT)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "project", "role"], name="role_assignment")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} is {self.role_id} in {self.project_id}"


class Token(models.Model):
    """An issued token: only the SHA-256 of its text is kept."""

    digest = models.CharField(primary_key=True, max_length=64)
    audit_id = models.CharField(max_length=64)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    project = models.ForeignKey(Project, null=True, on_delete=models.CASCADE)
    methods = models.JSONField()
    roles = models.JSONField()  # [{"id", "name"}] at the time of issue
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"token of {self.user_id} until {self.expires_at:%Y-%m-%dT%H:%M:%SZ}"
