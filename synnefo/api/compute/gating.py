"""What microversions do to whole routes: they came or went with one, or read their query strictly.

Elsewhere they are not found, as with Nova.
"""

from collections.abc import Callable, Collection
from functools import wraps
from typing import Any

from django.http.response import HttpResponseBase

from synnefo.api.request import Request
from synnefo.core.faults import BadRequest, NotFound

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


def check_query(request: Request, names: Collection[str]) -> None:
    """BadRequest if anything else is in the query."""
    for name in request.query:
        if name not in names:
            raise BadRequest(
                "Invalid input for query parameters: Additional properties are not"
                f" allowed ({name[:80]!r} was unexpected)",
                field=name[:80],
            )


def asks(names: Collection[str], since: int = 75, *, until: int = 10_000) -> Callable[[View], View]:
    """From one minor version on, to another one, nothing else may be in the query."""

    def decorate(view: View) -> View:
        @wraps(view)
        def strict(request: Request, **arguments: Any) -> HttpResponseBase:
            if since <= request.version[1] <= until and request.strict:
                check_query(request, names)
            return view(request, **arguments)

        return strict

    return decorate
