"""Limits of the rate of requests of each project: off unless the operator sets one."""

from django.conf import settings

from synnefo import wiring
from synnefo.core.faults import TooManyRequests
from synnefo.core.rates import Rates

RATES = Rates()


def admit(project: str) -> None:
    """TooManyRequests when the project has made all its requests of this minute."""
    most = settings.SYNNEFO_RATE_LIMIT
    wait = RATES.take(project, wiring.clock().now().timestamp(), most)
    if wait:
        raise TooManyRequests(
            f"This request was rate-limited: a project may make {most} requests per minute. "
            f"Come again after {wait} seconds.",
            retry_after=wait,
        )
