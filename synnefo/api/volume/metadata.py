"""The requests about the metadata of one kind of record, whole and item by item."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from django.http import HttpResponse

from synnefo.api.request import Request, answer, empty
from synnefo.core import keyed_texts
from synnefo.core.caller import Caller


class Change(Protocol):
    """Merges texts into the metadata, or replaces it; answers all of it."""

    def __call__(
        self, caller: Caller, uuid: str, texts: Mapping[str, str], /, *, replace: bool
    ) -> dict[str, str]: ...


@dataclass(frozen=True)
class Metadata:
    """What differs between kinds: what they are called, found by and changed with."""

    noun: str
    find: Callable[[Request, str], Any]
    change: Change
    drop: Callable[[Caller, str, str], None]

    def show_all(self, request: Request, id: str) -> HttpResponse:
        """Show all metadata."""
        return answer({"metadata": self.find(request, id).metadata})

    def merge(self, request: Request, id: str) -> HttpResponse:
        """Add to the metadata, or change some of it."""
        return self._changed(request, id, replace=False)

    def replace(self, request: Request, id: str) -> HttpResponse:
        """Put other metadata in the place of all there is."""
        return self._changed(request, id, replace=True)

    def _changed(self, request: Request, id: str, *, replace: bool) -> HttpResponse:
        kept = self.change(request.caller, id, request.wish["metadata"], replace=replace)
        return answer({"metadata": kept})

    def show(self, request: Request, id: str, key: str) -> HttpResponse:
        """Show one item of metadata."""
        found = self.find(request, id).metadata
        return answer({"meta": {key: keyed_texts.one(found, key, f"{self.noun} {id}")}})

    def set_item(self, request: Request, id: str, key: str) -> HttpResponse:
        """Set one item of metadata."""
        wish = request.wish["meta"]
        keyed_texts.check_is_only(wish, key)
        self.change(request.caller, id, wish, replace=False)
        return answer({"meta": wish})

    def drop_item(self, request: Request, id: str, key: str) -> HttpResponse:
        """Remove one item of metadata."""
        self.drop(request.caller, id, key)
        return empty(200)
