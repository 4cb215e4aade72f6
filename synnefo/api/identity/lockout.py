"""Locking out who guesses passwords: per user and address, and per address.

A locked user gets the one answer of a wrong password; who fails as many users is told to wait.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from django.conf import settings

from synnefo import wiring
from synnefo.api.request import Request
from synnefo.core.attempts import Attempts
from synnefo.core.faults import TooManyRequests, Unauthorized
from synnefo.db.models import User
from synnefo.intents.identity.tokens import REFUSAL

T = TypeVar("T")
LONGEST = 300  # of a key, so that what is kept in memory is bounded in bytes, too
USERS, ADDRESSES = Attempts(), Attempts()


def key_of(user: User | None, named: str) -> tuple[str, bool]:
    """Under what wrong passwords of a user count, however the user is named, and whether they lock
    the user out; `named` counts for who is not there."""
    if user is None:
        return named, True
    return user.pk, not user.options.get("ignore_lockout_failure_attempts")


def guarded(request: Request, who: str, check: Callable[[], T], *, locking: bool = True) -> T:
    """What `check` gives, unless there were too many wrong answers before; it tells of its own
    by Unauthorized. Without `locking` only the address is told to wait."""
    address = str(request.http.META.get("REMOTE_ADDR", ""))
    key, now = f"{address} {who}"[:LONGEST], wiring.clock().now()
    span = timedelta(seconds=settings.SYNNEFO_LOCKOUT_SECONDS)
    wait = ADDRESSES.wait(address, now, settings.SYNNEFO_LOCKOUT_ATTEMPTS_OF_ADDRESS, span)
    if wait is not None:
        raise TooManyRequests(
            "Too many wrong passwords came from this address. Try again later.",
            retry_after=int(wait.total_seconds()) + 1,
        )
    if locking and USERS.wait(key, now, settings.SYNNEFO_LOCKOUT_ATTEMPTS, span) is not None:
        raise Unauthorized(REFUSAL, locked_out=key)
    try:
        found = check()
    except Unauthorized:
        USERS.failed(key, now, span)
        ADDRESSES.failed(address, now, span)
        raise
    USERS.succeeded(key)
    return found
