"""Times that clients send in queries."""

import re
from datetime import UTC, datetime

from synnefo.core.faults import BadRequest


def moment(text: str, parameter: str) -> datetime:
    """A time in ISO 8601; without a zone it is UTC."""
    # A plus sign that nobody encoded has become a blank on the way.
    tidy = re.sub(r" (\d\d:?\d\d)$", r"+\1", text.strip())
    try:
        when = datetime.fromisoformat(tidy)
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadRequest(f"{parameter} is not a time in ISO 8601.", field=parameter) from error
