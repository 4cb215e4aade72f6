"""How often each call that reads asks the database: pinned, and the same however much there is.

The numbers stand in query_counts.tsv, for the user and for the administrator; the first query is
the token's. A dash: what is asked for is not theirs, or is none of theirs to ask.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from synnefo.api.routing import Route, Who
from synnefo.intents.network import security_groups
from synnefo.urls import SERVICES
from tests.integration.api.client import Api
from tests.integration.api.everything import Copies, fill
from tests.integration.api.world import World

PINNED = Path(__file__).with_name("query_counts.tsv")
PEOPLE = ("user", "admin")
# The newest behaviour first; what went with a later version is asked for in its time.
VERSIONS = ("compute 2.104,volume 3.71", "compute 2.1")
EVERYBODYS = "?all_tenants=1"  # for administrators
# What says nothing unless it is asked for more.
QUERIES = {
    "os-simple-tenant-usage": "?detailed=1&start=2026-10-01T00:00:00",
    "os-simple-tenant-usage/{id}": "?start=2026-10-01T00:00:00",
}
BASES = {service.name: f"/{service.name}/{service.versions[0]}" for service in SERVICES}
READS = [
    (service.name, route)
    for service in SERVICES
    for route in service.routes
    if route.method == "GET"
    and route.who is not Who.ANYBODY
    and route.view.__name__ != "removed"
    and not route.path.endswith("/file")
]
# What only some have.
PLACES = {
    "flavors/{id}/os-flavor-access": "flavors/9/os-flavor-access",
    "os-hypervisors/{id}/search": "os-hypervisors/node1/search",
    "os-hypervisors/{id}/servers": "os-hypervisors/node1/servers",
}
Ids = dict[tuple[str, str], str]


class Walk:
    """Finds an address for every route, and counts what asking it costs."""

    def __init__(self, api: Api, ids: Ids) -> None:
        self._api, self._ids = api, ids
        self._listed: dict[str, str] = {}

    def path(self, service: str, route: Route) -> str:
        """With something that is there in the place of each field."""
        words: list[str] = []
        for word in PLACES.get(route.path, route.path).split("/"):
            words.append(self._something(service, words) if word.startswith("{") else word)
        query = QUERIES.get(route.path, EVERYBODYS if "all_tenants" in route.query else "")
        return f"{BASES[service]}/{'/'.join(words)}{query}"

    def _something(self, service: str, words: list[str]) -> str:
        known = self._ids.get((service, words[-1]))
        beside, alone = "/".join(words), words[-1]
        return known or self._first(service, beside) or self._first(service, alone) or "x"

    def _first(self, service: str, path: str) -> str:
        whole = f"{BASES[service]}/{path}"
        if whole not in self._listed:
            found = (self.asked(whole, person)[1] for person in PEOPLE)
            self._listed[whole] = next(filter(None, map(first_name, found)), "")
        return self._listed[whole]

    def asked(self, path: str, person: str) -> tuple[list[str], Any]:
        """The queries and the body; nothing where it was not answered."""
        if person == "user":
            path = path.removesuffix(EVERYBODYS)
        for version in VERSIONS:
            with CaptureQueriesContext(connection) as seen:
                answer = self._api("GET", path, as_=person, openstack_api_version=version)
            if answer.status in (200, 204):
                return [query["sql"] for query in seen], answer.body
        return [], None


def first_name(found: Any) -> str:
    """What the first thing in an answer is called in addresses."""
    lists = [one for one in found.values() if isinstance(one, list | dict)] if found else []
    inner = next(iter(lists), None)
    one = next(iter(inner), "") if inner else ""
    while isinstance(one, dict):
        named = next((one[word] for word in ("id", "uuid", "name", "namespace") if word in one), "")
        one = named or next(iter(one.values()), "")
    return str(one)


def label(service: str, route: Route) -> str:
    return f"{service}/{route.path}"


def pinned() -> dict[str, list[str]]:
    rows = (line.split("\t") for line in PINNED.read_text().splitlines())
    return {path: counts for path, *counts in rows}


def test_every_read_asks_as_often_for_much_as_for_little(api: Api, world: World) -> None:
    ids = fill(world)
    # Asking for groups makes a project's first one, once.
    security_groups.ensure_default(world.ops.id)
    walk = Walk(api, ids)
    paths = {label(*row): walk.path(*row) for row in READS}
    copies, counted, grown = Copies(), {}, {}
    copies.add()
    for name, path in paths.items():
        counted[name] = [len(walk.asked(path, person)[0]) for person in PEOPLE]
    copies.add()
    for name, path in paths.items():
        for person, before in zip(PEOPLE, counted[name], strict=True):
            queries = walk.asked(path, person)[0]
            if len(queries) != before:
                grown[f"{person}: {path}"] = (before, queries)
    assert grown == {}
    found = {name: [str(one or "-") for one in row] for name, row in counted.items()}
    known = pinned()
    changed = {name: row for name, row in found.items() if known.get(name) != row}
    assert changed == {}, "\n".join("\t".join((name, *row)) for name, row in changed.items())
    assert set(known) == set(found)
