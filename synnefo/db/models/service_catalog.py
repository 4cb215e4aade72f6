"""What operators add to the catalog, and documents that the identity service keeps for others.

The services of this cloud itself are no rows: `api/identity/catalog.py` knows them.
"""

from django.db import models

from synnefo.db.models.identity import Project, new_hex_id


class Region(models.Model):
    """A place that endpoints belong to."""

    id = models.CharField(primary_key=True, max_length=255, default=new_hex_id)
    description = models.TextField(blank=True, default="")
    # Of a row, or the region of this cloud.
    parent_id = models.CharField(max_length=255, blank=True, default="")
    extra = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.id


class CatalogService(models.Model):
    """A service beside those of this cloud."""

    id = models.CharField(primary_key=True, max_length=64, default=new_hex_id)
    type = models.CharField(max_length=255)
    enabled = models.BooleanField(default=True)
    extra = models.JSONField(default=dict)  # with the name and the description, where given

    def __str__(self) -> str:
        return self.type


class Endpoint(models.Model):
    """Where a service is reached; `service_id` may name one of this cloud."""

    id = models.CharField(primary_key=True, max_length=64, default=new_hex_id)
    service_id = models.CharField(max_length=64, db_index=True)
    interface = models.CharField(max_length=8)
    url = models.TextField()
    region_id = models.CharField(max_length=255, blank=True, default="")
    enabled = models.BooleanField(default=True)
    extra = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.url


class EndpointGroup(models.Model):
    """The endpoints that have some properties, to be shown to some projects."""

    id = models.CharField(primary_key=True, max_length=64, default=new_hex_id)
    name = models.CharField(max_length=255)
    description = models.TextField(blank=True, default="")
    filters = models.JSONField()
    projects = models.ManyToManyField(Project)

    def __str__(self) -> str:
        return self.name


class ProjectEndpoint(models.Model):
    """An endpoint that is shown to a project."""

    endpoint_id = models.CharField(max_length=64)
    project = models.ForeignKey(Project, on_delete=models.CASCADE)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["endpoint_id", "project"], name="project_endpoint")
        ]

    def __str__(self) -> str:
        return f"{self.endpoint_id} for {self.project_id}"


class Policy(models.Model):
    """A document that somebody else enforces."""

    id = models.CharField(primary_key=True, max_length=64, default=new_hex_id)
    type = models.CharField(max_length=255)
    blob = models.TextField()
    extra = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.type


class Consumer(models.Model):
    """A program known by OAuth 1's consumer key (the id) and secret."""

    id = models.CharField(primary_key=True, max_length=64, default=new_hex_id)
    description = models.TextField(blank=True, default="")
    secret_encrypted = models.TextField()
    extra = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.id
