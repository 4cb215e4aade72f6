"""How jobs of the pretended cluster fail: in Ganeti's words, as job results have them."""

from __future__ import annotations

from collections.abc import Container


class JobFails(Exception):  # noqa: N818  # The name says what happens.
    """A job ends in error: Ganeti's class, text and code."""

    def __init__(self, kind: str, text: str, code: str) -> None:
        super().__init__(text)
        self.result = [kind, [text, code]]


def refuse_taken(name: str, known: Container[str]) -> None:
    """Two of one name cannot be."""
    if name in known:
        raise JobFails("OpPrereqError", f"'{name}' is already in the cluster", "already_exists")
