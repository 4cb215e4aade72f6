"""Routes that came or went with a microversion: elsewhere they are not found, as with Nova."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http.response import HttpResponseBase

from synnefo.api.request import Request
from synnefo.core.faults import NotFound

View = Callable[..., HttpResponseBase]


def between(first: int, last: int = 10_000) -> Callable[[View], View]:
    """Lets a view answer from one minor version to another; the legacy paths are at 2.1."""

    def decorate(view: View) -> View:
        @wraps(view)
        def gated(request: Request, **arguments: Any) -> HttpResponseBase:
            minor = request.version[1]
            if not first <= minor <= last:
                raise NotFound(f"API version 2.{minor} is not supported on this method.")
            return view(request, **arguments)

        return gated

    return decorate


def since(first: int) -> Callable[[View], View]:
    """The view came with this minor version."""
    return between(first)


def until(last: int) -> Callable[[View], View]:
    """The view went after this minor version."""
    return between(0, last)
