"""Tells Django where the tables are."""

from django.apps import AppConfig


class DatabaseConfig(AppConfig):
    """The one Django application of the frontend."""

    name = "synnefo.db"
    label = "synnefo"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Every request begins with a connection that works."""
        from synnefo.db import ended_connections

        ended_connections.watch()
