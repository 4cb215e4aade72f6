"""Which commits wait for the disk: all but those that say otherwise, and only while they do.

And in which order a project's books are locked, so that no two wait for each other.
"""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from synnefo.db.models import Domain, Project, QuotaUsage
from synnefo.db.transactions import losable, writing
from synnefo.intents import quota
from synnefo.observations import quota as settling

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


@pytest.mark.django_db(transaction=True)
def test_books_are_locked_in_the_order_in_which_they_were_opened() -> None:
    """Who waited for the first row, and did not see that others came, then holds the first one."""
    domain = Domain.objects.create(name="new")
    project = Project.objects.create(name="new", domain=domain)
    opened = ["ram", "instances", "cores"]
    for resource in opened:
        QuotaUsage.objects.create(project=project, resource=resource, used=0)
    with CaptureQueriesContext(connection) as asked, writing():
        assert [resource for resource, _ in quota.LOCKED.rows(project.pk)] == opened
        settling._count(project.pk, {"cores": 1, "ram": 1})
    looks = [one["sql"] for one in asked if "ORDER BY" in one["sql"]]
    locks = "FOR UPDATE" if connection.vendor == "postgresql" else ""
    assert len(looks) == 2
    assert all(one.endswith(f"ASC {locks}".strip()) for one in looks)
    assert QuotaUsage.objects.get(project=project, resource="cores").used == 1
