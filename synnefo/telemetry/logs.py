"""Lines of logs: for people, or one JSON object each, with what each line is about.

What a line is about (request, intent, job, server …) comes from `about` at the call or from
`following` around it; one request id is so found in the logs of all processes. Passwords in
addresses are taken out of every line, whoever wrote it.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

log = logging.getLogger(__name__)

LEVELS = frozenset({"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"})
HIDDEN = "***"
_PASSWORD = re.compile(r"(?<=://)([^/@\s:]*):[^/@\s]+(?=@)")
_followed: ContextVar[dict[str, Any]] = ContextVar("followed", default={})  # noqa: B039 - replaced, never changed.


def about(**facts: Any) -> dict[str, Any]:
    """For `extra=`: what a line is about; None is left out."""
    return {"about": {name: fact for name, fact in facts.items() if fact is not None}}


@contextmanager
def following(**facts: Any) -> Iterator[None]:
    """What all lines of this thread are about for a while."""
    kept = {name: fact for name, fact in facts.items() if fact is not None}
    token = _followed.set(_followed.get() | kept)
    try:
        yield
    finally:
        _followed.reset(token)


def scrubbed(text: str) -> str:
    """Without the passwords of addresses like amqp://user:password@host."""
    return _PASSWORD.sub(rf"\1:{HIDDEN}", text) if "://" in text else text


def _facts(record: logging.LogRecord) -> dict[str, Any]:
    found: dict[str, Any] = _followed.get()
    own: dict[str, Any] | None = getattr(record, "about", None)
    return found | own if own else found


class Lines(logging.Formatter):
    """For people: the time, the level, who says it, what, and what it is about."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name.
        facts = " ".join(f"{name}={_one_word(fact)}" for name, fact in _facts(record).items())
        line = super().formatMessage(record)
        return f"{line} [{facts}]" if facts else line

    def format(self, record: logging.LogRecord) -> str:
        return scrubbed(super().format(record))


def _one_word(fact: Any) -> str:
    """What users named must not look like another fact, or like another line."""
    text = str(fact)
    return text if text.isprintable() and " " not in text else json.dumps(text)


class JsonLines(logging.Formatter):
    """For programs: one object a line, with the time in UTC."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {
            "time": moment.replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "pid": os.getpid(),
            "thread": record.threadName,
            "message": scrubbed(record.getMessage()),
        }
        for name, fact in _facts(record).items():
            kept = fact if isinstance(fact, int | float) else scrubbed(str(fact))
            line.setdefault(name, kept)
        if record.exc_info:
            line["trace"] = scrubbed(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False, separators=(",", ":"))


def level(wishes: str | None) -> str:
    """The level among the wishes ("json", "debug", "json,debug"), else INFO."""
    named = [word for word in _words(wishes) if word in LEVELS]
    return named[-1] if named else "INFO"


def formatter(wishes: str | None = "") -> logging.Formatter:
    """JSON if the wishes say so."""
    return JsonLines() if "JSON" in _words(wishes) else Lines()


def _words(wishes: str | None) -> list[str]:
    return [word.strip().upper() for word in (wishes or "").split(",")]


def configure(wishes: str | None) -> None:
    """Log to standard error as wished, with all that is not logged by itself."""
    catch_strays()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter(wishes))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level(wishes))


def catch_strays() -> None:
    """What Python would print in its own form becomes lines of the log, too: warnings, and the
    ends of threads and of the process.
    """
    logging.captureWarnings(True)
    sys.excepthook = _died
    threading.excepthook = lambda args: _died(args.exc_type, args.exc_value, args.exc_traceback)


def _died(
    kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
) -> None:
    if error is not None and not issubclass(kind, KeyboardInterrupt | SystemExit):
        log.critical("died of %s", kind.__name__, exc_info=(kind, error, trace))
