"""Words that users put on their servers, to find them again."""

from django.db import models

from synnefo.db.models.server import Server


class ServerTag(models.Model):
    """One tag of one server; not its metadata, which has values."""

    server = models.ForeignKey(Server, on_delete=models.CASCADE, related_name="tags")
    tag = models.CharField(max_length=60)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["server", "tag"], name="server_tag_once")]
        indexes = [models.Index(fields=["tag", "server"], name="server_tag_search")]

    def __str__(self) -> str:
        return self.tag
