"""Tokens: made once, shown once, kept as a hash."""

from collections.abc import Sequence
from dataclasses import dataclass

from synnefo.db.models import Project, Token, User


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """The row, and the text that the user gets and nobody keeps."""

    text: str
    row: Token


def check_password(domain: str, name: str, password: str) -> User | None:
    """The enabled user with this password; `domain` is an id or a name. Same time for no user."""
    raise NotImplementedError


def issue(user: User, project: Project | None, methods: Sequence[str]) -> IssuedToken:
    """A new token with the roles that the user has in the project; Unauthorized if it has none."""
    raise NotImplementedError


def find(text: str) -> Token | None:
    """The token that is still valid, with user and project loaded; None otherwise."""
    raise NotImplementedError


def revoke(text: str) -> None:
    """Make a token invalid; it may be invalid already."""
    raise NotImplementedError
