"""How much a part of the block storage service tells in its log: from 3.32 on.

As with cinder-api the levels are those of the process that answers, and hold until it ends. Only
its own loggers are shown and changed: libraries would tell secrets in detail. The other parts run
in processes that are not asked; their levels are set where they are started.
"""

import logging
from typing import Any

from django.http import HttpResponse

from synnefo.api.bodies import choice, mapping, maybe, record, text
from synnefo.api.request import Request, answer, empty
from synnefo.api.volume.about import BINARIES, MACHINE
from synnefo.api.volume.answers import STRING, fields
from synnefo.core.faults import BadRequest

OWN = "synnefo"
API = "cinder-api"
EVERY = ("", "*")
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
_ANY = dict.fromkeys(("binary", "server", "prefix"), maybe(text(0, 255)))
SHOW = record(_ANY)
CHANGE = record(_ANY | {"level": text(1, 16)}, ("level",))
SHAPE = fields(
    {"binary": STRING, "host": STRING, "levels": mapping(STRING, choice(*LEVELS, "CRITICAL"))}
)


def _loggers(prefix: str) -> dict[str, logging.Logger]:
    known = logging.root.manager.loggerDict
    return {
        name: logger
        for name, logger in sorted(known.items())
        if isinstance(logger, logging.Logger)
        and (name == OWN or name.startswith(f"{OWN}."))
        and name.startswith(prefix)
    }


def _asked(request: Request) -> tuple[bool, str]:
    """Whether it is about this process, and the beginning of the names that it is about."""
    wish: dict[str, Any] = request.wish
    binary, server = wish.get("binary") or "", wish.get("server") or ""
    if binary not in (*EVERY, API, *BINARIES):
        raise BadRequest(f"Invalid binary {binary[:80]}: it must be one of {API}, *.")
    here = binary in (*EVERY, API) and server in ("", MACHINE)
    return here, wish.get("prefix") or ""


def show(request: Request) -> HttpResponse:
    """PUT /os-services/get-log: the levels of loggers."""
    here, prefix = _asked(request)
    shown = {
        name: logging.getLevelName(logger.getEffectiveLevel())
        for name, logger in _loggers(prefix).items()
    }
    found = [{"binary": API, "host": MACHINE, "levels": shown}] if here else []
    return answer({"log_levels": found})


def change(request: Request) -> HttpResponse:
    """PUT /os-services/set-log: one level for all loggers that are named."""
    here, prefix = _asked(request)
    level = request.wish["level"].upper()
    if level not in LEVELS:
        raise BadRequest(
            f"Invalid log level {level[:80]!r}: it must be one of {', '.join(LEVELS)}."
        )
    if not here:
        raise BadRequest(
            f"Only the levels of {API} on {MACHINE} change while it runs: start the other parts"
            " with the level that they are to have."
        )
    for logger in _loggers(prefix).values():
        logger.setLevel(level)
    return empty(202)
