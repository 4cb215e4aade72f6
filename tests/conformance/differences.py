"""The one table of what differs between a real Ganeti 3.0 and ours, each row with its reason.

A row names by patterns (`*` stands for any text) the scenario, what was looked at there, and both
values. A test fails when something differs that no row names, or a row names nothing any more.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from tests.conformance.compare import Found


@dataclass(frozen=True)
class Row:
    """What may differ, and why it may."""

    where: str
    reason: str
    scenario: str = "*"
    real: str = "*"
    ours: str = "*"

    def explains(self, found: Found) -> bool:
        values = (found.scenario, found.where, found.real, found.ours)
        return all(one.fullmatch(value) for one, value in zip(self._patterns, values, strict=True))

    @cached_property
    def _patterns(self) -> list[re.Pattern[str]]:
        return [
            re.compile(".*".join(map(re.escape, text.split("*"))), re.DOTALL)
            for text in (self.scenario, self.where, self.real, self.ours)
        ]


ROWS: tuple[Row, ...] = ()


def unexplained(found: Iterable[Found]) -> list[Found]:
    """What no row names."""
    return [one for one in found if not any(row.explains(one) for row in ROWS)]


def stale(found: Iterable[Found]) -> list[Row]:
    """Rows that name nothing that was found."""
    everything = list(found)
    return [row for row in ROWS if not any(row.explains(one) for one in everything)]
