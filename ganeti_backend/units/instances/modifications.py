"""Lists of changes of SET_PARAMS, for NICs and disks alike: which item is meant, what comes of it.

One entry is [verb, parameters] or [verb, index or uuid or name, parameters]; the verb may also be
an index, which then is modified. Entries are applied one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from ganeti_backend import errors
from ganeti_backend.errors import wrong

LAST = -1


class Numbered(Protocol):
    """What a list of changes is about."""

    @property
    def uuid(self) -> str: ...
    @property
    def name(self) -> str | None: ...


Item = TypeVar("Item", bound=Numbered)


@dataclass(frozen=True)
class Change(Generic[Item]):
    """One step: what was there, what will be."""

    index: int
    old: Item | None
    new: Item | None

    def apply(self, items: list[Item]) -> None:
        if self.old is not None:
            del items[self.index]
        if self.new is not None:
            items.insert(self.index, self.new)


@dataclass(frozen=True)
class Maker(Generic[Item]):
    """What a kind of item is called and how it is made."""

    what: str
    new: Callable[[Mapping[str, Any]], Item]
    modified: Callable[[Item, Mapping[str, Any]], Item]


def changes(
    before: Sequence[Item], wanted: Sequence[Sequence[Any]], maker: Maker[Item]
) -> tuple[list[Change[Item]], tuple[Item, ...]]:
    """The steps, and the list after them."""
    items, found = list(before), []
    for entry in wanted:
        step = change(items, entry, maker)
        step.apply(items)
        found.append(step)
    return found, tuple(items)


def change(items: Sequence[Item], wanted: Sequence[Any], maker: Maker[Item]) -> Change[Item]:
    """What one entry means for the items as they are by then."""
    verb, values = wanted[0], wanted[-1]
    place = wanted[1] if len(wanted) == 3 else None
    if verb == "add":
        index = len(items) if place in (None, LAST) else place
        if not isinstance(index, int) or not 0 <= index <= len(items):
            raise wrong(f"Got {maker.what} index {place}, but there are only {len(items)}")
        return Change(index, None, maker.new(values))
    if verb == "remove":
        index = find(items, LAST if place is None else place, maker.what)
        return Change(index, items[index], None)
    if verb in ("attach", "detach"):
        raise wrong(f"Operation '{verb}' is not supported for a {maker.what}")
    index = find(items, place if verb == "modify" else verb, maker.what)
    return Change(index, items[index], maker.modified(items[index], values))


def find(items: Sequence[Item], place: Any, what: str) -> int:
    """By index (-1 is the last), uuid or name."""
    if place == LAST and items:
        return len(items) - 1
    for index, item in enumerate(items):
        if place in (index, str(index), item.uuid) or (item.name and place == item.name):
            return index
    raise errors.OpPrereqError(f"Cannot find {what} with identifier {place}", errors.ECODE_NOENT)
