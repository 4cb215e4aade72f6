"""Who may ask: domains, projects, users, groups, roles and tokens (OpenStack identity v3).

Deleted users, projects and domains stay as rows, because what they did is still told (servers,
activities, usage); `objects` does not see them, and their names are free again.
"""

import uuid
from typing import TypeVar

from django.db import models
from django.db.models import Q

M = TypeVar("M", bound=models.Model)
LIVING = Q(deleted_at__isnull=True)


def new_hex_id() -> str:
    """Identity's ids are 32 hex digits without dashes, as Keystone's are."""
    return uuid.uuid4().hex


class Living(models.Manager[M]):
    """The rows that were not deleted."""

    def get_queryset(self) -> models.QuerySet[M]:
        """What every query begins with."""
        return super().get_queryset().filter(LIVING)


class Domain(models.Model):
    """A name space of users and projects; the first one has the id `default`."""

    id = models.CharField(primary_key=True, max_length=64, default=new_hex_id)
    name = models.CharField(max_length=255)
    description = models.TextField(blank=True, default="")
    enabled = models.BooleanField(default=True)
    tags = models.JSONField(default=list)
    options = models.JSONField(default=dict)
    extra = models.JSONField(default=dict)  # fields of the user's choice
    config = models.JSONField(default=dict)  # {"group": {"option": value}}, of no effect here
    deleted_at = models.DateTimeField(null=True)

    objects = Living()
    everything: "models.Manager[Domain]" = models.Manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name"], condition=LIVING, name="domain_name")
        ]

    def __str__(self) -> str:
        return self.name


class Project(models.Model):
    """The owner of resources and the holder of a quota; `parent` is null right below a domain."""

    id = models.CharField(primary_key=True, max_length=64, default=new_hex_id)
    domain = models.ForeignKey(Domain, on_delete=models.PROTECT)
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT)
    name = models.CharField(max_length=255)
    description = models.TextField(blank=True, default="")
    enabled = models.BooleanField(default=True)
    tags = models.JSONField(default=list)
    options = models.JSONField(default=dict)
    extra = models.JSONField(default=dict)
    deleted_at = models.DateTimeField(null=True)

    objects = Living()
    everything: "models.Manager[Project]" = models.Manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["domain", "name"], condition=LIVING, name="project_name"
            )
        ]

    def __str__(self) -> str:
        return self.name


class User(models.Model):
    """A person or a program; the password is an Argon2 hash in Django's encoding."""

    id = models.CharField(primary_key=True, max_length=64, default=new_hex_id)
    domain = models.ForeignKey(Domain, on_delete=models.PROTECT)
    name = models.CharField(max_length=255)
    description = models.TextField(blank=True, default="")
    password = models.CharField(max_length=255)  # empty for who cannot sign in by password
    password_changed_at = models.DateTimeField(null=True)
    must_change_password = models.BooleanField(default=False)
    old_passwords = models.JSONField(default=list)  # hashes, the newest first
    email = models.CharField(max_length=255, blank=True, default="")
    enabled = models.BooleanField(default=True)
    options = models.JSONField(default=dict)
    extra = models.JSONField(default=dict)
    default_project = models.ForeignKey(Project, null=True, on_delete=models.SET_NULL)
    deleted_at = models.DateTimeField(null=True)

    objects = Living()
    everything: "models.Manager[User]" = models.Manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["domain", "name"], condition=LIVING, name="user_name")
        ]

    def __str__(self) -> str:
        return self.name


class Group(models.Model):
    """Users of one or several domains who get roles together."""

    id = models.CharField(primary_key=True, max_length=64, default=new_hex_id)
    domain = models.ForeignKey(Domain, on_delete=models.CASCADE)
    name = models.CharField(max_length=255)
    description = models.TextField(blank=True, default="")
    extra = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["domain", "name"], name="group_name")]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A user in a group."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["group", "user"], name="group_member")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.group_id}"


class Role(models.Model):
    """admin, manager, member, reader or one of the operator's; a domain may have roles of its own,
    which count for nothing but the roles that they imply."""

    id = models.CharField(primary_key=True, max_length=64, default=new_hex_id)
    name = models.CharField(max_length=255)
    domain = models.ForeignKey(Domain, null=True, on_delete=models.CASCADE)
    description = models.TextField(blank=True, default="")
    options = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["name"], condition=Q(domain__isnull=True), name="role_name"
            ),
            models.UniqueConstraint(fields=["domain", "name"], name="domain_role_name"),
        ]

    def __str__(self) -> str:
        return self.name


class ImpliedRole(models.Model):
    """Whoever has the role `prior` has `implied`, too."""

    prior = models.ForeignKey(Role, on_delete=models.CASCADE, related_name="implications")
    implied = models.ForeignKey(Role, on_delete=models.CASCADE, related_name="implied_by")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["prior", "implied"], name="implied_role")]

    def __str__(self) -> str:
        return f"{self.prior_id} implies {self.implied_id}"


class RoleAssignment(models.Model):
    """A role of a user or a group in a project, in a domain, or (both null) in the whole system.

    An inherited one counts in the projects below instead.
    """

    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="assignments")
    group = models.ForeignKey(Group, null=True, on_delete=models.CASCADE)
    project = models.ForeignKey(Project, null=True, on_delete=models.CASCADE)
    domain = models.ForeignKey(Domain, null=True, on_delete=models.CASCADE)
    role = models.ForeignKey(Role, on_delete=models.CASCADE)
    inherited = models.BooleanField(default=False)

    class Meta:
        constraints = [
            *(
                models.UniqueConstraint(
                    fields=[actor, target, "role", "inherited"],
                    name=f"{actor}_role_in_{target}",
                )
                for actor in ("user", "group")
                for target in ("project", "domain")
            ),
            *(
                models.UniqueConstraint(
                    fields=[actor, "role"],
                    condition=Q(project__isnull=True, domain__isnull=True),
                    name=f"{actor}_role_in_system",
                )
                for actor in ("user", "group")
            ),
            models.CheckConstraint(
                condition=Q(user__isnull=True) ^ Q(group__isnull=True), name="assignment_actor"
            ),
            models.CheckConstraint(
                condition=Q(project__isnull=True) | Q(domain__isnull=True),
                name="assignment_target",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id or self.group_id} is {self.role_id} in {self.project_id}"


class Token(models.Model):
    """An issued token: only the SHA-256 of its text is kept.

    Its roles are those of the present: whoever changes what they follow from changes them here.
    """

    digest = models.CharField(primary_key=True, max_length=64)
    audit_id = models.CharField(max_length=64)
    parent_audit_id = models.CharField(
        max_length=64, blank=True, default=""
    )  # of the token it was made from
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    project = models.ForeignKey(Project, null=True, on_delete=models.CASCADE)
    domain = models.ForeignKey(Domain, null=True, on_delete=models.CASCADE)
    system = models.BooleanField(default=False)
    application_credential = models.ForeignKey(
        "ApplicationCredential", null=True, on_delete=models.CASCADE
    )
    trust = models.ForeignKey("Trust", null=True, on_delete=models.CASCADE)
    methods = models.JSONField()
    roles = models.JSONField()  # [{"id", "name"}]
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"token of {self.user_id} until {self.expires_at:%Y-%m-%dT%H:%M:%SZ}"
