"""Questions that many ask must not read whole tables, however few rows these have here."""

from __future__ import annotations

from synnefo.api.network.ports import PORTS
from synnefo.db.models import Port
from tests.integration.api.world import START, World


def test_ports_of_a_device_are_found_by_an_index(world: World) -> None:
    """However many ports there are: else each look at a server's cards reads those of all."""
    server = world.server()
    port = Port.objects.create(
        project=world.demo, network=world.network, server=server, created_at=START, updated_at=START
    )
    found = Port.objects.filter(PORTS.filters["device_id"]([str(server.uuid), "router-1"]))
    assert list(found) == [port]
    assert "SCAN" not in found.explain()  # SQLite's word for reading a table from end to end.
