"""Crews are asked by one thread what is free while others say who rests."""

import sys
import threading

import pytest

from synnefo.dispatcher.crews import Crews

BACKENDS = 10_000


class _Clock:
    def monotonic(self) -> float:
        return 1.0


def _say(crews: Crews) -> None:
    for one in range(BACKENDS):
        crews.rest(one, 5)


@pytest.fixture
def hurried():
    """Threads take turns after every few instructions."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("hurried")
def test_who_rests_may_be_asked_while_it_is_said():
    for _ in range(10):  # One round alone meets the moment half of the times.
        crews = Crews(_Clock())
        saying = threading.Thread(target=_say, args=(crews,))
        saying.start()
        try:
            while saying.is_alive():
                assert crews.shortest_rest(9) in (5, 9)
                assert len(crews.unavailable()) <= BACKENDS
        finally:
            saying.join()
        assert crews.unavailable() == list(range(BACKENDS))
