"""Whose turn it is: frozen backends hold up no other, and a flood of doubts no turn."""

import threading
from collections.abc import Callable

import pytest
from django.db import connections

from synnefo.db.models import Backend
from synnefo.dispatcher.capacity import Capacities
from synnefo.dispatcher.crews import Crews
from synnefo.ports import ClusterUnreachable, Ring
from synnefo.rapi.fake import FakeCluster
from synnefo.reconciler.loop import Reconciler
from tests.integration.spine.spine import TestClock
from tests.integration.spine.test_at_once import shared

__all__ = ["shared"]
PATIENCE = 60  # seconds; far more than anything here takes
FROZEN = 17  # And one that is well: more than the predecessor could have at all.


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


class Tidy(Crews):
    """Its threads leave no connections behind."""

    def _counted(self, backend_id: int, work: Callable[[], None]) -> None:
        try:
            super()._counted(backend_id, work)
        finally:
            connections.close_all()


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


@pytest.mark.django_db(transaction=True)
def test_frozen_backends_hold_up_no_look_for_room(shared):
    """They are asked all at once; who does not answer in time may have room, and is named."""
    thaw, asked = threading.Event(), threading.Semaphore(0)

    class Silent(FakeCluster):
        def nodes(self):
            asked.release()
            thaw.wait(PATIENCE)
            raise ClusterUnreachable("it thawed too late")

    frozen = [_backend(f"frozen{n}") for n in range(FROZEN)]
    clusters: dict[int, FakeCluster] = {one.pk: Silent(one.name) for one in frozen}
    well = _backend("well")
    clusters[well.pk] = FakeCluster("well")
    clock = TestClock()
    crews = Tidy(clock)
    capacities = Capacities(lambda backend: clusters[backend.pk], clock, crews, 0.5)
    try:
        for _ in range(PATIENCE):
            if capacities.look() == [one.pk for one in frozen]:
                break
            clock.ahead += 3
        else:
            pytest.fail("the one that is well never answered")
        well.refresh_from_db()
        assert well.memory_free > 0
        for _ in frozen:
            assert asked.acquire(timeout=PATIENCE)
        capacities.look()
        assert not asked.acquire(blocking=False), "nobody is asked twice at a time"
    finally:
        thaw.set()
        crews.close()
