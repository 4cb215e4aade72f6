"""How verifications say what they find: in the job's log, in Ganeti's two forms."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ganeti_backend.units.base import Unit

ERROR, WARNING = "ERROR", "WARNING"


class Report:
    """Collects whether anything was found that counts; what is to be ignored is a warning."""

    def __init__(self, unit: Unit[Any]) -> None:
        self._log = unit.job.log
        self._codes: bool = unit.op.error_codes
        self._ignored: Collection[str] = unit.op.ignore_errors
        self.good = True

    def step(self, text: str) -> None:
        """What is looked at now."""
        self._log(f"* {text}")

    def note(self, text: str) -> None:
        """Something to know, which is no fault."""
        self._log(f"  - NOTICE: {text}")

    def found(self, code: str, what: str, text: str, *, grave: bool = True) -> None:
        """`what` is `cluster`, or a kind and a name such as `node n1`."""
        grave = grave and code not in self._ignored
        weight = ERROR if grave else WARNING
        kind, _, name = what.partition(" ")
        if self._codes:
            self._log(f"  - {weight}:{code}:{kind}:{name}:{text}")
        else:
            self._log(f"  - {weight}: {what}: {text}")
        self.good = self.good and not grave
