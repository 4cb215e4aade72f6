"""Tags of servers: on the server, and as filters of the list."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from tests.integration.api.client import Api
from tests.integration.api.test_writes import SERVERS, wish
from tests.integration.api.world import World


def tagged(api: Api, world: World, *tags: str) -> str:
    server = world.server("-".join(tags) or "plain")
    answer = api("PUT", f"{SERVERS}/{server.uuid}/tags", {"tags": list(tags)}, version="2.26")
    assert answer.body == {"tags": sorted(tags)}
    return str(server.uuid)


def test_tags(api: Api, world: World) -> None:
    path = f"{SERVERS}/{tagged(api, world, 'a')}"
    added = api("PUT", f"{path}/tags/b", version="2.26")
    assert (added.status, added.headers["Location"].endswith("/tags/b")) == (201, True)
    assert api("PUT", f"{path}/tags/b", version="2.26").status == 204
    assert api.get(path, version="2.26")["server"]["tags"] == ["a", "b"]
    assert "tags" not in api.get(path, version="2.25")["server"]
    assert api("GET", f"{path}/tags/a", version="2.26").status == 204
    assert api("DELETE", f"{path}/tags/a", version="2.26").status == 204
    assert api("GET", f"{path}/tags/a", version="2.26").status == 404
    assert api("DELETE", f"{path}/tags/a", version="2.26").status == 404
    assert api("DELETE", f"{path}/tags", version="2.26").status == 204
    assert api.get(f"{path}/tags", version="2.26") == {"tags": []}
    assert api("GET", f"{path}/tags", version="2.25").status == 404
    assert api("GET", f"{path}/tags", as_="stranger", version="2.26").status == 404


def test_odd_letters_stay_what_they_are(api: Api, world: World) -> None:
    """However a tag comes in, it is one text."""
    odd = "é %2F:1"
    made = api("POST", SERVERS, wish(world, tags=[odd]), version="2.52").body["server"]["id"]
    path = f"{SERVERS}/{made}/tags"
    quoted = quote(odd, safe="")
    assert api("PUT", f"{path}/{quoted}", version="2.26").status == 204, "it has it already"
    assert api("PUT", path, {"tags": [odd]}, version="2.26").body == {"tags": [odd]}
    assert api.get(path, version="2.26") == {"tags": [odd]}
    found = api.get(f"{SERVERS}?tags={quoted}", version="2.26")["servers"]
    assert [one["id"] for one in found] == [made]
    assert api("DELETE", f"{path}/{quoted}", version="2.26").status == 204


def test_a_server_has_fifty_at_most(api: Api, world: World) -> None:
    path = f"{SERVERS}/{world.server().uuid}/tags"
    many = [str(number) for number in range(50)]
    assert api("PUT", path, {"tags": many}, version="2.26").status == 200
    assert api("PUT", f"{path}/one-more", version="2.26").status == 400
    for bad in ([*many, "x"], ["a,b"], ["a/b"], [""], ["x" * 61], [1], "a"):
        assert api("PUT", path, {"tags": bad}, version="2.26").status == 400
    assert len(api.get(path, version="2.26")["tags"]) == 50


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("tags=a", {"a", "a-b"}),
        ("tags=a,b", {"a-b"}),
        ("tags-any=a,b", {"a", "a-b", "b-c"}),
        ("not-tags=a,b", {"a", "b-c", "plain"}),
        ("not-tags-any=a,b", {"plain"}),
        ("tags=b&not-tags=a", {"b-c"}),
    ],
)
def test_filters(api: Api, world: World, query: str, expected: set[str]) -> None:
    for tags in ((), ("a",), ("a", "b"), ("b", "c")):
        tagged(api, world, *tags)
    found = api.get(f"{SERVERS}?{query}", version="2.26")["servers"]
    assert {one["name"] for one in found} == expected
    assert len(api.get(f"{SERVERS}?{query}", version="2.25")["servers"]) == 4


def test_at_creation(api: Api, world: World) -> None:
    body: dict[str, Any] = wish(world, tags=["a", "b", "a"])
    assert api("POST", SERVERS, body, version="2.51").status == 400
    made = api("POST", SERVERS, body, version="2.52").body["server"]["id"]
    assert api.get(f"{SERVERS}/{made}/tags", version="2.26") == {"tags": ["a", "b"]}
