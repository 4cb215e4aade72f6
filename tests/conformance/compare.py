"""Lays what a scenario saw on the real cluster beside what it saw on ours."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

ABSENT = "(absent)"


@dataclass(frozen=True)
class Found:
    """One thing that differs: where, and both values."""

    scenario: str
    where: str
    real: str
    ours: str

    def __str__(self) -> str:
        return f"{self.scenario} | {self.where} | real: {self.real} | ours: {self.ours}"


def compare(title: str, real: Mapping[str, Any], ours: Mapping[str, Any]) -> list[Found]:
    """Everything that is not the same in both. After a step's HTTP status differs the rest of it
    cannot be compared, so that one row stands for all."""
    found: list[Found] = []
    stopped: set[str] = set()
    for step in dict.fromkeys([*real, *ours]):
        head = step.split(":", maxsplit=1)[0]
        if head in stopped:
            continue
        here = list(_compare(title, step, real.get(step, ABSENT), ours.get(step, ABSENT)))
        if here and step.endswith((": HTTP", ": status")):
            stopped.add(head)
        found += here
    return found


def _compare(title: str, where: str, real: Any, ours: Any) -> Iterator[Found]:
    if real == ours:
        return
    if isinstance(real, dict) and isinstance(ours, dict):
        for key in sorted(real.keys() | ours.keys()):
            one, other = real.get(key, ABSENT), ours.get(key, ABSENT)
            if one != other:
                yield Found(title, f"{where}: {key}", str(one), str(other))
    elif isinstance(real, list) and isinstance(ours, list) and _plain(real) and _plain(ours):
        missing = [x for x in real if x not in ours]
        extra = [x for x in ours if x not in real]
        if len(real) > 6 and (missing or extra):
            for one in missing:
                yield Found(title, f"{where}: {one}", "there", ABSENT)
            for one in extra:
                yield Found(title, f"{where}: {one}", ABSENT, "there")
        else:
            yield Found(title, where, str(real), str(ours))
    else:
        yield Found(title, where, str(real), str(ours))


def _plain(values: list[Any]) -> bool:
    return all(isinstance(value, str) for value in values)
