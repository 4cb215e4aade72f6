"""Whose turn it is: frozen backends hold up no other, and a flood of doubts no turn."""

import threading

import pytest

from synnefo.db.models import Backend
from synnefo.ports import ClusterUnreachable, Ring
from synnefo.rapi.fake import FakeCluster
from synnefo.reconciler.loop import Reconciler
from tests.integration.spine.spine import TestClock
from tests.integration.spine.test_at_once import shared

__all__ = ["shared"]
PATIENCE = 60  # seconds; far more than anything here takes
FROZEN = 8


class Freezer(FakeCluster):
    """Answers nothing until it thaws."""

    def __init__(self, name: str, thaw: threading.Event, frozen: threading.Semaphore) -> None:
        super().__init__(name)
        self._thaw = thaw
        self._frozen = frozen

    def info(self):
        self._frozen.release()
        self._thaw.wait(PATIENCE)
        raise ClusterUnreachable("it thawed too late")


class Looked(FakeCluster):
    """Tells that it was looked at."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.looked = threading.Event()

    def instances(self):
        self.looked.set()
        return super().instances()


class Doubts:
    """An ear that hears the same doubt again and again."""

    def __init__(self, backend: int | None) -> None:
        self._backend = backend

    def get(self, timeout: float) -> Ring | None:
        if self._backend is None:
            threading.Event().wait(min(timeout, 0.05))
            return None
        return Ring("doubts", {"backend": self._backend, "server": 1})

    def close(self) -> None:
        """Nothing to give back."""


def _backend(name: str) -> Backend:
    return Backend.objects.create(name=name, url="https://x", username="x", password_encrypted="x")


@pytest.fixture
def running(shared):
    """Lets a reconciler run over some clusters, until the test ends."""
    stop, threads = threading.Event(), []

    def run(clusters: dict[int, FakeCluster], ear: Doubts) -> None:
        reconciler = Reconciler(lambda backend: clusters[backend.pk], TestClock(), 0.2)
        threads.append(threading.Thread(target=reconciler.run, args=(ear, stop)))
        threads[-1].start()

    yield run
    stop.set()
    for thread in threads:
        thread.join(PATIENCE)


@pytest.mark.django_db(transaction=True)
def test_frozen_backends_hold_up_no_other(running):
    thaw, frozen = threading.Event(), threading.Semaphore(0)
    clusters: dict[int, FakeCluster] = {
        _backend(f"frozen{n}").pk: Freezer(f"frozen{n}", thaw, frozen) for n in range(FROZEN)
    }
    last = Looked("last")
    clusters[_backend("last").pk] = last
    try:
        running(clusters, Doubts(None))
        for _ in range(FROZEN):
            assert frozen.acquire(timeout=PATIENCE)
        last.looked.clear()
        assert last.looked.wait(PATIENCE)  # Again and again, while the others hang.
    finally:
        thaw.set()


@pytest.mark.django_db(transaction=True)
def test_a_flood_of_doubts_holds_up_no_turn(running):
    one = Looked("one")
    backend = _backend("one")
    running({backend.pk: one}, Doubts(backend.pk))
    assert one.looked.wait(PATIENCE)
    one.looked.clear()
    assert one.looked.wait(PATIENCE)  # The next turn of all, too.
