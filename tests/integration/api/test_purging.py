"""Forgetting what was deleted long ago."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from synnefo.core.server_states import ServerState
from synnefo.db.models import Activity, Commission, Flavor, Image, Intent, Server, Volume
from synnefo.intents import purging
from tests.integration.api.client import Api
from tests.integration.api.world import START, World

OLD = "2026-11-05"


def deleted(world: World, name: str, days: int, **more: Any) -> Server:
    when = START + timedelta(days=days)
    return world.server(name, state=ServerState.DELETED, deleted_at=when, **more)


def commission(server: Server, instances: int, state: str = "ACCEPTED") -> None:
    Commission.objects.create(
        project=server.project,
        server=server,
        provisions={"instances": instances},
        state=state,
        issued_at=START,
    )


def purge(*words: str) -> str:
    out = StringIO()
    call_command("purge_deleted", *words, stdout=out)
    return out.getvalue().strip()


def test_old_servers_go_with_their_histories(api: Api, world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr(purging, "BATCH", 2)
    old = [deleted(world, f"old-{number}", 1) for number in range(5)]
    world.deed(old[0])
    commission(old[0], 1)
    commission(old[0], -1)
    Volume.objects.create(
        project=world.demo, server=old[1], size=1, disk_template="file", created_at=START
    )
    young, living = deleted(world, "young", 9), world.server("living")
    assert purge("--before", OLD, "--dry-run") == "5 servers would go"
    assert purge("--before", OLD) == "5 servers, 0 images, 0 flavors"
    assert set(Server.objects.all()) == {young, living}
    assert not Activity.objects.exists()
    assert not Commission.objects.exists()
    assert not Volume.objects.exists()
    assert purge("--before", OLD) == "0 servers, 0 images, 0 flavors"


@pytest.mark.parametrize("reason", ["wish", "held", "issued"])
def test_what_has_to_stay(api: Api, world: World, reason: str) -> None:
    server = deleted(world, "stays", 1)
    if reason == "wish":
        Intent.objects.create(
            project=world.demo, action="delete", server=server, request_id="r", created_at=START
        )
    elif reason == "held":
        commission(server, 1)
    else:
        commission(server, 1, "ISSUED")
        commission(server, -1, "ISSUED")
    assert purge("--before", OLD).startswith("0 servers")
    assert Server.objects.count() == 1


def test_what_was_kept_for_servers_only(api: Api, world: World) -> None:
    image = world.picture("gone", world.demo, status="deleted")
    size = world.size("77", "gone", 1, 1, 1, deleted_at=START)
    server = deleted(world, "old", 1)
    Server.objects.filter(pk=server.pk).update(image=image, flavor=size)
    keeper = world.server("keeper")
    Server.objects.filter(pk=keeper.pk).update(flavor=size)
    assert purge("--before", OLD) == "1 servers, 1 images, 0 flavors"
    assert not Image.ever.filter(pk=image.pk).exists()
    assert Flavor.ever.filter(pk=size.pk).exists()


@pytest.mark.parametrize("date", ["yesterday", "2036-01-01", "2026-13-01"])
def test_no_date(world: World, date: str) -> None:
    with pytest.raises(CommandError):
        purge("--before", date)
