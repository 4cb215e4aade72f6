"""Texts under names of a user's choice: metadata of volumes and specifications of their types."""

from __future__ import annotations

from collections.abc import Mapping

from synnefo.core.faults import BadRequest, NotFound


def one(texts: Mapping[str, str], key: str, owner: str, word: str = "metadata") -> str:
    """The text of this name, or the fault that the owner has none."""
    if key not in texts:
        raise NotFound(f"{owner} has no {word} with key {key}.")
    return texts[key]


def without(
    texts: Mapping[str, str], key: str, owner: str, word: str = "metadata"
) -> dict[str, str]:
    """The others; the same fault."""
    one(texts, key, owner, word)
    return {name: text for name, text in texts.items() if name != key}


def check_is_only(texts: Mapping[str, str], key: str) -> None:
    """Who sets one item names it in the path and in the body alike."""
    if list(texts) != [key]:
        raise BadRequest("Request body and URI mismatch: the item is named differently.")
