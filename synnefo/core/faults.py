"""What can be wrong with a request, in the words of the rules.

`message` is for the user, `field` names the offending part of the request, `context` is for the log
only. The one place that turns these into HTTP answers is `api/faults.py`.
"""

from typing import Any


class Fault(Exception):  # noqa: N818  # It is an answer to the user, not a failure of the program.
    """A request that cannot be fulfilled, and why."""

    def __init__(self, message: str, *, field: str | None = None, **context: Any) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.context = context


class BadRequest(Fault):
    """The request makes no sense; `field` says where."""


class Unauthorized(Fault):
    """Nobody has proved who is asking."""


class Forbidden(Fault):
    """The caller may not do this."""


class QuotaExceeded(Forbidden):
    """The project has used up its quota of some resource."""


class NotFound(Fault):
    """There is no such resource, or it belongs to somebody else."""


class Gone(Fault):
    """There was such a resource once, in an API that does not exist any more."""


class MethodNotAllowed(Fault):
    """The resource does not know this method; `allowed` are those that it knows."""

    def __init__(self, message: str, *, allowed: str = "", **context: Any) -> None:
        super().__init__(message, **context)
        self.allowed = allowed


class NotAcceptable(Fault):
    """No answer of the kind asked for can be given, for example for an unknown microversion."""


class Conflict(Fault):
    """The resource is in a state that does not allow this."""


class PreconditionFailed(Fault):
    """The resource is no longer what the caller took it for."""


class TooLarge(Fault):
    """The request, or a part of it, is longer than allowed."""


class RangeNotSatisfiable(Fault):
    """The part that is asked for lies outside of what there is."""


class UnsupportedMediaType(Fault):
    """The body is in a format that is not understood here."""


class ServiceUnavailable(Fault):
    """Something that is needed cannot be reached just now."""


class TooManyRequests(Fault):
    """The caller asks, or fails, more often than allowed; `retry_after` says when to come again."""

    def __init__(self, message: str, *, retry_after: int, **context: Any) -> None:
        super().__init__(message, **context)
        self.retry_after = retry_after


class NotSupported(Fault):
    """The cloud, or the backend of this server, cannot do this; the message says why."""
