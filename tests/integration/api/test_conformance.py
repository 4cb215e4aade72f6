"""Every route answers what the OpenAPI document has for it: no other status, no other shape."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from synnefo.db.models import Volume
from synnefo.urls import SERVICES
from tests.integration.api.client import Api
from tests.integration.api.conformance import why_not
from tests.integration.api.nouns import NOUNS
from tests.integration.api.test_authorisation import (
    ANY_ID,
    GUARDED,
    KINDS,
    address,
    label,
    valid_body,
)
from tests.integration.api.world import World

NEWEST = "compute 2.104, volume 3.71"
MOMENT = "gt:2026-01-01T00:00:00"


@pytest.mark.parametrize("service", [service.name for service in SERVICES])
def test_answers_are_told(api: Api, world: World, service: str) -> None:
    ids = {noun: make(world) for (owner, noun), make in NOUNS.items() if owner == service}
    wrong = set()
    for row in (row for row in GUARDED if row[0] == service):
        _, route = row
        body, kind = valid_body(row), KINDS.get(label(row), "application/json")
        # What changes something gets an id that is nobody's, for the walk needs what there is.
        reads = route.method == "GET"
        for which in {ids.get(route.path.split("/")[0], ANY_ID) if reads else ANY_ID, ANY_ID}:
            for person in ("user", "admin"):
                url = address(service, route, which)
                got = api(route.method, url, body, as_=person, kind=kind, version="2.104")
                wrong.add(why_not(route.method, url, got.status, got.body))
    assert sorted(filter(None, wrong)) == []


def test_creations_of_many_are_told(api: Api) -> None:
    for name in ("networks", "security_groups", "routers"):
        path = f"/network/v2.0/{name.replace('_', '-')}"
        made = api("POST", path, {name: [{}, {}]})
        assert (made.status, why_not("POST", path, made.status, made.body)) == (201, None)


def test_an_endpoint_with_a_long_address_is_told(api: Api) -> None:
    service = api("POST", "/identity/v3/services", {"service": {"type": "x"}}, as_="admin")
    wish = {"service_id": service.body["service"]["id"], "interface": "public"}
    body = {"endpoint": wish | {"url": "http://x/" + "x" * 1000}}
    made = api("POST", "/identity/v3/endpoints", body, as_="admin")
    assert (made.status, why_not("POST", "/identity/v3/endpoints", 201, made.body)) == (201, None)


def test_every_parameter_of_a_query_is_answered_as_told(api: Api) -> None:
    """Alone, with a value that most of them take, by who may see everything."""
    wrong = []
    for name, route in (row for row in GUARDED if row[1].method == "GET"):
        moments = ("created_at", "updated_at") if name == "volume" and route.query else ()
        for parameter in {*route.query, *moments}:
            value = MOMENT if parameter.endswith("_at") else "1"
            url = f"{address(name, route)}?{urlencode({parameter: value})}"
            got = api("GET", url, as_="admin", openstack_api_version=NEWEST)
            wrong.append((url, why_not("GET", url, got.status, got.body)))
    assert [(url, why) for url, why in wrong if why] == []


def test_actions_without_an_answer_are_told(api: Api, world: World) -> None:
    """Some actions answer with a body, others without one, and the same status."""
    server = str(world.server().uuid)
    volume = Volume.objects.get(uuid=NOUNS["volume", "volumes"](world))
    Volume.objects.update(image_metadata={"x": "y"})
    for path, word in (
        (f"/compute/v2.1/servers/{server}/action", "os-stop"),
        (f"/compute/v2.1/servers/{server}/action", "lock"),
        (f"/volume/v3/volumes/{volume.uuid}/action", "os-reserve"),
        (f"/volume/v3/volumes/{volume.uuid}/action", "os-unset_image_metadata"),
    ):
        wishes = {"os-reserve": {}, "os-unset_image_metadata": {"key": "x"}}
        done = api("POST", path, {word: wishes.get(word)})
        assert (done.status, done.raw) == (200 if "metadata" in word else 202, b"")
        assert why_not("POST", path, done.status, done.body) is None
