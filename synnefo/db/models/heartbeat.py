"""The last sign of life of a backend's event daemon."""

from django.db import models

from synnefo.db.models.backend import Backend


class Heartbeat(models.Model):
    """Beside the backend and not in its row, which allocations of servers lock."""

    backend = models.OneToOneField(
        Backend, primary_key=True, on_delete=models.CASCADE, related_name="heartbeat"
    )
    sent_at = models.DateTimeField()  # by the clock of the daemon's machine
    heard_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"sign of life of {self.backend_id}"
