"""Which commits wait for the disk: all but those that say otherwise, and only while they do."""

from __future__ import annotations

import pytest
from django.db import connection

from synnefo.db.transactions import losable, writing

ASKED = {"sqlite": "PRAGMA synchronous", "postgresql": "SHOW synchronous_commit"}
WAITS = {"sqlite": 2, "postgresql": "on"}
WAITS_NOT = {"sqlite": 1, "postgresql": "off"}


def _says() -> object:
    with connection.cursor() as cursor:
        cursor.execute(ASKED[connection.vendor])
        row = cursor.fetchone()
    return row and row[0]


@pytest.mark.django_db(transaction=True)
def test_only_what_may_be_lost_does_not_wait_for_the_disk() -> None:
    waits, waits_not = WAITS[connection.vendor], WAITS_NOT[connection.vendor]
    with writing():
        assert _says() == waits
    with losable():
        assert _says() == waits_not
    assert _says() == waits
    with pytest.raises(ZeroDivisionError), losable():
        raise ZeroDivisionError
    assert _says() == waits
    with writing():
        with losable():
            assert _says() == waits, "the whole is waited for"
        assert _says() == waits
