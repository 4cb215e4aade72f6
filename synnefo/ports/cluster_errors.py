"""How a cluster fails its caller: what may have happened, and whether asking again helps."""

from __future__ import annotations


class ClusterError(Exception):
    """The cluster did not do what was asked."""


class ClusterUnreachable(ClusterError):  # noqa: N818  # The name says what happened.
    """No usable answer came: try again later.

    `perhaps_done` is true when the request may have been accepted all the same (a timeout after
    sending, a broken connection, a server error): look the job up by its reason before sending it
    again. `silent` is true when nobody said that the request was given up, so that it may still be
    accepted later on.
    """

    def __init__(self, message: str, *, perhaps_done: bool = False, silent: bool = False) -> None:
        super().__init__(message)
        self.perhaps_done = perhaps_done or silent
        self.silent = silent


class ClusterUntrusted(ClusterUnreachable):
    """Whoever answers did not prove to be the cluster; nothing was told to it."""


class ClusterRefused(ClusterError):  # noqa: N818  # The name says what happened.
    """The cluster said no, and would say so again: `code` is the HTTP status, `message` its
    explanation.
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class NotFound(ClusterRefused):
    """The cluster has no such object."""

    def __init__(self, message: str) -> None:
        super().__init__(404, message)


class ClusterDenied(ClusterRefused):
    """The cluster does not accept our credentials."""


class ClusterBusy(ClusterRefused):
    """The cluster takes no jobs just now (queue drained or full): try again later."""
