"""A connection that the database has ended is not used again."""

import select
import socket
from types import SimpleNamespace

import pytest
from django.core.signals import request_started
from django.db import connection

from synnefo.db import ended_connections

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ends(monkeypatch):
    """Both ends of a connection to something like PostgreSQL, in place of the usual one."""
    ours, theirs = socket.socketpair()
    raw = SimpleNamespace(closed=False, fileno=ours.fileno)
    usual = SimpleNamespace(vendor="postgresql", connection=raw, in_atomic_block=False, closed=0)
    usual.close = lambda: setattr(usual, "closed", usual.closed + 1)
    monkeypatch.setattr(ended_connections, "connections", {"default": usual})
    with ours, theirs:
        yield usual, theirs


def test_one_that_works_is_kept(ends):
    usual, _theirs = ends
    ended_connections.drop_ended()
    assert usual.closed == 0


def test_one_that_the_other_end_left_is_dropped(ends):
    usual, theirs = ends
    theirs.close()
    ended_connections.drop_ended()
    assert usual.closed == 1


def test_so_is_one_whose_last_words_nobody_has_read(ends):
    usual, theirs = ends
    theirs.sendall(b"E...terminating connection due to administrator command")
    ended_connections.drop_ended()
    assert usual.closed == 1


def test_a_transaction_learns_it_by_itself(ends):
    usual, theirs = ends
    usual.in_atomic_block = True
    theirs.close()
    ended_connections.drop_ended()
    assert usual.closed == 0


def test_a_request_does_not_meet_it():
    """Ended by PostgreSQL itself where that is the database; the next request asks a new one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        if connection.vendor == "postgresql":
            cursor.execute("SET idle_session_timeout = '1ms'")
            select.select([connection.connection.fileno()], [], [], 10)
    request_started.send(sender=None)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)
