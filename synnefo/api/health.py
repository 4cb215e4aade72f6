"""Whether this process and what is behind it work: for load balancers, monitors and operators.

Without a token, so nothing is told but names of backends and seconds.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse

from synnefo import wiring
from synnefo.api.request import answer
from synnefo.core.heartbeats import Life, Pulse
from synnefo.db.lives import lives

READY = frozenset({Pulse.HEARD, Pulse.BEHIND})


def healthz(_http: HttpRequest) -> HttpResponse:
    """GET /healthz: this process answers and reaches its database. A backend that is silent makes
    nobody ill: what is known of its servers can be read as ever.
    """
    found = lives(wiring.clock().now())
    return answer({"status": "ok", "backends": _shown(found)})


def readyz(_http: HttpRequest) -> HttpResponse:
    """GET /readyz: also, what happens on every backend arrives here; else 503 and which do not."""
    found = lives(wiring.clock().now())
    waiting = [name for name, life in found.items() if life.pulse not in READY]
    body = {"status": "ready", "backends": _shown(found)}
    if not waiting:
        return answer(body)
    body |= {"status": "not ready", "waiting_for": waiting}
    return answer(body, 503, {"Retry-After": "5"})


def _shown(found: dict[str, Life]) -> list[dict[str, Any]]:
    return [
        {"name": name, "heartbeat": life.pulse, "age": _round(life.age), "lag": _round(life.lag)}
        for name, life in found.items()
    ]


def _round(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
