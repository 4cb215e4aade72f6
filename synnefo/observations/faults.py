"""What the API shows of what went wrong with a server."""

from __future__ import annotations

from datetime import datetime
from typing import Any


def fault(sentence: str, now: datetime) -> dict[str, Any]:
    """What the API shows of an error."""
    return {
        "code": 500,
        "message": sentence[:255],
        "details": sentence,
        "created": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
