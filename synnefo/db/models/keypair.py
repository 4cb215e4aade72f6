"""Public keys that go into servers."""

from django.db import models

from synnefo.db.models.identity import User


class Keypair(models.Model):
    """A public key of a user; the private half never stays here."""

    user = models.ForeignKey(User, on_delete=models.CASCADE)
    name = models.CharField(max_length=255)
    public_key = models.TextField()
    fingerprint = models.CharField(max_length=64)
    type = models.CharField(max_length=16, default="ssh")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "name"], name="keypair_name")]

    def __str__(self) -> str:
        return self.name
