"""What the remote API answers when it cannot do what was asked, in Ganeti's error bodies.

`explain` is fixed for each status, `message` is escaped for HTML, as clients of Ganeti are used to.
"""

import html
from http import HTTPStatus

REALM = "Ganeti Remote API"


class HttpFault(Exception):  # noqa: N818 - an answer like any other, not a mistake.
    """An answer that is not 200: its status and the text for the caller."""

    def __init__(self, status: int, message: str | None = None) -> None:
        self.status = HTTPStatus(status)
        super().__init__(message or self.status.phrase)

    @property
    def body(self) -> dict[str, object]:
        """The error body."""
        return {
            "code": self.status.value,
            "message": html.escape(str(self)),
            "explain": self.status.description or self.status.phrase,
        }

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """Headers that belong to this status."""
        if self.status is HTTPStatus.UNAUTHORIZED:
            return [(b"www-authenticate", f'Basic realm="{REALM}"'.encode())]
        return []


def bad_request(message: str) -> HttpFault:
    """The request cannot be understood."""
    return HttpFault(400, message)


def not_found() -> HttpFault:
    """The path, or the object it names, does not exist."""
    return HttpFault(404)
