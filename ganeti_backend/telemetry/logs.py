"""Lines of the daemons' logs: for people, or one JSON object each, with what each line is about.

Passwords in addresses are taken out of every line, whoever wrote it.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import threading
from datetime import UTC, datetime
from typing import Any

log = logging.getLogger(__name__)

LEVELS = frozenset({"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"})
_PASSWORD = re.compile(r"(?<=://)([^/@\s:]*):[^/@\s]+(?=@)")


def about(**facts: Any) -> dict[str, Any]:
    """For `extra=`: what a line is about; None is left out."""
    return {"about": {name: fact for name, fact in facts.items() if fact is not None}}


def _facts(record: logging.LogRecord) -> dict[str, Any]:
    return getattr(record, "about", {})


def _scrubbed(text: str) -> str:
    return _PASSWORD.sub(r"\1:***", text)


class Lines(logging.Formatter):
    """For people: the time, the level, who says it, what, and what it is about."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name.
        # As JSON, so that no text of a user looks like another fact, or like another line.
        facts = [
            f"{name}={json.dumps(fact, ensure_ascii=False)}"
            for name, fact in _facts(record).items()
        ]
        line = super().formatMessage(record)
        return f"{line} [{' '.join(facts)}]" if facts else line

    def format(self, record: logging.LogRecord) -> str:
        return _scrubbed(super().format(record))


class JsonLines(logging.Formatter):
    """For programs: one object a line, with the time in UTC."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {
            "time": moment.replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "pid": os.getpid(),
            "thread": record.threadName,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        facts = line | _facts(record) | line  # None hides what the line itself says.
        kept = {name: _scrubbed(x) if isinstance(x, str) else x for name, x in facts.items()}
        return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))


def configure(wishes: str | None) -> None:
    """Log to standard error as wished ("json", "debug", "json,debug"), with all that Python would
    else print in its own form: warnings, and the ends of threads and of the process.
    """
    words = [word.strip().upper() for word in (wishes or "").split(",")]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if "JSON" in words else Lines())
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(next((word for word in words if word in LEVELS), "INFO"))
    logging.captureWarnings(True)
    sys.excepthook = _died
    threading.excepthook = lambda args: _died(args.exc_type, args.exc_value, args.exc_traceback)


def _died(kind: type[BaseException], error: BaseException | None, trace: Any) -> None:
    if error is not None and not issubclass(kind, KeyboardInterrupt | SystemExit):
        log.critical("died of %s", kind.__name__, exc_info=(kind, error, trace))
