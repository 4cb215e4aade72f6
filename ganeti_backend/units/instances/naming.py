"""Which names instances may have (pure)."""

from __future__ import annotations

import re

from ganeti_backend.errors import wrong

NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?")


def check_name(name: str) -> None:
    """OpPrereqError for one that no host could have."""
    if not NAME.fullmatch(name):
        raise wrong(f"Invalid instance name '{name}'")
