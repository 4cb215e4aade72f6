"""No server stays in a transition for ever: past the deadline somebody decides and says why."""

import itertools
from datetime import timedelta

import pytest

from synnefo.core import deadlines
from synnefo.core.deadlines import Sight
from synnefo.core.server_actions import ACTIONS
from synnefo.db.models import Backend, Commission, Intent

ACTS = {
    "start": ("os-start", {}, "STOPPED"),
    "stop": ("os-stop", {}, "ACTIVE"),
    "reboot": ("reboot", {"type": "SOFT"}, "ACTIVE"),
    "reboot_hard": ("reboot", {"type": "HARD"}, "ACTIVE"),
}


def test_every_action_has_a_deadline():
    assert deadlines.DEADLINES.keys() == ACTIONS.keys()


@pytest.mark.parametrize(("action", "sight"), list(itertools.product(ACTIONS, Sight)))
def test_the_sentence_fits_the_api(action, sight):
    text = deadlines.sentence(action, sight, deadlines.deadline(action), 1_000_000)
    assert len(text) <= 255
    assert "again" in text


def _past(spine, action):
    spine.clock.ahead += deadlines.deadline(action).total_seconds() + 1


def _stuck(spine, monkeypatch, *, cancelable):
    spine.cluster.holding = True
    if not cancelable:
        monkeypatch.setattr(spine.cluster, "cancel", lambda job_id: False)


@pytest.mark.parametrize("cancelable", [True, False])
def test_build(spine, server, monkeypatch, cancelable):
    _stuck(spine, monkeypatch, cancelable=cancelable)
    slow = spine.create("slow")
    spine.dispatch()
    spine.clock.ahead += 3600
    spine.reconciler.turn(spine.backend)
    assert spine.state(slow) == ("BUILD", "spawning")
    _past(spine, "create")
    spine.reconciler.turn(spine.backend)
    assert spine.state(slow) == ("ERROR", None)
    assert ("was canceled" if cancelable else "still runs") in slow.fault["message"]
    assert "Delete the server and create it again" in slow.fault["message"]
    assert not Commission.objects.filter(server=slow, state="ISSUED").exists()
    spine.cluster.run()  # Where it ran on, the server becomes what it is there.
    spine.deliver(spine.events())
    assert spine.state(slow)[0] == ("ERROR" if cancelable else "ACTIVE")
    spine.audit()


@pytest.mark.parametrize("cancelable", [True, False])
@pytest.mark.parametrize("action", ACTS)
def test_actions(spine, server, monkeypatch, action, cancelable):
    word, arguments, before = ACTS[action]
    if before == "STOPPED":
        spine.act(server, "os-stop")
        spine.settle()
    _stuck(spine, monkeypatch, cancelable=cancelable)
    spine.act(server, word, **arguments)
    spine.dispatch()
    _past(spine, action)
    spine.reconciler.turn(spine.backend)
    assert spine.state(server) == (before, None)
    intent = Intent.objects.get(action=action)
    assert (intent.state, intent.cause) == ("FAILED", server.fault["details"])
    spine.cluster.holding = False
    spine.cluster.run()
    spine.settle()
    spine.act(server, "os-start" if spine.state(server)[0] == "STOPPED" else "os-stop")
    spine.settle()
    server.refresh_from_db()
    assert server.fault is None, "what was done since then took it away"
    spine.audit()


def test_deletion(spine, server, monkeypatch):
    _stuck(spine, monkeypatch, cancelable=False)
    spine.delete(server)
    spine.dispatch()
    _past(spine, "delete")
    spine.reconciler.turn(spine.backend)
    assert spine.state(server) == ("ACTIVE", None)
    assert "Delete it again" in server.fault["message"]
    spine.cluster.run()
    spine.deliver(spine.events())
    assert spine.state(server) == ("DELETED", None)
    spine.audit()


def _one_turn(spine):
    """As the loop does it, which goes on where a backend does not answer."""
    spine.reconciler._timed_turn(spine.backend, None)


def test_backend_that_does_not_answer(spine, server):
    spine.cluster.holding = True
    slow = spine.create("slow")
    spine.act(server, "reboot", type="HARD")
    spine.dispatch()
    spine.cluster.away = True
    _past(spine, "create")
    _one_turn(spine)
    assert spine.state(server) == ("ACTIVE", None)
    assert spine.state(slow) == ("ERROR", None)
    assert "the backend has not answered" in slow.fault["message"]
    spine.cluster.away = False
    spine.cluster.run()
    _one_turn(spine)  # All events are lost: looking is enough.
    assert spine.state(slow) == ("ACTIVE", None)
    assert slow.fault is None
    spine.audit()


def test_backend_that_is_switched_off(spine, server):
    spine.cluster.holding = True
    spine.act(server, "os-stop")
    spine.dispatch()
    Backend.objects.update(offline=True)
    _past(spine, "stop")
    spine.reconciler.books()
    assert spine.state(server) == ("ACTIVE", None)
    assert "has not answered" in server.fault["message"]


def test_wish_that_no_backend_took(spine, server):
    spine.act(server, "os-stop")
    _past(spine, "stop")
    _one_turn(spine)
    assert spine.state(server) == ("ACTIVE", "powering-off")  # A dispatcher will come.
    spine.clock.ahead += timedelta(days=1).total_seconds()
    _one_turn(spine)
    assert spine.state(server) == ("ACTIVE", None)
    assert "no backend took it" in server.fault["message"]
    spine.audit()


def test_build_that_no_backend_was_found_for(spine, server):
    waiting = spine.create("waiting")
    spine.clock.ahead += timedelta(days=1, minutes=1).total_seconds()
    spine.reconciler.books()
    assert spine.state(waiting) == ("ERROR", None)
    assert "no backend took it" in waiting.fault["message"]
    spine.delete(waiting)
    spine.dispatch()
    assert spine.state(waiting) == ("DELETED", None)
    spine.audit()


def test_wish_that_perhaps_was_taken(spine, server):
    spine.cluster.lose_answers = True
    spine.act(server, "os-stop")
    spine.dispatch(1)
    spine.cluster.away = True
    _past(spine, "stop")
    _one_turn(spine)
    assert spine.state(server) == ("ACTIVE", None)
    spine.cluster.away = spine.cluster.lose_answers = False
    _one_turn(spine)
    assert spine.state(server) == ("STOPPED", None)
    spine.audit()


def _deleted_without_an_orphan(spine, slow, beside):
    """Its deletion waits for the build that runs on, and takes away what comes of it."""
    spine.delete(slow)
    spine.dispatch()
    assert spine.state(slow) == ("ERROR", "deleting")
    spine.cluster.holding = False
    spine.cluster.run()
    spine.clock.ahead += 60
    spine.settle()
    assert spine.state(slow) == ("DELETED", None)
    assert spine.instances() == {spine.instance(beside)}
    spine.audit()


def test_what_was_given_up_and_deleted_leaves_no_orphan(spine, server, monkeypatch):
    """Its build runs on: the deletion waits for what comes of it."""
    _stuck(spine, monkeypatch, cancelable=False)
    slow = spine.create("slow")
    spine.dispatch()
    _past(spine, "create")
    spine.reconciler.turn(spine.backend)
    _deleted_without_an_orphan(spine, slow, beside=server)


def test_what_was_perhaps_taken_given_up_and_deleted_leaves_no_orphan(spine, server):
    """Nobody knew of its job when it was given up."""
    spine.cluster.holding = spine.cluster.lose_answers = True
    slow = spine.create("slow")
    spine.dispatch(1)
    spine.cluster.away = True
    _past(spine, "create")
    _one_turn(spine)
    assert spine.state(slow) == ("ERROR", None)
    spine.cluster.away = spine.cluster.lose_answers = False
    _deleted_without_an_orphan(spine, slow, beside=server)
