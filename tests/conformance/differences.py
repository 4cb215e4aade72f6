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


WRITTEN_BACK = "Ganeti writes into the opcode what its job worked out; ours leaves it as asked."
TELLS_LATER = "Ganeti resolves names while a job waits; ours does all of its looking as it runs."
DRY_RUN = "Ganeti's remote API drops ?dry-run of some requests; ours obeys it in all, and says so."
LOG_TEXTS = "Remarks in a job's log are for people and not compared one by one."
PARTS = "Ours has the hypervisors fake and libvirt and the disk templates listed in its README."
CLEAR_REFUSAL = "Ganeti's server fails over this input; ours refuses it for its cause."

ROWS: tuple[Row, ...] = (
    # Job files, and jobs as RAPI shows them.
    Row("*ops[]*_uuid*", WRITTEN_BACK),
    Row("*ops[]*.hypervisor", WRITTEN_BACK, real="text"),
    Row("*ops[]*.file_driver", WRITTEN_BACK, real="text"),
    Row("*ops[]*.osparams_private", WRITTEN_BACK, real="object"),
    Row("*ops[]*.osparams_secret", WRITTEN_BACK, real="object"),
    Row("*ops[]*.helper_*_timeout", WRITTEN_BACK),
    Row("*ops[]*.disks[][].*", WRITTEN_BACK, scenario="modify_disks", real="text"),
    Row("*ops[]*.mode", WRITTEN_BACK, scenario="migrate*", real="text"),
    Row("*ops[]*.iallocator", WRITTEN_BACK, real="text"),
    Row("*ops[]*.pnode", WRITTEN_BACK, real="text"),
    Row("*ops[]*.dry_run", DRY_RUN),
    Row("*: file: ops[].exec_timestamp*", TELLS_LATER),
    Row("*: log", LOG_TEXTS),
)


def unexplained(found: Iterable[Found]) -> list[Found]:
    """What no row names."""
    return [one for one in found if not any(row.explains(one) for row in ROWS)]


def stale(found: Iterable[Found]) -> list[Row]:
    """Rows that name nothing that was found."""
    everything = list(found)
    return [row for row in ROWS if not any(row.explains(one) for one in everything)]
