"""A candidate's copy in memory: behaves as `replica.Replica`, for nodes that are only pretended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

Rows = dict[tuple[str, str], str]


@dataclass
class FakeReplica:
    state: dict[str, Any] = field(default_factory=dict)
    content: Rows = field(default_factory=dict)
    base: Rows = field(default_factory=dict)

    def update(
        self,
        phase: str,
        generation: int,
        epoch: str,
        after: int,
        position: int,
        rows: Sequence[Sequence[Any]],
    ) -> dict[str, Any]:
        if phase == "changes":
            known = self.state.get("position") if self.state.get("epoch") == epoch else None
            if known not in (after, position):
                return {"behind": True}
            if known == after:
                take(self.content, rows)
        elif phase == "base-begin":
            self.base = {}
            return {"position": position}
        else:
            take(self.base, rows)
            if phase == "base":
                return {"position": position}
            archive = {key: text for key, text in self.content.items() if "archive/" in key[1]}
            self.content = archive | self.base
        self.state = {"generation": generation, "epoch": epoch, "position": position}
        return {"position": position}

    def status(self) -> dict[str, Any]:
        return {
            "complete": "epoch" in self.state,
            "generation": self.state.get("generation", 0),
            "position": self.state.get("position", 0),
            "serial": int(self.content.get(("queue", "serial"), "0")),
        }

    def rows(self) -> list[tuple[str, str, str]]:
        return [(part, name, text) for (part, name), text in self.content.items()]


def take(content: Rows, rows: Sequence[Sequence[Any]]) -> None:
    for part, name, text in rows:
        if text is None:
            content.pop((part, name), None)
        elif isinstance(text, dict):
            moved = content.pop((part, text["from"]), None)
            if moved is not None:
                content[part, name] = moved
        else:
            content[part, name] = text
