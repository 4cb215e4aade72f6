"""Queries that are compiled once answer as the same query that Django builds each time."""

from uuid import UUID

import pytest

from synnefo.db.models import Flavor, Server
from synnefo.db.prepared import Prepared, PreparedRows
from tests.integration.spine.spine import Spine

pytestmark = pytest.mark.django_db


@pytest.fixture
def servers(spine: Spine) -> list[Server]:
    for name in ("one", "two", "three"):
        spine.create(name, networks="none")
    return list(Server.objects.order_by("pk"))


def test_each_value_goes_where_it_belongs(servers: list[Server]) -> None:
    found = Prepared(
        lambda name, uuid, key: (
            Server.objects.filter(name=name, uuid=uuid)
            .exclude(pk=key)
            .exclude(description=name)
            .values_list("pk", "uuid")
        ),
        str,
        UUID,
        int,
    )
    for server in servers:
        assert found.rows(server.name, server.uuid, 0) == [(server.pk, server.uuid)]
        assert found.rows(server.name, server.uuid, server.pk) == []
        assert found.rows("nobody", server.uuid, 0) == []


def test_whole_rows(servers: list[Server]) -> None:
    rows = PreparedRows(
        Server, lambda project_id: Server.objects.filter(project_id=project_id).order_by("pk"), str
    )
    assert rows.all(servers[0].project_id) == servers
    first = rows.first(servers[0].project_id)
    assert first is not None
    assert first.__dict__.keys() == servers[0].__dict__.keys()
    first.name = "another"
    first.save()  # It is known to be in the database.
    assert Server.objects.filter(name="another").count() == 1
    assert rows.first("nobody") is None


def test_without_values(servers: list[Server]) -> None:
    every = Prepared(lambda: Flavor.objects.order_by("pk").values_list("flavor_id"))
    assert every.rows() == list(Flavor.objects.order_by("pk").values_list("flavor_id"))


def test_a_value_that_the_query_does_not_use_is_a_mistake(servers: list[Server]) -> None:
    careless = Prepared(
        lambda name, other: Server.objects.filter(name=name).values_list("pk"), str, str
    )
    with pytest.raises(ValueError, match="does not use"):
        careless.rows("one", "two")
