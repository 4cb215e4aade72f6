"""Queries that are compiled once answer as the same query that Django builds each time."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from synnefo.db.models import Flavor, Server
from synnefo.db.prepared import Prepared, PreparedMany, PreparedRows
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


def test_moments(servers: list[Server]) -> None:
    since = Prepared(
        lambda moment: Server.objects.filter(created_at__gte=moment).values_list("pk"), datetime
    )
    last = servers[-1]
    assert (last.pk,) in since.rows(last.created_at)
    assert since.rows(last.created_at + timedelta(microseconds=1)) == []


def test_rows_of_many_keys(servers: list[Server]) -> None:
    some = PreparedMany(Server, lambda keys: Server.objects.filter(pk__in=keys).order_by("pk"))
    keys = [server.pk for server in servers]
    assert some.all([]) == some.all([None]) == []
    assert some.all(keys[:1]) == servers[:1]
    assert some.all([*keys, None, *keys]) == servers
    strangers = range(keys[-1] + 1, keys[-1] + 1 + 2 * PreparedMany.PART)
    assert some.all([*strangers, *keys]) == servers


def test_without_values(servers: list[Server]) -> None:
    every = Prepared(lambda: Flavor.objects.order_by("pk").values_list("flavor_id"))
    assert every.rows() == list(Flavor.objects.order_by("pk").values_list("flavor_id"))


def test_a_value_that_the_query_does_not_use_is_a_mistake(servers: list[Server]) -> None:
    careless = Prepared(
        lambda name, other: Server.objects.filter(name=name).values_list("pk"), str, str
    )
    with pytest.raises(ValueError, match="does not use"):
        careless.rows("one", "two")
