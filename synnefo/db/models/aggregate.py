"""Administrators' sets of nodes; one with a zone makes its nodes that availability zone."""

import uuid

from django.db import models

from synnefo.db.models.node import Node


class Aggregate(models.Model):
    """`zone` null: only a set. A node is in one zone at most."""

    uuid = models.UUIDField(unique=True, default=uuid.uuid4)
    name = models.CharField(max_length=255, unique=True)
    zone = models.CharField(max_length=255, null=True)  # noqa: DJ001 - null is "no zone".
    metadata = models.JSONField(default=dict)
    nodes = models.ManyToManyField(Node, related_name="aggregates")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name
