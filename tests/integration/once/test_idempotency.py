"""A client that repeats a creation with its key: same server, same body, same status."""

from __future__ import annotations

import gc
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections

from synnefo import wiring
from synnefo.db.models import Intent, Server
from synnefo.observations import servers as observations
from synnefo.rapi.fake import FakeCluster
from tests.integration.api.client import Api
from tests.integration.api.world import World
from tests.integration.once.crashing import Child, crashes
from tests.integration.spine.conftest import Rings

pytestmark = pytest.mark.django_db(transaction=True)
SERVERS = "/compute/v2.1/servers"
KEY = {"idempotency_key": "wish-1"}


@pytest.fixture
def world(database):
    cluster = FakeCluster("cluster.fake")
    with wiring.replace(doorbell=Rings(), cluster=lambda _: cluster):
        yield World()


def wish(world, **changes):
    server = {"name": "web", "flavorRef": "1", "imageRef": str(world.image.uuid)}
    return {"server": server | {"networks": [{"uuid": str(world.network.uuid)}]} | changes}


def ask(world, body):
    answer = Api(world)("POST", SERVERS, body, **KEY)
    headers = {name: answer.headers.get(name) for name in ("Content-Type", "Location")}
    return answer.status, answer.raw, headers


def counted(world):
    """One server, one intent, and quota for one."""
    limits = Api(world).get("/compute/v2.1/limits")["limits"]["absolute"]
    return Server.objects.count(), Intent.objects.count(), limits["totalInstancesUsed"]


@pytest.mark.parametrize("changes", [{}, {"return_reservation_id": True}, {"adminPass": "secret"}])
def test_repeated_whatever_became_of_the_server(world, changes):
    body = wish(world, **changes)
    first = ask(world, body)
    assert first[0] == 202
    server = Server.objects.get()
    for state in ("ACTIVE", "ERROR"):
        Server.objects.update(state=state, task=None)
        assert ask(world, body) == first
    observations.vanished(server.pk, server.created_at)
    assert ask(world, body) == first
    assert counted(world) == (1, 1, 0)


def test_at_the_same_time(world):
    body = wish(world)

    def one(_):
        try:
            return ask(world, body)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(one, range(12)))
    assert answers == [answers[0]] * 12
    assert answers[0][0] == 202
    assert counted(world) == (1, 1, 1)


@pytest.mark.system  # Many processes are killed, too many for the fast tests.
def test_killed_before_any_line(world, database):
    """Between the first line and the last of the answer; the commit is somewhere in the midst."""
    body, step = wish(world), 13 if connection.vendor == "sqlite" else 400

    def create() -> None:
        assert ask(world, body)[0] == 202

    def repeat() -> None:
        first = ask(world, body)
        assert first[0] == 202
        assert ask(world, body) == first
        assert counted(world) == (1, 1, 1)

    assert Api(world).get(SERVERS) == {"servers": []}  # Whatever is prepared once is prepared.
    database.keep()
    gc.collect()
    gc.freeze()
    committed = []
    for place in crashes(create, database.restore, step):
        done = "intent " in database.content()
        if committed and committed[-1] == done:
            continue  # The same was left by the kill before.
        committed.append(done)
        Child(repeat).succeeded()
        print(f"killed at {place}: {'committed' if done else 'nothing committed'}")
    gc.unfreeze()
    assert committed[0] is False
    assert committed == [False, True] or connection.vendor != "sqlite"
