"""Images in the compute service's old words."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.integration.api.client import Api
from tests.integration.api.world import World

IMAGES = "/compute/v2.1/images"


def ids(api: Api, query: str) -> list[str]:
    return sorted(one["name"] for one in api.get(f"{IMAGES}{query}")["images"])


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["mine", "tiny"]),
        ("?name=mine", ["mine"]),
        ("?status=active", ["mine", "tiny"]),
        ("?status=SAVING", []),
        ("?status=nothing", []),
        ("?type=snapshot", ["mine"]),
        ("?property-image_type=snapshot", ["mine"]),
        ("?server=abc", ["mine"]),
        ("?server=http://x/compute/servers/abc", ["mine"]),
        ("?server=other", []),
        ("?changes-since=2036-01-01T00:00:00Z", []),
        ("?minDisk=0&minRam=0", ["mine", "tiny"]),
    ],
)
def test_lists(api: Api, world: World, query: str, found: list[str]) -> None:
    world.picture("mine", world.demo, properties={"image_type": "snapshot", "instance_uuid": "abc"})
    world.picture("theirs", world.other)
    world.picture("hidden", world.demo, os_hidden=True)
    assert ids(api, query) == found
    assert ids(api, f"/detail{query}") == found


def test_one(api: Api, world: World) -> None:
    properties = {"instance_uuid": "abc", "auto_disk_config": "True"}
    image = world.picture("mine", world.demo, properties=properties)
    shown = api.get(f"{IMAGES}/{image.uuid}")["image"]
    assert (shown["status"], shown["progress"], shown["OS-DCF:diskConfig"]) == (
        "ACTIVE", 100, "AUTO",
    )  # fmt: skip
    assert shown["server"]["id"] == "abc"
    assert api("GET", f"{IMAGES}/{image.uuid}", as_="stranger").status == 404
    assert api("DELETE", f"{IMAGES}/{world.image.uuid}").status == 403
    assert api("GET", f"{IMAGES}/{image.uuid}", version="2.36").status == 404
    assert api("DELETE", f"{IMAGES}/{image.uuid}").status == 204
    assert api("GET", f"{IMAGES}/{image.uuid}").status == 404


def test_metadata(api: Api, world: World) -> None:
    path = f"{IMAGES}/{world.picture('mine', world.demo).uuid}/metadata"
    assert api("PUT", path, {"metadata": {"a": "1", "b": "2"}}).status == 200
    assert api("POST", path, {"metadata": {"b": "3"}}).body == {"metadata": {"a": "1", "b": "3"}}
    assert api.get(f"{path}/a") == {"meta": {"a": "1"}}
    assert api("PUT", f"{path}/a", {"meta": {"a": "4"}}).body == {"meta": {"a": "4"}}
    assert api("PUT", f"{path}/a", {"meta": {"b": "4"}}).status == 400
    assert api("DELETE", f"{path}/a").status == 204
    assert api("DELETE", f"{path}/a").status == 404
    assert api.get(path, version="2.38") == {"metadata": {"b": "3"}}
    assert api("GET", path, version="2.39").status == 404
    many: dict[str, Any] = {"metadata": {f"k{number}": "" for number in range(129)}}
    assert api("PUT", path, many).status == 400
    assert api.get(path) == {"metadata": {"b": "3"}}
    assert api("PUT", f"{IMAGES}/{world.image.uuid}/metadata", {"metadata": {}}).status == 403


def test_pages(api: Api, world: World) -> None:
    for number in range(4):
        world.picture(f"i{number}", world.demo)
    page = api.get(f"{IMAGES}/detail?limit=3")
    (link,) = page["images_links"]
    with CaptureQueriesContext(connection) as few:
        rest = api.get(link["href"].removeprefix("http://testserver"))
    assert len(rest["images"]) == 2
    assert api("GET", f"{IMAGES}?marker=x").status == 400
    with CaptureQueriesContext(connection) as many:
        api.get(f"{IMAGES}/detail")
    assert len(many) <= len(few)
