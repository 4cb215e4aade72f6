"""The rules as rows carry them out: random histories with users, administrators and losses.

The properties of the rules alone are in `tests/unit/synnefo/core/test_convergence.py`; this shows
that the database does what they say, quota, addresses and intents included.
"""

import random

import pytest

from synnefo.core.faults import Conflict
from synnefo.db.models import Server

USERS = [("os-stop", {}), ("os-start", {}), ("reboot", {"type": "HARD"})]
ADMINISTRATORS = ["submit_shutdown", "submit_startup", "submit_reboot", "submit_remove"]


def _step(spine, chance, server):
    """Somebody does something; what cannot be done now is not."""
    name = spine.instance(server)
    match chance.randrange(9):
        case 0 | 1 | 2:
            word, arguments = chance.choice(USERS)
            try:
                spine.act(server, word, **arguments)
            except Conflict:
                return
            spine.dispatch()
        case 3 | 4 | 5:
            getattr(spine.cluster, chance.choice(ADMINISTRATORS))(name, "by hand")
        case 6:
            spine.delete(server)
            spine.dispatch()
        case 7 if name in spine.instances():
            spine.cluster.set_instance(name, running=chance.random() < 0.5)
        case 8:
            spine.clock.ahead += 30
            spine.reconciler.turn(spine.backend, chance.choice([None, [server.pk]]))


@pytest.mark.parametrize("seed", range(12))
def test_any_history_ends_in_what_the_backend_has(spine, seed):
    chance = random.Random(seed)
    kept = []
    for number in range(2):
        spine.create(str(number))
    spine.dispatch()
    for _ in range(14):
        living = list(Server.objects.exclude(state="DELETED"))
        if living:
            _step(spine, chance, chance.choice(living))
        kept += [one for one in spine.events() if chance.random() < 0.6]
        chance.shuffle(kept)
        spine.deliver(kept[: chance.randrange(4)])  # Some of these come again later.
        spine.dispatch()
    for late in ([], kept):
        spine.deliver(late)
        for _ in range(2):
            spine.clock.ahead += 60
            spine.dispatch()
            spine.reconciler.turn(spine.backend)
        assert spine.reconciler.turn(spine.backend).drifts == []
        assert spine.reconciler.books() == 0
        spine.audit()
        for server in Server.objects.exclude(state="DELETED"):
            running = spine.cluster.instance(spine.instance(server)).running
            assert server.state == ("ACTIVE" if running else "STOPPED")
