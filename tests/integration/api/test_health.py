"""/healthz and /readyz: what load balancers and operators are told, from the last sign of life."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from synnefo import wiring
from synnefo.core.messages import Heartbeat
from synnefo.db.models import Backend
from synnefo.observations import backends

NOW = timezone.now()


class Still:
    def now(self) -> Any:
        return NOW

    def monotonic(self) -> float:
        return 0.0


@pytest.fixture
def backend(db: None) -> Any:
    with wiring.replace(clock=Still()):
        yield Backend.objects.create(name="c1", url="https://c1", username="u")


def _heard(sent: float, noted: float, cluster: str = "c1") -> bool:
    """A sign sent and noted so many seconds ago."""
    moment = NOW - timedelta(seconds=sent)
    stamp = (int(moment.timestamp()), moment.microsecond)
    sign = Heartbeat(event_time=stamp, cluster=cluster)
    return backends.alive(sign, NOW - timedelta(seconds=noted))


def _asked(path: str) -> tuple[int, Any]:
    answer = Client().get(path)
    return answer.status_code, answer.json()


@pytest.mark.parametrize(
    ("sent", "noted", "pulse", "ready"),
    [
        (5.25, 5, "heard", 200),
        (60, 5, "behind", 200),
        (90, 90, "silent", 503),
        (3, 5, "heard", 200),  # Its clock is ahead of ours.
    ],
)
def test_signs_of_life(backend: Backend, sent: float, noted: float, pulse: str, ready: int) -> None:
    assert _heard(sent, noted)
    status, body = _asked("/healthz")
    assert (status, body["status"]) == (200, "ok")
    (shown,) = body["backends"]
    assert (shown["name"], shown["heartbeat"], shown["age"]) == ("c1", pulse, noted)
    assert shown["lag"] == pytest.approx(max(0, sent - noted))
    status, body = _asked("/readyz")
    assert status == ready
    assert body.get("waiting_for") == (None if ready == 200 else ["c1"])


def test_before_the_first_sign(backend: Backend) -> None:
    assert _asked("/healthz")[1]["backends"][0] == {
        "name": "c1",
        "heartbeat": "never heard",
        "age": None,
        "lag": None,
    }
    assert _asked("/readyz")[0] == 503


def test_the_last_sign_counts_whatever_the_clock_of_its_sender_says(backend: Backend) -> None:
    _heard(5, 5)
    _heard(4000, 1)  # A new master, whose clock is behind by an hour.
    assert _asked("/healthz")[1]["backends"][0]["heartbeat"] == "behind"
    assert not _heard(1, 1, cluster="somebody else's")


def test_backends_that_are_set_offline_are_not_waited_for(backend: Backend) -> None:
    Backend.objects.filter(pk=backend.pk).update(offline=True)
    assert _asked("/readyz") == (200, {"status": "ready", "backends": []})


def test_health_costs_one_query(backend: Backend, django_assert_num_queries: Any) -> None:
    _heard(1, 1)
    with django_assert_num_queries(1):
        _asked("/healthz")
