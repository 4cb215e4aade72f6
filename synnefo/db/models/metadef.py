"""The catalog of metadata definitions (OpenStack image v2, metadefs).

It tells people and user interfaces which properties make sense where; nothing here obeys it.
"""

from django.db import models


class MetadefNamespace(models.Model):
    """A set of definitions with one name."""

    namespace = models.CharField(max_length=80, unique=True)
    display_name = models.CharField(max_length=80, null=True)  # noqa: DJ001 - shown only if given.
    description = models.TextField(null=True)  # noqa: DJ001 - shown only if given.
    visibility = models.CharField(max_length=16, default="private")
    protected = models.BooleanField(default=False)
    owner = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.namespace


class MetadefItem(models.Model):
    """What a namespace holds: properties, objects, tags, and the resource types it is for."""

    namespace = models.ForeignKey(MetadefNamespace, on_delete=models.CASCADE, related_name="items")
    kind = models.CharField(max_length=16)  # property, object, tag, resource_type
    name = models.CharField(max_length=80)
    content = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["namespace", "kind", "name"], name="metadef_item_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"
