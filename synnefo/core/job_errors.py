"""What a failed opcode says: Ganeti's error as a sentence for the user."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

_RESOURCES = (
    ("memory", re.compile(r"FailMem|\bmemory\b", re.IGNORECASE)),
    ("disk", re.compile(r"FailDisk|\bdisk space\b|\bfree space\b|\bdisk\b", re.IGNORECASE)),
    ("processors", re.compile(r"FailCPU|\bCPUs?\b", re.IGNORECASE)),
    ("nodes", re.compile(r"\bonline nodes\b", re.IGNORECASE)),
)
_NO_ROOM = frozenset({"insufficient_resources", "temp_insufficient_resources"})


@dataclass(frozen=True, slots=True)
class JobError:
    """`kind` is the class (OpPrereqError …), `code` Ganeti's word (unknown_entity …) or None."""

    kind: str
    code: str | None
    message: str

    @property
    def nothing_was_done(self) -> bool:
        """A failed prerequisite means that nothing was changed."""
        return self.kind == "OpPrereqError"

    @property
    def sentence(self) -> str:
        """For the user; it begins with the resource that ran out, if one did."""
        if self.code in _NO_ROOM:
            for resource, pattern in _RESOURCES:
                if pattern.search(self.message):
                    return f"{resource}: {self.message}"
        return self.message


def read(result: Any, *, canceled: bool = False) -> JobError:
    """From an opcode's result: ["OpPrereqError", ["text", "code"]], or whatever was found there."""
    match result:
        case [str(kind), [str(text), str(code), *_]]:
            return JobError(kind, code, text)
        case [str(kind), [str(text), *_]] | [str(kind), str(text)]:
            return JobError(kind, None, text)
        case str(text) if text:
            return JobError("", None, text)
    if canceled:
        return JobError("JobCanceled", None, "The job was canceled")
    return JobError("", None, "The backend gave no reason")
